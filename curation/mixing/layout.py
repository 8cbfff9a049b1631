"""The layout: in which order the drawn entries lie, and into which shard each goes.

An entry is a page, once for each time that it is drawn. The order is that of places
(`chances.places_of`: a seeded hash of doc_id, turned on for each repeat), ties by doc_id. An
entry's shard is the number of tokens before it in that order, divided by the width of a shard: a
prefix sum, so it depends on the set of entries alone, not on partitions, splits or arrival. Where
domains lie apart, each has an order of its own. After a take-down the borders of before stay, so
that no other shard changes.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import accumulate
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pyspark import Broadcast
from pyspark.sql import DataFrame, SparkSession, Window
from pyspark.sql import functions as F

from curation.dedup.doc_ids import halves
from curation.mixing.chances import kept
from curation.mixing.config import DOMAINS, ShardsConfig
from curation.mixing.selection import ENTRIES, ENTRY, PLACE, READ, Selection
from curation.parts import Parts
from curation.spark_tables import map_each
from schemas.document import DOCUMENT
from schemas.layout import LAYOUT

_SIZES = ("rows", "tokens", "text_bytes")
_ROWS_PER_BUCKET = 50_000


@dataclass(frozen=True)
class Drawn:
    """The entries that are drawn, each with its `shard`; and what the writers must know of these.

    `width` is about the text of a shard in bytes, `shards` more than the largest number.
    """

    rows: DataFrame
    width: int
    shards: int


def lay_out(
    spark: SparkSession,
    parts: Broadcast[Parts],
    config: ShardsConfig,
    selection: Selection,
    *,
    before: pa.Table | None = None,
) -> Drawn:
    """The entries of the `selection`. `before`: rows of `LAYOUT` whose borders stay."""
    select = partial(_select, parts=parts, selection=selection)
    selected = map_each(spark, len(parts.value), select, ENTRIES)
    if before is not None and before.num_rows:
        return _within(selected, before)
    layout = find_starts(selected, parts.value.rows(DOCUMENT), config)
    return Drawn(assign(selected, layout), layout.width, layout.shards)


def _select(
    part: int, *, parts: Broadcast[Parts], selection: Selection
) -> Iterator[pa.RecordBatch]:
    for batch in kept(parts.value, part, READ):
        yield selection.entries(batch)


@dataclass(frozen=True)
class Layout:
    """Where shards begin.

    `starts` has, for each folder and bucket (the first `bits` bits of the order), the number of the
    folder's first shard, the tokens of its shards, and the tokens before the bucket. `width` is the
    text of a shard in bytes.
    """

    bits: int
    width: int
    shards: int
    starts: Sequence[tuple[str, int, int, int, int]]


def find_starts(selection: DataFrame, documents: int, config: ShardsConfig) -> Layout:
    """The first step of the prefix sum: over coarse buckets of the order, on the driver.

    About how many `documents` there are only says how coarse they are.
    """
    bits = max(1, (documents // _ROWS_PER_BUCKET).bit_length())
    sums: defaultdict[str, dict[int, int]] = defaultdict(dict)
    text_bytes = first = 0
    grouped = selection.groupBy("folder", _bucket(bits).alias("bucket"))
    totals = [F.sum(name).alias(name) for name in ("tokens", "text_bytes")]
    for row in grouped.agg(*totals).collect():
        sums[row["folder"]][row["bucket"]] = row["tokens"]
        text_bytes += row["text_bytes"]
    starts = []
    for folder in sorted(sums):
        of_folder = sorted(sums[folder].items())
        total = sum(tokens for _, tokens in of_folder)
        width = max(1, -(-total // max(1, round(total / config.target_tokens))))
        before = accumulate((tokens for _, tokens in of_folder), initial=0)
        for (bucket, _), tokens in zip(of_folder, before, strict=False):
            starts.append((folder, bucket, first, width, tokens))
        first += total // width + 1
    shards = max(1, first)
    return Layout(bits, max(1, text_bytes // shards), shards, starts)


def _bucket(bits: int) -> Any:
    return F.shiftright("order_key", 64 - bits)


def assign(selection: DataFrame, layout: Layout) -> DataFrame:
    """Appends `shard` to the selected rows: the second step, over the rows of each bucket."""
    columns = "folder string, bucket long, first long, width long, start long"
    offsets = selection.sparkSession.createDataFrame(layout.starts, columns)
    whole = Window.partitionBy("folder", "bucket").orderBy("order_key", "doc_id")
    inside = whole.rowsBetween(Window.unboundedPreceding, -1)
    prefix = F.col("start") + F.coalesce(F.sum("tokens").over(inside), F.lit(0))
    return (
        selection.withColumn("bucket", _bucket(layout.bits))
        .join(F.broadcast(offsets), on=["folder", "bucket"], how="inner")
        .withColumn("prefix", prefix)
        .withColumn("shard", F.expr("cast(first + prefix div width as int)"))
        .select(*ENTRY, "shard")
    )


def _within(selection: DataFrame, before: pa.Table) -> Drawn:
    """The rows of `selection` in the shards within whose borders they lie."""
    borders = selection.sparkSession.sparkContext.broadcast(before.select(["shard", *PLACE]))
    rows = selection.mapInArrow(partial(_find_shards, borders=borders), f"{ENTRIES}, shard int")
    width = max(1, pc.sum(before["text_bytes"]).as_py() // before.num_rows)
    return Drawn(rows, width, pc.max(before["shard"]).as_py() + 1 + len(DOMAINS))


def _find_shards(
    batches: Iterator[pa.RecordBatch], *, borders: Broadcast[pa.Table]
) -> Iterator[pa.RecordBatch]:
    shards = borders.value["shard"].to_numpy()
    known = pc.unique(borders.value["folder"])
    for batch in batches:
        found = shards[find_rows(borders.value, batch)]
        # A domain that had no page gets a shard of its own, behind all others.
        new = pc.invert(pc.is_in(batch.column("folder"), known)).to_numpy(zero_copy_only=False)
        of_domain = pc.index_in(batch.column("folder"), pa.array(DOMAINS)).fill_null(0).to_numpy()
        found = np.where(new, shards[-1] + 1 + of_domain, found)
        yield batch.append_column("shard", pa.array(found, pa.int32()))


def find_rows(layout: pa.Table, entries: pa.RecordBatch | pa.Table) -> npt.NDArray[np.int64]:
    """For each of the entries the row of the layout, within whose borders it lies.

    Both have the columns `PLACE`; entries before the first border of their folder belong to its
    first row. Those of a folder that has none get any row.
    """
    folders = sorted({*layout["folder"].to_pylist(), *_distinct(entries)})
    borders = _sortable(layout, folders)
    order = np.argsort(borders)  # a domain that had no page at first has its shards last
    found = np.searchsorted(borders, _sortable(entries, folders), side="right", sorter=order) - 1
    starts = np.searchsorted(_ranks(layout, folders), _ranks(entries, folders), sorter=order)
    return order[np.minimum(np.maximum(found, starts), layout.num_rows - 1)]


def _distinct(rows: pa.RecordBatch | pa.Table) -> list[str]:
    found: list[str] = pc.unique(rows.column("folder")).to_pylist()
    return found


def _ranks(rows: pa.RecordBatch | pa.Table, folders: list[str]) -> npt.NDArray[np.int64]:
    found = pc.index_in(rows.column("folder"), value_set=pa.array(folders, pa.string()))
    return np.asarray(found.to_numpy(), np.int64)


def _sortable(rows: pa.RecordBatch | pa.Table, folders: list[str]) -> npt.NDArray[np.bytes_]:
    """The place as 32 bytes, which compare as `PLACE` does."""
    keys = np.empty((rows.num_rows, 4), ">u8")
    keys[:, 0] = _ranks(rows, folders)
    keys[:, 1] = rows.column("order_key").to_numpy().view(np.uint64) ^ np.uint64(1 << 63)
    ids = rows.column("doc_id")
    keys[:, 2:] = halves(ids.combine_chunks() if isinstance(ids, pa.ChunkedArray) else ids)
    return keys.view("S32").ravel()


def carry_on(before: pa.Table, written: pa.Table, take_down: int) -> pa.Table:
    """`written` (of `LAYOUT`) with the borders of `before`, shards without a page too.

    A shard that has its old content has its old file, and `removal`; others that of `take_down`.
    """
    at = pc.index_in(before["shard"], value_set=written["shard"].combine_chunks())
    now = {name: written[name].take(at) for name in ("name", *_SIZES)}
    same = pc.equal(now["name"].fill_null(""), before["name"].fill_null(""))
    removal = pc.if_else(same, before["removal"], pa.scalar(take_down, pa.int32()))
    columns = {
        **{name: before[name] for name in ("shard", *PLACE)},
        "name": now["name"],
        **{name: now[name].fill_null(0) for name in _SIZES},
        "removal": removal,
    }
    new = written.filter(pc.invert(pc.is_in(written["shard"], before["shard"].combine_chunks())))
    numbers = pa.array([take_down] * new.num_rows, pa.int32())
    new = new.set_column(new.column_names.index("removal"), "removal", numbers)
    return pa.concat_tables([pa.table(columns).cast(LAYOUT.arrow), new.cast(LAYOUT.arrow)])
