"""Shards: the documents that are still in, globally shuffled, in files of equal size.

The order is `order_key` (a seeded hash of doc_id), ties by doc_id. A document's shard is the
length of all text before it in that order, divided by the width of a shard: a prefix sum, so it
depends on the set of documents alone, not on partitions, splits or arrival. Only narrow rows
move: each `documents/` file is sorted by the same order, so a shard reads one contiguous stretch
of each, and a page's text goes from there into its shard.

Bytes are equal because rows are sorted here, chunks combined and files written by one writer with
fixed row groups. A document longer than a shard leaves a gap in the numbers.
"""

from __future__ import annotations

import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import accumulate
from typing import Annotated, Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pydantic import Field
from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from curation.arrow_text import Ints
from curation.receipts import KEPT, Counts, Receipt, commit, is_done
from curation.splits import split_of
from curation.tables import read_file, write_file
from schemas.document import DOCUMENT
from schemas.shard import SHARD

STAGE = "mix"
_ROWS_PER_BUCKET = 50_000
Documents = Mapping[int, Sequence[Mapping[str, Any]]]
"""The manifest rows of each split's documents."""
_ORDER = ("order_key", "doc_id")
_COLUMNS = (*_ORDER, "position", "input")
_WRITTEN = pa.schema([("work", pa.string())])


@dataclass(frozen=True, kw_only=True)
class ShardsConfig:
    """How much text, in bytes of UTF-8, a shard holds: all hold about as much."""

    target_bytes: Annotated[int, Field(ge=1, le=1 << 30)] = 256 << 20


def select(keys: DataFrame, verdicts: DataFrame) -> DataFrame:
    """The keys of the documents that are still in; `position` is unique on both sides."""
    kept = keys.where(F.col("drop_reason").isNull()).select(*_COLUMNS, "text_bytes")
    return kept.join(verdicts.select("position"), on="position", how="left_anti")


def assign(selection: DataFrame, config: ShardsConfig) -> DataFrame:
    """Appends `shard` to the selected rows.

    The prefix sum runs in two steps: over coarse buckets of the order on the driver, then over
    the rows of each bucket, so that no task sees them all.
    """
    bits = max(1, (selection.count() // _ROWS_PER_BUCKET).bit_length())
    bucketed = selection.withColumn("bucket", F.shiftright("order_key", 64 - bits))
    sums = sorted(map(tuple, bucketed.groupBy("bucket").agg(F.sum("text_bytes")).collect()))
    total = sum(size for _, size in sums)
    shards = max(1, round(total / config.target_bytes))
    width = max(1, -(-total // shards))
    before = accumulate((size for _, size in sums), initial=0)
    starts = [(bucket, start) for (bucket, _), start in zip(sums, before, strict=False)]
    offsets = selection.sparkSession.createDataFrame(starts, "bucket long, start long")
    inside = (
        Window.partitionBy("bucket").orderBy(*_ORDER).rowsBetween(Window.unboundedPreceding, -1)
    )
    prefix = F.col("start") + F.coalesce(F.sum("text_bytes").over(inside), F.lit(0))
    return (
        bucketed.join(F.broadcast(offsets), on="bucket", how="inner")
        .withColumn("prefix", prefix)
        .withColumn("shard", F.expr(f"cast(prefix div {width} as int)"))
        .select(*_COLUMNS, "shard")
    )


def write_shards(
    assigned: DataFrame, folder: str, documents: Documents, shards: Sequence[int]
) -> None:
    """Writes `shards`, each with a receipt."""
    if not shards:
        return
    files = dict(documents)

    def write(rows: pa.Table) -> pa.Table:  # Spark reads these hints: a partial has none
        return _write_group(rows, folder=folder, documents=files)

    (
        assigned.where(F.col("shard").isin(list(shards)))
        .repartition(len(shards), "shard")
        .groupBy("shard")
        .applyInArrow(write, "work string")
        .collect()
    )


def shard_name(shard: int) -> str:
    """The name of a shard's file and of its receipt."""
    return f"shard-{shard:06d}"


def _write_group(rows: pa.Table, *, folder: str, documents: Documents) -> pa.Table:
    started = time.process_time()
    shard = rows.column("shard")[0].as_py()
    done = pa.table({"work": [shard_name(shard)]}, schema=_WRITTEN)
    if is_done(folder, shard_name(shard)):  # by an attempt that Spark has given up on
        return done
    texts = _read_rows(rows, folder, documents)
    counts: Counts = Counter()
    for source, pages in Counter(texts.column("input").to_pylist()).items():
        counts[STAGE, source, KEPT] = pages
    file = write_file(folder, shard_name(shard), SHARD, texts.select(SHARD.arrow.names))
    cpu_s = time.process_time() - started
    # Every attempt writes the same bytes under the same name, so any of them may win.
    commit(folder, Receipt(shard_name(shard), "any", [file], counts, cpu_s=cpu_s))
    return done


def _read_rows(rows: pa.Table, folder: str, documents: Documents) -> pa.Table:
    """The documents of a shard in its order; raises when one is not found."""
    orders = rows.column("order_key").to_numpy()
    positions = rows.column("position").to_numpy()
    low, high = orders.min(), orders.max()
    splits = split_of(positions)
    found = [
        piece
        for split in np.unique(splits)
        for file in documents[int(split)]
        for piece in _read_stretch(read_file(folder, file), low, high, positions[splits == split])
    ]
    texts = pa.concat_tables(found).sort_by([(name, "ascending") for name in _ORDER])
    if texts.num_rows != rows.num_rows:
        raise RuntimeError(f"{texts.num_rows} documents found of {rows.num_rows} in a shard")
    return texts


def _read_stretch(file: pq.ParquetFile, low: int, high: int, positions: Ints) -> Iterator[pa.Table]:
    """The rows at `positions`, from the row groups that overlap `low..high`."""
    wanted = pa.array(positions)
    for group in range(file.num_row_groups):
        order = file.metadata.row_group(group).column(_ORDER_INDEX).statistics
        if order.min <= high and order.max >= low:
            rows = file.read_row_group(group, columns=_READ)
            yield rows.filter(pc.is_in(rows.column("position"), wanted))


_ORDER_INDEX = DOCUMENT.arrow.get_field_index("order_key")
_READ = sorted({*SHARD.arrow.names, *_COLUMNS})
