"""The layout: which documents are drawn, in which order, and into which shard each goes.

The order is `order_key` (a seeded hash of doc_id), ties by doc_id. A document's shard is the
length of all text before it in that order, divided by the width of a shard: a prefix sum, so it
depends on the set of documents alone, not on partitions, splits or arrival. After a take-down the
borders of before stay, so that no other shard changes.
"""

from __future__ import annotations

from collections import Counter
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
from curation.domains.config import DomainsConfig
from curation.domains.keys import OF_DOMAINS, domains_of
from curation.mixing.config import ShardsConfig
from curation.mixing.content import content_of
from curation.parts import Parts
from curation.receipts import Receipt
from curation.spark_tables import map_each
from curation.tables import read_file
from schemas.arrow import with_columns
from schemas.document import DOCUMENT
from schemas.keys import KEYS
from schemas.layout import LAYOUT

ORDER = ("order_key", "doc_id")
_ROWS_PER_BUCKET = 50_000
_CARRIED = ("position", "input", "encoder_quality", "dropped_lines", "text_bytes")
_READ = (*ORDER, *_CARRIED, "row_hash", *OF_DOMAINS)
_DRAWN = (*ORDER, *_CARRIED, "domain", "content")
_SELECTED = (
    "order_key long, doc_id string, position long, input string, encoder_quality float,"
    " dropped_lines binary, text_bytes long, domain string, content long"
)


@dataclass(frozen=True)
class Drawn:
    """The rows that are drawn, each with its `shard`; and what the writers must know of these.

    `width` is about the text of a shard in bytes, `shards` more than the largest number, `pages`
    how many there are of each input.
    """

    rows: DataFrame
    width: int
    shards: int
    pages: Counter[str]


def draw(
    spark: SparkSession,
    parts: Broadcast[Parts],
    config: ShardsConfig,
    domains: DomainsConfig,
    *,
    before: pa.Table | None = None,
) -> Drawn:
    """The documents that are still in. `before`: rows of `LAYOUT` whose borders stay."""
    select = partial(_select, parts=parts, domains=domains)
    selected = map_each(spark, len(parts.value), select, _SELECTED)
    if before is not None and before.num_rows:
        return _within(selected, before)
    layout = lay_out(selected, parts.value.rows(DOCUMENT), config)
    return Drawn(assign(selected, layout), layout.width, layout.shards, layout.pages)


def _select(
    part: int, *, parts: Broadcast[Parts], domains: DomainsConfig
) -> Iterator[pa.RecordBatch]:
    for batch in parts.value.kept(part, KEYS, _READ):
        made = {
            "domain": domains_of(batch, domains),
            "content": pa.array(content_of(batch).view(np.int64)),
        }
        yield with_columns(batch, made).select(_DRAWN)


@dataclass(frozen=True)
class Layout:
    """Where shards begin.

    `width` is the text of a shard in bytes, `starts` the text before each bucket (the first
    `bits` bits of the order), `pages` how many there are of each input.
    """

    bits: int
    width: int
    shards: int
    starts: Sequence[tuple[int, int]]
    pages: Counter[str]


def lay_out(selection: DataFrame, documents: int, config: ShardsConfig) -> Layout:
    """The first step of the prefix sum: over coarse buckets of the order, on the driver.

    About how many `documents` there are only says how coarse they are.
    """
    bits = max(1, (documents // _ROWS_PER_BUCKET).bit_length())
    sums: Counter[int] = Counter()
    pages: Counter[str] = Counter()
    grouped = selection.groupBy(_bucket(bits).alias("bucket"), "input")
    for row in grouped.agg(F.sum("text_bytes").alias("size"), F.count("*").alias("rows")).collect():
        sums[row["bucket"]] += row["size"]
        pages[row["input"]] += row["rows"]
    total = sums.total()
    width = max(1, -(-total // max(1, round(total / config.target_tokens))))
    before = accumulate((size for _, size in sorted(sums.items())), initial=0)
    starts = list(zip(sorted(sums), before, strict=False))
    return Layout(bits, width, total // width + 1, starts, pages)


def _bucket(bits: int) -> Any:
    return F.shiftright("order_key", 64 - bits)


def assign(selection: DataFrame, layout: Layout) -> DataFrame:
    """Appends `shard` to the selected rows: the second step, over the rows of each bucket."""
    offsets = selection.sparkSession.createDataFrame(layout.starts, "bucket long, start long")
    inside = Window.partitionBy("bucket").orderBy(*ORDER).rowsBetween(Window.unboundedPreceding, -1)
    prefix = F.col("start") + F.coalesce(F.sum("text_bytes").over(inside), F.lit(0))
    return (
        selection.withColumn("bucket", _bucket(layout.bits))
        .join(F.broadcast(offsets), on="bucket", how="inner")
        .withColumn("prefix", prefix)
        .withColumn("shard", F.expr(f"cast(prefix div {layout.width} as int)"))
        .select(*_DRAWN, "shard")
    )


def _within(selection: DataFrame, before: pa.Table) -> Drawn:
    """The rows of `selection` in the shards within whose borders they lie."""
    borders = selection.sparkSession.sparkContext.broadcast(before.select(["shard", *ORDER]))
    rows = selection.mapInArrow(partial(_find_shards, borders=borders), f"{_SELECTED}, shard int")
    counted = selection.groupBy("input").count().collect()
    width = max(1, pc.sum(before["text_bytes"]).as_py() // before.num_rows)
    pages = Counter({row["input"]: row["count"] for row in counted})
    return Drawn(rows, width, pc.max(before["shard"]).as_py() + 1, pages)


def _find_shards(
    batches: Iterator[pa.RecordBatch], *, borders: Broadcast[pa.Table]
) -> Iterator[pa.RecordBatch]:
    shards = borders.value["shard"].to_numpy()
    for batch in batches:
        found = shards[find_rows(borders.value, batch)]
        yield batch.append_column("shard", pa.array(found, pa.int32()))


def find_rows(layout: pa.Table, pages: pa.RecordBatch | pa.Table) -> npt.NDArray[np.int64]:
    """For each of `pages` the row of the layout, in order, within whose borders it lies.

    Both have the columns `ORDER`; pages before the first border belong to the first row.
    """
    found = np.searchsorted(_sortable(layout), _sortable(pages), side="right") - 1
    return np.maximum(found, 0)


def _sortable(rows: pa.RecordBatch | pa.Table) -> npt.NDArray[np.bytes_]:
    """The order as 24 bytes, which compare as (`order_key`, `doc_id`) do."""
    keys = np.empty((rows.num_rows, 3), ">u8")
    keys[:, 0] = rows.column("order_key").to_numpy().view(np.uint64) ^ np.uint64(1 << 63)
    ids = rows.column("doc_id")
    keys[:, 1:] = halves(ids.combine_chunks() if isinstance(ids, pa.ChunkedArray) else ids)
    return keys.view("S24").ravel()


def read_layout(folder: str, mixed: Receipt) -> pa.Table:
    """The rows of `LAYOUT` that the receipt of a mix names."""
    (file,) = (file for file in mixed.files if file["table"] == LAYOUT.name)
    return read_file(folder, file).read()


def carry_on(before: pa.Table, written: pa.Table, take_down: int) -> pa.Table:
    """`written` (of `LAYOUT`) with the borders of `before`, shards without a page too.

    A shard that has its old content has its old file, and `removal`; others that of `take_down`.
    """
    at = pc.index_in(before["shard"], value_set=written["shard"].combine_chunks())
    now = {name: written[name].take(at) for name in ("name", "pages", "text_bytes")}
    same = pc.equal(now["name"].fill_null(""), before["name"].fill_null(""))
    removal = pc.if_else(same, before["removal"], pa.scalar(take_down, pa.int32()))
    columns = {
        **{name: before[name] for name in ("shard", *ORDER)},
        "name": now["name"],
        "pages": now["pages"].fill_null(0),
        "text_bytes": now["text_bytes"].fill_null(0),
        "removal": removal,
    }
    return pa.table(columns).cast(LAYOUT.arrow)
