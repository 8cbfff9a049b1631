"""Keys in; pages per host out, and how many of them are what. No page moves, only sums.

A task adds up a part of the run in Arrow, then Spark adds up the sums.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

import pyarrow as pa
import pyarrow.compute as pc
from pyspark import Broadcast
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from curation.arrow_text import Ints
from curation.hosts.config import HostPiiConfig, HostsConfig, HostUnsafeConfig
from curation.parts import Parts, is_in
from curation.spark_tables import map_each
from schemas.drop_reason import DropReason
from schemas.keys import KEYS, OF_HOSTS

COUNTS = (
    *("pages", "documents", "duplicates"),
    *("pii_looked_at", "pii_pages", "unsafe_looked_at", "unsafe_pages"),
)
_NAMES = ("host", "site", "drop_reason")
_READ = ("position", "curated", *_NAMES, *(column.name for column in OF_HOSTS))
_HEAVY = (DropReason.TOO_MUCH_PII,)
_UNSAFE = (DropReason.BLOCKED_URL, DropReason.TOO_TOXIC, DropReason.TOO_MANY_DIRTY_WORDS)
_EVERY = tuple(DropReason)
_AFTER_SAFETY = _EVERY[_EVERY.index(DropReason.TOO_TOXIC) :]


def count_pages(
    spark: SparkSession, parts: Broadcast[Parts], config: HostsConfig, *by: str
) -> DataFrame:
    """`COUNTS` by names of `_NAMES`, of crawled pages that have a host.

    `duplicates` are the documents that the verdicts of `parts` drop.
    """
    schema = ", ".join([*(f"{n} string" for n in by), *(f"{n} long" for n in COUNTS)])
    count = partial(_count, parts=parts, config=config, by=by)
    return summed(map_each(spark, len(parts.value), count, schema), *by)


def summed(counted: DataFrame, *by: str) -> DataFrame:
    """The sums of `COUNTS`."""
    return counted.groupBy(*by).agg(*(F.sum(name).alias(name) for name in COUNTS))


def _count(
    part: int, *, parts: Broadcast[Parts], config: HostsConfig, by: Sequence[str]
) -> Iterator[pa.RecordBatch]:
    gone = parts.value.gone(part)
    keys = parts.value.read(part, KEYS, _READ)
    batches = [count_keys(batch, gone, config, by) for batch in keys]
    if batches:
        yield from _sums(pa.concat_tables(batches), by).to_batches()


def count_keys(
    keys: pa.RecordBatch, gone: Ints, config: HostsConfig, by: Sequence[str]
) -> pa.Table:
    """The sums of one batch of `KEYS`; `gone` are the positions of duplicates, sorted."""
    has_host = keys.column("host").is_valid()
    keys = keys.filter(pc.and_not(has_host, keys.column("curated")))
    reasons = keys.column("drop_reason")
    documents = reasons.is_null()
    marks = {
        "pages": pa.array([True] * keys.num_rows, pa.bool_()),
        "documents": documents,
        "duplicates": pc.and_(documents, pa.array(is_in(keys.column("position").to_numpy(), gone))),
        "pii_looked_at": keys.column("n_pii").is_valid(),
        "pii_pages": pc.or_(_is_heavy(keys, config.pii), _is(reasons, _HEAVY)),
        "unsafe_looked_at": pc.or_(documents, _is(reasons, (*_UNSAFE, *_AFTER_SAFETY))),
        "unsafe_pages": pc.or_(_is_unsafe(keys, config.unsafe), _is(reasons, _UNSAFE)),
    }
    names = {name: keys.column(name) for name in by}
    numbers = {name: mark.cast(pa.int64()) for name, mark in marks.items()}
    return _sums(pa.table({**names, **numbers}), by)


def _sums(rows: pa.Table, by: Sequence[str]) -> pa.Table:
    added = rows.group_by(list(by)).aggregate([(name, "sum") for name in COUNTS])
    added = added.select([*by, *(f"{name}_sum" for name in COUNTS)])
    return added.rename_columns([*by, *COUNTS])


def _is(reasons: pa.StringArray, some: Sequence[DropReason]) -> pa.BooleanArray:
    return pc.is_in(reasons, pa.array(some, pa.string()))


def _is_heavy(keys: pa.RecordBatch, config: HostPiiConfig) -> pa.BooleanArray:
    many = pc.greater_equal(keys.column("n_pii"), config.min_count)
    ratio = pc.greater_equal(keys.column("pii_ratio"), pa.scalar(config.min_ratio, pa.float32()))
    return pc.and_(many, ratio).fill_null(False)


def _is_unsafe(keys: pa.RecordBatch, config: HostUnsafeConfig) -> pa.BooleanArray:
    dirty = _is_over(keys.column("dirty_words_ratio"), config.max_dirty_words_ratio)
    return pc.or_(dirty, _is_over(keys.column("toxicity"), config.max_toxicity))


def _is_over(measured: pa.FloatArray, limit: float | None) -> pa.BooleanArray:
    # A null limit compares as null.
    return pc.greater(measured, pa.scalar(limit, pa.float32())).fill_null(False)
