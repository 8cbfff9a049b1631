"""Counting: the lines of documents in, those that occur too often out, at the parts that have them.

A line's key is 64 bits of its hash, its document's language and bucket. Each part counts its own
keys first, so a line that is everywhere is one row per part, however many documents have it. What
a task of the exchange holds are some of the keys of the run, with the number of the part that sent
them; only those over the limit go back, to these parts. No line, position or text moves. Lines of
earlier runs count too, and nothing goes back to these.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyspark import Broadcast
from pyspark.sql import DataFrame, SparkSession

from curation.arrow_text import Hashes, Ints
from curation.dedup.buckets import language_hashes, mixed
from curation.dedup.groups import first_of_each
from curation.dedup.lines.config import LinesConfig
from curation.exchange import PACKED, Sent, exchange, gather, scatter, spread
from curation.parts import Parts
from curation.spark_tables import map_each
from curation.tables import read_file
from schemas.keys import KEYS

KEY_COLUMNS = ("order_key", "language", "line_hashes")
"""The columns of `keys/` that keys of lines are made of."""
_HASH = np.dtype("<u8")
_BUCKET = np.uint64(0x9E3779B97F4A7C15)


CountFiles = Sequence[tuple[str, Mapping[str, Any]]]
"""Files of earlier counts (`schemas.line_count`), each with the folder that it is in."""
_BEFORE = -1
_BEFORE_ALL = np.iinfo(np.int64).min
"""The part of lines of earlier runs, and the order of the first document that has one."""


class Lines(NamedTuple):
    """Line i is of row `rows[i]`, the `numbers[i]`-th there from 0.

    `keys[i]` says which others it is the same as; what has the hash 0 is not compared.
    """

    rows: Ints
    numbers: Ints
    hashes: Hashes
    keys: Hashes


def find_frequent(counted: DataFrame, config: LinesConfig, *, tasks: int) -> DataFrame:
    """The keys that occur too often, of all that was counted, packed for their parts."""
    return exchange(counted, tasks).mapInArrow(partial(judge, config=config), PACKED)


def count_lines(
    spark: SparkSession, parts: Broadcast[Parts], config: LinesConfig, *, buckets: int, tasks: int
) -> DataFrame:
    """A row per key and part, packed for the tasks where equal keys meet."""
    count = partial(_count, parts=parts, config=config, buckets=buckets, tasks=tasks)
    return map_each(spark, len(parts.value), count, PACKED)


def earlier_counts(
    spark: SparkSession, files: CountFiles, config: LinesConfig, *, tasks: int
) -> DataFrame:
    """The same, of what was counted before."""
    shared = spark.sparkContext.broadcast(list(files))
    send = partial(_send_counts, files=shared, config=config, tasks=tasks)
    return map_each(spark, len(files), send, PACKED)


def lines_of(keys: pa.RecordBatch | pa.Table, buckets: int) -> Lines:
    """The lines of rows that have `KEY_COLUMNS`."""
    hashes, rows, numbers = unpack(keys.column("line_hashes"), _HASH)
    of_rows = _groups(keys, buckets)
    return Lines(rows, numbers, hashes, mixed((hashes ^ of_rows[rows]).view(np.int64)))


def unpack(column: pa.Array, kind: npt.DTypeLike) -> tuple[npt.NDArray[Any], Ints, Ints]:
    """The numbers of a column that has some in each row; the row of each, its place there."""
    packed = column.combine_chunks() if isinstance(column, pa.ChunkedArray) else column
    size = np.dtype(kind).itemsize
    if not len(packed):
        return np.empty(0, kind), np.empty(0, np.int64), np.empty(0, np.int64)
    _, offsets_buffer, data = packed.buffers()
    offsets = np.frombuffer(offsets_buffer, np.int32)[packed.offset :][: len(packed) + 1]
    values = np.frombuffer(data or b"", kind)[offsets[0] // size : offsets[-1] // size]
    firsts = (offsets.astype(np.int64) - offsets[0]) // size
    lengths = np.diff(firsts)
    rows = np.repeat(np.arange(len(lengths)), lengths)
    return values, rows, np.arange(len(values)) - firsts[rows]


def _groups(keys: pa.RecordBatch | pa.Table, buckets: int) -> Hashes:
    """Of each row a hash of its language and bucket."""
    names = keys.column("language")
    if isinstance(names, pa.ChunkedArray):
        names = names.combine_chunks()
    bucket = spread(mixed(keys.column("order_key").to_numpy()), buckets).astype(np.uint64)
    return mixed((language_hashes(names) + bucket * _BUCKET).view(np.int64))


def _count(
    part: int, *, parts: Broadcast[Parts], config: LinesConfig, buckets: int, tasks: int
) -> Iterator[pa.RecordBatch]:
    is_own = part < parts.value.own
    batches = [batch.select(KEY_COLUMNS) for batch in parts.value.kept(part, KEYS, KEY_COLUMNS)]
    if not batches:
        return
    # In the order of shards: so the first that has a line is the same, however parts are cut.
    keys = pa.Table.from_batches(batches).sort_by("order_key").combine_chunks()
    lines = lines_of(keys, buckets)
    lines = Lines(*(values[lines.hashes != 0] for values in lines))
    order = np.argsort(lines.keys, kind="stable")
    found, rows = lines.keys[order], lines.rows[order]
    firsts = np.flatnonzero(first_of_each(found))
    columns: dict[str, npt.NDArray[Any]] = {
        "key": found[firsts],
        "count": np.diff(firsts, append=len(found)).astype(np.uint32),
        "documents": _sums(first_of_each(found, rows), firsts).astype(np.uint32),
        "part": np.full(len(firsts), part if is_own else _BEFORE, np.int32),
    }
    if config.keep == "first":
        first = keys["order_key"].to_numpy()[rows[firsts]]
        columns["first"] = first if is_own else np.full_like(first, _BEFORE_ALL)
    yield from scatter([Sent(pa.table(columns), spread(columns["key"], tasks))])


def _send_counts(
    number: int,
    *,
    files: Broadcast[list[tuple[str, Mapping[str, Any]]]],
    config: LinesConfig,
    tasks: int,
) -> Iterator[pa.RecordBatch]:
    folder, file = files.value[number]
    rows = read_file(folder, file).read()
    most = np.iinfo(np.uint32).max
    columns: dict[str, npt.NDArray[Any]] = {
        "key": rows["key"].to_numpy(),
        "count": np.minimum(rows["count"].to_numpy(), most).astype(np.uint32),
        "documents": np.minimum(rows["documents"].to_numpy(), most).astype(np.uint32),
        "part": np.full(rows.num_rows, _BEFORE, np.int32),
    }
    if config.keep == "first":
        columns["first"] = np.full(rows.num_rows, _BEFORE_ALL)
    yield from scatter([Sent(pa.table(columns), spread(columns["key"], tasks))])


def judge(batches: Iterator[pa.RecordBatch], *, config: LinesConfig) -> Iterator[pa.RecordBatch]:
    """Adds up what met here; the keys over the limit, with their sums, to the parts that have them.

    A row whose part is below 0 counts, and gets no answer.
    """
    rows = gather(batches)
    if rows is None:
        return
    rows = rows.take(np.argsort(rows["key"].to_numpy()))
    begins = first_of_each(rows["key"].to_numpy())
    firsts, groups = np.flatnonzero(begins), np.cumsum(begins) - 1
    columns = {name: _sums(rows[name].to_numpy(), firsts) for name in ("count", "documents")}
    limited = columns["documents" if config.count == "documents" else "count"]
    if config.keep == "first":
        columns["first"] = np.minimum.reduceat(rows["first"].to_numpy(), firsts)
    over = (limited > config.max_count)[groups] & (rows["part"].to_numpy() >= 0)
    told = rows.select(["key", "part"]).filter(pa.array(over))
    for name, values in columns.items():
        told = told.append_column(name, pa.array(values[groups[over]]))
    yield from scatter([Sent(told, told["part"].to_numpy())])


def _sums(values: npt.NDArray[Any], firsts: Ints) -> Ints:
    """Of each group, which begins at one of `firsts`."""
    if not len(firsts):
        return np.zeros(0, np.int64)
    sums: Ints = np.add.reduceat(values.astype(np.int64), firsts)
    return sums
