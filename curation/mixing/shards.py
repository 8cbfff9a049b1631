"""Shards: the documents that are still in, globally shuffled, in files of equal size.

The order is `order_key` (a seeded hash of doc_id), ties by doc_id. A document's shard is the
length of all text before it in that order, divided by the width of a shard: a prefix sum, so it
depends on the set of documents alone, not on partitions, splits or arrival. Only narrow rows
move: each `documents/` file is sorted by the same order, so neighbouring shards read one
contiguous stretch of each, and a page's text goes from there into its shard.

A task writes as many neighbouring shards as make its stretches long enough to be worth a request;
what does not fit in memory waits, shard by shard, on the task's local disk.

Bytes are equal because rows are sorted here, chunks combined and files written by one writer with
fixed row groups. A document longer than a shard leaves a gap in the numbers.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass, replace
from functools import partial
from itertools import accumulate, pairwise
from tempfile import TemporaryDirectory, gettempdir
from typing import Annotated, Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import xxhash
from pydantic import Field
from pyspark import Broadcast
from pyspark.sql import DataFrame, SparkSession, Window
from pyspark.sql import functions as F

from curation.errors import UserError
from curation.left import drop_lines
from curation.mixing.pieces import Pieces
from curation.parts import Parts
from curation.receipts import KEPT, Counts, Receipt, commit, is_done
from curation.retries import take_retries
from curation.spark_tables import map_each
from curation.splits import split_of
from curation.tables import cuts_of, read_file, write_file
from schemas.document import DOCUMENT
from schemas.keys import KEYS
from schemas.shard import SHARD

STAGE = "mix"
_ROWS_PER_BUCKET = 50_000
_STRETCH_BYTES = 256 << 10  # about a row group of documents/
_MAX_TASK_BYTES = 16 << 30
_MAX_SHARDS_PER_TASK = 200  # each may have an open file
_READERS = 8
_FILES_AT_ONCE = 64
_ORDER = ("order_key", "doc_id")
_COLUMNS = (*_ORDER, "position", "input", "dropped_lines")
_SELECTED = (
    "order_key long, doc_id string, position long, input string, dropped_lines binary,"
    " text_bytes long"
)
_WRITTEN = pa.schema([("work", pa.string())])


@dataclass(frozen=True, kw_only=True)
class ShardsConfig:
    """How much text, in bytes of UTF-8, a shard holds: all hold about as much."""

    target_bytes: Annotated[int, Field(ge=1, le=1 << 30)] = 256 << 20


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

    @property
    def id(self) -> str:
        """32 bits, hex: equal for equal documents, and another when one is added or taken away."""
        known = (self.bits, self.width, self.starts, sorted(self.pages.items()))
        return xxhash.xxh32_hexdigest(repr(known).encode())


def select(spark: SparkSession, parts: Broadcast[Parts]) -> DataFrame:
    """The keys of the documents that are still in, and which lines these lost."""
    return map_each(spark, len(parts.value), partial(_select, parts=parts), _SELECTED)


def _select(part: int, *, parts: Broadcast[Parts]) -> Iterator[pa.RecordBatch]:
    names = [*_COLUMNS, "text_bytes"]
    for batch in parts.value.kept(part, KEYS, names):
        yield batch.select(names)


def lay_out(selection: DataFrame, documents: int, config: ShardsConfig) -> Layout:
    """The first step of the prefix sum: over coarse buckets of the order, on the driver.

    `documents` is about how many rows there are: it only says how coarse.
    """
    bits = max(1, (documents // _ROWS_PER_BUCKET).bit_length())
    sums: Counter[int] = Counter()
    pages: Counter[str] = Counter()
    grouped = selection.groupBy(_bucket(bits).alias("bucket"), "input")
    for row in grouped.agg(F.sum("text_bytes").alias("size"), F.count("*").alias("rows")).collect():
        sums[row["bucket"]] += row["size"]
        pages[row["input"]] += row["rows"]
    total = sums.total()
    width = max(1, -(-total // max(1, round(total / config.target_bytes))))
    before = accumulate((size for _, size in sorted(sums.items())), initial=0)
    starts = list(zip(sorted(sums), before, strict=False))
    return Layout(bits, width, total // width + 1, starts, pages)


def _bucket(bits: int) -> Any:
    return F.shiftright("order_key", 64 - bits)


def assign(selection: DataFrame, layout: Layout) -> DataFrame:
    """Appends `shard` to the selected rows: the second step, over the rows of each bucket."""
    offsets = selection.sparkSession.createDataFrame(layout.starts, "bucket long, start long")
    inside = (
        Window.partitionBy("bucket").orderBy(*_ORDER).rowsBetween(Window.unboundedPreceding, -1)
    )
    prefix = F.col("start") + F.coalesce(F.sum("text_bytes").over(inside), F.lit(0))
    return (
        selection.withColumn("bucket", _bucket(layout.bits))
        .join(F.broadcast(offsets), on="bucket", how="inner")
        .withColumn("prefix", prefix)
        .withColumn("shard", F.expr(f"cast(prefix div {layout.width} as int)"))
        .select(*_COLUMNS, "shard")
    )


def shards_per_task(width: int, files: int) -> int:
    """How many shards of `width` bytes a task writes that reads a stretch of each of `files`."""
    worth_while = -(-files * _STRETCH_BYTES // width)
    return max(1, min(worth_while, _MAX_TASK_BYTES // width, _MAX_SHARDS_PER_TASK))


def write_shards(assigned: DataFrame, layout: Layout, parts: Broadcast[Parts]) -> None:
    """Writes the shards that have no receipt yet, each with a receipt."""
    files = sum(len(parts.value.listed(part, DOCUMENT)) for part in range(len(parts.value)))
    together = shards_per_task(layout.width, files)
    write = partial(_write_together, parts=parts, layout=layout.id)
    (
        assigned.withColumn("task", F.expr(f"cast(shard div {together} as int)"))
        .repartitionById(-(-layout.shards // together), "task")
        .mapInArrow(write, "work string")
        .collect()
    )


def shard_name(shard: int, layout: str) -> str:
    """The name of a shard's file and of its receipt.

    It says the layout, so that no late attempt of another one is taken for it.
    """
    return f"shard-{shard:06d}-{layout}"


def is_of_layout(name: str, layout: str) -> bool:
    """Whether a receipt's name is that of a shard of `layout`."""
    return name.startswith("shard-") and name.endswith(f"-{layout}")


def _write_together(
    batches: Iterator[pa.RecordBatch], *, parts: Broadcast[Parts], layout: str
) -> Iterator[pa.RecordBatch]:
    """Writes the shards that the rows of a task belong to."""
    folder = parts.value.folder
    held = list(batches)
    if not held:
        return
    rows = pa.Table.from_batches(held).sort_by("position")
    numbers = rows.column("shard").to_numpy()
    expected = dict(zip(*(n.tolist() for n in np.unique(numbers, return_counts=True)), strict=True))
    names = {number: shard_name(number, layout) for number in expected}
    # Some may be done, by an attempt that Spark has given up on, or before a restart.
    todo = [number for number in expected if not is_done(folder, names[number])]
    rows = rows.filter(np.isin(numbers, todo))
    started = time.process_time()
    with _scratch() as scratch:
        pieces = Pieces(scratch)
        for shard, piece in _read_pieces(rows, parts.value) if todo else ():
            pieces.add(shard, piece)
        for shard in todo:
            texts = pieces.take(shard)
            if (found := texts.num_rows if texts else 0) != expected[shard]:
                raise RuntimeError(f"{found} documents found of {expected[shard]} in shard {shard}")
            receipt = _write(names[shard], texts, folder, layout)
            cpu_s, started = time.process_time() - started, time.process_time()
            commit(folder, replace(receipt, cpu_s=cpu_s, retries=take_retries()))
    yield pa.RecordBatch.from_pydict({"work": list(names.values())}, _WRITTEN)


@contextmanager
def _scratch() -> Iterator[str]:
    """A folder on the executor's local disk, which it removes even when a task was killed."""
    parent = os.environ.get("SPARK_LOCAL_DIRS", "").split(",")[0]
    try:
        with TemporaryDirectory(prefix="winnow-mix-", dir=parent or None) as folder:
            yield folder
    except OSError as error:
        where = parent or gettempdir()
        raise UserError(
            f"{where}: {error.strerror or error}: needed for parts of shards"
        ) from error


def _write(name: str, texts: pa.Table, folder: str, layout: str) -> Receipt:
    # Every attempt writes the same bytes under the same name, so any of them may win.
    ordered = texts.sort_by([(column, "ascending") for column in _ORDER])
    counts: Counts = Counter()
    for source, pages in Counter(ordered.column("input").to_pylist()).items():
        counts[STAGE, source, KEPT] = pages
    file = write_file(folder, name, SHARD, ordered.select(SHARD.arrow.names))
    return Receipt(name, layout, [file], counts)


def _read_pieces(rows: pa.Table, parts: Parts) -> Iterator[tuple[int, pa.Table]]:
    """The documents of `rows` (by position), each file read once, in pieces of one shard."""
    rows = rows.combine_chunks()
    orders = rows.column("order_key").to_numpy()
    splits, firsts = np.unique(split_of(rows.column("position").to_numpy()), return_index=True)
    ends = [*firsts[1:], rows.num_rows]
    files = [
        (file, rows.slice(first, end - first))
        for split, first, end in zip(splits.tolist(), firsts, ends, strict=True)
        for file in parts.of_split(split, DOCUMENT)
    ]
    low, high = orders.min(), orders.max()

    def read(item: tuple[Mapping[str, Any], pa.Table]) -> list[tuple[int, pa.Table]]:
        file, wanted = item
        stretch = _read_stretch(read_file(parts.folder, file), low, high)
        return [piece for group in stretch for piece in _cut(group, wanted)]

    with ThreadPoolExecutor(_READERS) as pool:
        for at in range(0, len(files), _FILES_AT_ONCE):
            for pieces in pool.map(read, files[at : at + _FILES_AT_ONCE]):
                yield from pieces


def _read_stretch(file: pq.ParquetFile, low: int, high: int) -> Iterator[pa.Table]:
    """The row groups that overlap `low..high`."""
    for group in range(file.num_row_groups):
        order = file.metadata.row_group(group).column(_ORDER_INDEX).statistics
        if order.min <= high and order.max >= low:
            yield file.read_row_group(group, columns=_READ)


def _cut(group: pa.Table, wanted: pa.Table) -> Iterator[tuple[int, pa.Table]]:
    """The rows at the `wanted` positions (sorted) as they are left, cut where the shard changes."""
    positions, there = (rows.column("position").to_numpy() for rows in (wanted, group))
    at = np.minimum(np.searchsorted(positions, there), len(positions) - 1)
    found = positions[at] == there
    rows, chosen = group.filter(found), wanted.take(at[found])
    dropped = chosen.column("dropped_lines").combine_chunks()
    texts = drop_lines(rows.column("text").combine_chunks(), dropped)
    rows = rows.set_column(rows.column_names.index("text"), "text", texts)
    shard = chosen.column("shard").to_numpy()
    for start, end in pairwise(cuts_of(shard)):
        if end > start:
            yield int(shard[start]), rows.slice(start, end - start)


_ORDER_INDEX = DOCUMENT.arrow.get_field_index("order_key")
_READ = sorted({*SHARD.arrow.names, *_COLUMNS} & {*DOCUMENT.arrow.names})
