"""Shards: the documents that are drawn, globally shuffled, in files of equal size.

Only narrow rows move: each `documents/` file is sorted by the order of the layout, so neighbouring
shards read one contiguous stretch of each, and a page's text goes from there into its shard.

A task writes as many neighbouring shards as make its stretches long enough to be worth a request;
what does not fit in memory waits, shard by shard, on the task's local disk.

Bytes are equal because rows are sorted here, chunks combined and files written by one writer with
fixed row groups. A shard is named after its content, so one that is there already is not written.
A document longer than a shard leaves a gap in the numbers.
"""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Iterator, Mapping
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import replace
from functools import partial
from itertools import pairwise
from tempfile import TemporaryDirectory, gettempdir
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from pyspark import Broadcast
from pyspark.sql import functions as F

from curation.errors import UserError
from curation.left import drop_lines
from curation.mixing.content import combined
from curation.mixing.layout import ORDER, Drawn
from curation.mixing.pieces import Pieces
from curation.parts import Parts
from curation.receipts import KEPT, Counts, Receipt, commit, is_done
from curation.retries import take_retries
from curation.splits import split_of
from curation.tables import cuts_of, read_file, write_file
from schemas.document import DOCUMENT
from schemas.layout import LAYOUT
from schemas.shard import SHARD

STAGE = "mix"
_STRETCH_BYTES = 256 << 10  # about a row group of documents/
_MAX_TASK_BYTES = 16 << 30
_MAX_SHARDS_PER_TASK = 200  # each may have an open file
_READERS = 8
_FILES_AT_ONCE = 64
_COLUMNS = (*ORDER, "position", "input", "dropped_lines")


def shards_per_task(width: int, files: int) -> int:
    """How many shards of `width` bytes a task writes that reads a stretch of each of `files`."""
    worth_while = -(-files * _STRETCH_BYTES // width)
    return max(1, min(worth_while, _MAX_TASK_BYTES // width, _MAX_SHARDS_PER_TASK))


def write_shards(drawn: Drawn, parts: Broadcast[Parts]) -> pa.Table:
    """Writes the shards that have no receipt yet, each with a receipt.

    Returns a row of `LAYOUT` for each shard that has a page, in order.
    """
    files = sum(len(parts.value.listed(part, DOCUMENT)) for part in range(len(parts.value)))
    together = shards_per_task(drawn.width, files)
    written = (
        drawn.rows.withColumn("task", F.expr(f"cast(shard div {together} as int)"))
        .repartitionById(-(-drawn.shards // together), "task")
        .mapInArrow(partial(_write_together, parts=parts), LAYOUT.spark)
    )
    return written.toArrow().cast(LAYOUT.arrow).sort_by("shard")


def shard_name(shard: int, content: int) -> str:
    """The name of a shard's file and of its receipt.

    It says what is in it, so that no other content is taken for it.
    """
    return f"shard-{shard:06d}-{content:016x}"


def describe(rows: pa.Table) -> pa.RecordBatch:
    """A row of `LAYOUT` for each `shard` of rows that are drawn."""
    rows = rows.sort_by([(name, "ascending") for name in ("shard", *ORDER)]).combine_chunks()
    cuts = np.array(cuts_of(rows["shard"].to_numpy()))
    starts = cuts[:-1]
    firsts = rows.take(pa.array(starts))
    contents = combined(rows["content"].to_numpy().view(np.uint64), starts)
    numbers = firsts["shard"].to_pylist()
    names = [shard_name(*of) for of in zip(numbers, contents.tolist(), strict=True)]
    described = {
        **{name: firsts[name].combine_chunks() for name in ("shard", *ORDER)},
        "name": pa.array(names, pa.string()),
        "pages": pa.array(np.diff(cuts)),
        "text_bytes": pa.array(np.add.reduceat(rows["text_bytes"].to_numpy(), starts)),
        "removal": pa.array(np.zeros(len(starts), np.int32)),
    }
    return LAYOUT.conform(pa.RecordBatch.from_pydict(described))


def _write_together(
    batches: Iterator[pa.RecordBatch], *, parts: Broadcast[Parts]
) -> Iterator[pa.RecordBatch]:
    """Writes the shards that the rows of a task belong to."""
    folder = parts.value.folder
    held = list(batches)
    if not held:
        return
    rows = pa.Table.from_batches(held)
    layout = describe(rows)
    # Some may be done: by an attempt that Spark has given up on, or before a restart, or they have
    # the content that they had before a take-down.
    todo = [shard for shard in layout.to_pylist() if not is_done(folder, shard["name"])]
    of_todo = pc.is_in(rows["shard"], pa.array([shard["shard"] for shard in todo], pa.int32()))
    rows = rows.filter(of_todo).sort_by("position")
    started = time.process_time()
    with _scratch() as scratch:
        pieces = Pieces(scratch)
        for number, piece in _read_pieces(rows, parts.value) if todo else ():
            pieces.add(number, piece)
        for shard in todo:
            texts = pieces.take(shard["shard"])
            if (found := texts.num_rows if texts else 0) != shard["pages"]:
                raise RuntimeError(
                    f"{found} documents found of {shard['pages']} in shard {shard['shard']}"
                )
            receipt = _write(shard["name"], texts, folder)
            cpu_s, started = time.process_time() - started, time.process_time()
            commit(folder, replace(receipt, cpu_s=cpu_s, retries=take_retries()))
    yield layout


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


def _write(name: str, texts: pa.Table, folder: str) -> Receipt:
    # Every attempt writes the same bytes under the same name, so any of them may win.
    ordered = texts.sort_by([(column, "ascending") for column in ORDER])
    counts: Counts = Counter()
    for source, pages in Counter(ordered.column("input").to_pylist()).items():
        counts[STAGE, source, KEPT] = pages
    file = write_file(folder, name, SHARD, ordered.select(SHARD.arrow.names))
    return Receipt(name, name, [file], counts)


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
    for name, values in (("text", texts), ("domain", chosen.column("domain"))):
        rows = rows.set_column(rows.column_names.index(name), name, values)
    scores = chosen.column("encoder_quality")
    rows = rows.append_column("encoder_quality", scores)
    shard = chosen.column("shard").to_numpy()
    for start, end in pairwise(cuts_of(shard)):
        if end > start:
            yield int(shard[start]), rows.slice(start, end - start)


_ORDER_INDEX = DOCUMENT.arrow.get_field_index("order_key")
_READ = sorted({*SHARD.arrow.names, *_COLUMNS} & {*DOCUMENT.arrow.names})
