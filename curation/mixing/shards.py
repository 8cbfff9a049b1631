"""Shards: the documents that are drawn, globally shuffled, in files of equal size.

Only narrow rows move: each `documents/` file is sorted by the order of the layout, so neighbouring
shards read one contiguous stretch of each (one more for each repeat), and a page's text goes from
there into its shard.

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

from curation.arrow_text import Ints
from curation.errors import UserError
from curation.left import drop_lines
from curation.mixing.chances import order_keys_of
from curation.mixing.content import combined
from curation.mixing.layout import Drawn
from curation.mixing.pieces import Pieces
from curation.mixing.selection import PLACE
from curation.parts import Parts
from curation.receipts import KEPT, REPEATS, Counts, Receipt, commit, is_done
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
_ORDER = ("order_key", "doc_id")
_OF_ENTRY = ("order_key", "domain", "tokens", "epoch", "encoder_quality")


def shards_per_task(width: int, files: int) -> int:
    """How many shards of `width` bytes a task writes that reads a stretch of each of `files`."""
    worth_while = -(-files * _STRETCH_BYTES // width)
    return max(1, min(worth_while, _MAX_TASK_BYTES // width, _MAX_SHARDS_PER_TASK))


def write_shards(drawn: Drawn, parts: Broadcast[Parts], folder: str) -> pa.Table:
    """Writes the shards that have no receipt yet into `folder`, each with a receipt.

    Returns a row of `LAYOUT` for each shard that has a page, in order.
    """
    files = sum(len(parts.value.listed(part, DOCUMENT)) for part in range(len(parts.value)))
    together = shards_per_task(drawn.width, files)
    written = (
        drawn.rows.withColumn("task", F.expr(f"cast(shard div {together} as int)"))
        .repartitionById(-(-drawn.shards // together), "task")
        .mapInArrow(partial(_write_together, parts=parts, folder=folder), LAYOUT.spark)
    )
    return written.toArrow().cast(LAYOUT.arrow).sort_by("shard")


def shard_name(shard: int, content: int) -> str:
    """The name of a shard's file and of its receipt.

    It says what is in it, so that no other content is taken for it.
    """
    return f"shard-{shard:06d}-{content:016x}"


def path_of(shard: Mapping[str, Any]) -> str:
    """Of the file of a row of `LAYOUT`, below `shards/`, without the ending."""
    return "/".join(filter(None, (shard["folder"], shard["name"])))


def describe(rows: pa.Table) -> pa.RecordBatch:
    """A row of `LAYOUT` for each `shard` of rows that are drawn."""
    rows = rows.sort_by([(name, "ascending") for name in ("shard", *_ORDER)]).combine_chunks()
    cuts = np.array(cuts_of(rows["shard"].to_numpy()))
    starts = cuts[:-1]
    firsts = rows.take(pa.array(starts))
    contents = combined(rows["content"].to_numpy().view(np.uint64), starts)
    numbers = firsts["shard"].to_pylist()
    names = [shard_name(*of) for of in zip(numbers, contents.tolist(), strict=True)]
    described = {
        **{name: firsts[name].combine_chunks() for name in ("shard", *PLACE)},
        "name": pa.array(names, pa.string()),
        "rows": pa.array(np.diff(cuts)),
        **{name: _added_up(rows[name], starts) for name in ("tokens", "text_bytes")},
        "removal": pa.array(np.zeros(len(starts), np.int32)),
    }
    return LAYOUT.conform(pa.RecordBatch.from_pydict(described))


def _added_up(values: pa.ChunkedArray, starts: Ints) -> pa.Int64Array:
    return pa.array(np.add.reduceat(values.to_numpy().astype(np.int64), starts))


def _write_together(
    batches: Iterator[pa.RecordBatch], *, parts: Broadcast[Parts], folder: str
) -> Iterator[pa.RecordBatch]:
    """Writes the shards that the rows of a task belong to."""
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
            if (found := texts.num_rows if texts else 0) != shard["rows"]:
                raise RuntimeError(
                    f"{found} documents found of {shard['rows']} in shard {shard['shard']}"
                )
            receipt = _write(shard, texts, folder)
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


def _write(shard: Mapping[str, Any], texts: pa.Table, folder: str) -> Receipt:
    # Every attempt writes the same bytes under the same name, so any of them may win.
    ordered = texts.sort_by([(column, "ascending") for column in _ORDER])
    file = write_file(folder, path_of(shard), SHARD, ordered.select(SHARD.arrow.names))
    firsts = ordered.filter(pc.equal(ordered["epoch"], 0))
    counts: Counts = Counter()
    for source, rows in Counter(ordered["crawl"].to_pylist()).items():
        pages = pc.sum(pc.equal(firsts["crawl"], source)).as_py() or 0
        counts[STAGE, source, KEPT] = pages
        counts[STAGE, source, REPEATS] = rows - pages
    return Receipt(shard["name"], shard["name"], [file], +counts)


def _read_pieces(rows: pa.Table, parts: Parts) -> Iterator[tuple[int, pa.Table]]:
    """The documents of `rows` (by position), each file read once, in pieces of one shard."""
    splits, firsts = np.unique(split_of(rows["position"].to_numpy()), return_index=True)
    ends = [*firsts[1:], rows.num_rows]
    files = [
        (file, rows.slice(first, end - first))
        for split, first, end in zip(splits.tolist(), firsts, ends, strict=True)
        for file in parts.of_split(split, DOCUMENT)
    ]

    def read(item: tuple[Mapping[str, Any], pa.Table]) -> list[tuple[int, pa.Table]]:
        file, wanted = item
        return [*_read_wanted(read_file(parts.folder, file), wanted)]

    with ThreadPoolExecutor(_READERS) as pool:
        for at in range(0, len(files), _FILES_AT_ONCE):
            for pieces in pool.map(read, files[at : at + _FILES_AT_ONCE]):
                yield from pieces


def _read_wanted(file: pq.ParquetFile, wanted: pa.Table) -> Iterator[tuple[int, pa.Table]]:
    """The `wanted` rows that this file has, from the row groups that may have some."""
    epochs = wanted["epoch"].to_numpy()
    keys = order_keys_of(wanted["order_key"].to_numpy(), epochs)
    order = np.argsort(keys, kind="stable")
    wanted, keys = wanted.take(pa.array(order)).combine_chunks(), keys[order]
    for group in range(file.num_row_groups):
        there = file.metadata.row_group(group).column(_ORDER_INDEX).statistics
        first = np.searchsorted(keys, there.min, side="left")
        end = np.searchsorted(keys, there.max, side="right")
        if end > first:
            rows = file.read_row_group(group, columns=_READ).combine_chunks()
            yield from _cut(rows, wanted.slice(first, end - first))


def _cut(group: pa.Table, wanted: pa.Table) -> Iterator[tuple[int, pa.Table]]:
    """The `wanted` rows of a group, as they are left, cut where the shard changes."""
    at = pc.index_in(wanted["position"], value_set=group["position"].chunk(0))
    chosen = wanted.filter(at.is_valid()).combine_chunks()
    rows = group.take(at.drop_null()).combine_chunks()
    if not rows.num_rows:
        return
    order = pc.sort_indices(chosen["shard"])
    rows, chosen = rows.take(order).combine_chunks(), chosen.take(order).combine_chunks()
    texts = drop_lines(rows["text"].chunk(0), chosen["dropped_lines"].chunk(0))
    made = {"text": texts, "crawl": chosen["input"]} | {n: chosen[n] for n in _OF_ENTRY}
    rows = pa.table({name: rows[name] for name in rows.column_names} | made)
    shard = chosen["shard"].to_numpy()
    for start, end in pairwise(cuts_of(shard)):
        yield int(shard[start]), rows.slice(start, end - start)


_ORDER_INDEX = DOCUMENT.arrow.get_field_index("order_key")
_READ = sorted({*SHARD.arrow.names, *_ORDER, "position"} & {*DOCUMENT.arrow.names})
