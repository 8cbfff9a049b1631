"""Keys in; pages per host out, and how many of them are what. No page moves, only sums.

A task adds up a part of the run in Arrow, and the sums meet by site.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyspark import Broadcast
from pyspark.sql import DataFrame, SparkSession

from curation.arrow_text import Ints
from curation.exchange import PACKED, Sent, exchange, scatter, spread
from curation.hosts.config import HostPiiConfig, HostsConfig, HostUnsafeConfig
from curation.ingest.urls import hash64
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
_PARTS_PER_TASK = 8
_EVERY = tuple(DropReason)
_AFTER_SAFETY = _EVERY[_EVERY.index(DropReason.TOO_TOXIC) :]


def count_pages(
    spark: SparkSession, parts: Broadcast[Parts], config: HostsConfig, *by: str
) -> DataFrame:
    """`COUNTS` by names of `_NAMES`, of crawled pages that have a host, packed: whole sites meet.

    `duplicates` are the documents that the verdicts of `parts` drop.
    """
    tasks = 1 + len(parts.value) // _PARTS_PER_TASK
    count = partial(_send, parts=parts, config=config, by=(*by, "site"), tasks=tasks)
    return exchange(map_each(spark, len(parts.value), count, PACKED), tasks)


def _send(
    part: int, *, parts: Broadcast[Parts], config: HostsConfig, by: Sequence[str], tasks: int
) -> Iterator[pa.RecordBatch]:
    gone = parts.value.gone(part)
    by = list(dict.fromkeys(by))
    keys = parts.value.read(part, KEYS, _READ)
    if batches := [count_keys(batch, gone, config, by) for batch in keys]:
        counted = sums(pa.concat_tables(batches), by)
        hashes = [hash64(site or "") for site in counted["site"].to_pylist()]
        yield from scatter([Sent(counted, spread(np.array(hashes).view(np.uint64), tasks))])


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
    return sums(pa.table({**names, **numbers}), by)


def sums(rows: pa.Table, by: Sequence[str]) -> pa.Table:
    """The sums of `COUNTS`."""
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
