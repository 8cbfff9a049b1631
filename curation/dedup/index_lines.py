"""Counts of lines in an index: made of a run's keys, or added up over indexes.

A file holds an equal range of all keys, and how many files there are depends on the documents of an
index alone. So counts that are added up in any order are the same files.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import pyarrow as pa
from pyspark import Broadcast
from pyspark.sql import DataFrame, SparkSession

from curation.dedup.index import Index
from curation.dedup.lines.config import LinesConfig
from curation.dedup.lines.count import count_lines
from curation.exchange import exchange, gather, spread
from curation.parts import Parts
from curation.spark_tables import map_each
from curation.tables import read_file, write_file
from schemas.line_count import LINE_COUNT
from schemas.manifest import MANIFEST

_DOCUMENTS_PER_FILE = 100_000
_HALF = 32
_Files = list[tuple[str, Mapping[str, Any]]]


def write_counts(
    spark: SparkSession, run: Parts, folder: str, *, buckets: int, documents: int
) -> list[dict[str, Any]]:
    """Counts the lines of a run, which lie in so many `buckets`; returns the manifest rows."""
    files = 1 + documents // _DOCUMENTS_PER_FILE
    shared = spark.sparkContext.broadcast(run.before_lines())
    counted = count_lines(spark, shared, LinesConfig(), buckets=buckets, tasks=files)
    write = partial(_write_gathered, folder=folder, files=files)
    return _collected(exchange(counted, files).mapInArrow(write, MANIFEST.spark))


def merge_counts(
    spark: SparkSession, indexes: Sequence[Index], folder: str, *, documents: int
) -> list[dict[str, Any]]:
    """Adds up the counts of `indexes`, which together have so many documents."""
    files = 1 + documents // _DOCUMENTS_PER_FILE
    shared = spark.sparkContext.broadcast([(of.folder, _by_number(of)) for of in indexes])
    merge = partial(_merge, indexes=shared, folder=folder, files=files)
    return _collected(map_each(spark, files, merge, MANIFEST.spark))


def _collected(written: DataFrame) -> list[dict[str, Any]]:
    return [row.asDict() for row in written.collect()]


def _by_number(index: Index) -> tuple[int, dict[int, Mapping[str, Any]]]:
    """Into how many ranges the keys of an index are cut, and the files of those that have some."""
    documents = sum(run["documents"] for run in index.runs)
    numbered = {int(file["path"].rsplit("/", 1)[1].split(".")[0]): file for file in index.counts()}
    return 1 + documents // _DOCUMENTS_PER_FILE, numbered


def _write_gathered(
    batches: Iterator[pa.RecordBatch], *, folder: str, files: int
) -> Iterator[pa.RecordBatch]:
    rows = gather(batches)
    if rows is not None:
        number = int(spread(rows["key"].to_numpy()[:1], files)[0])
        yield _write(rows, folder, number)


def _merge(
    number: int,
    *,
    indexes: Broadcast[list[tuple[str, tuple[int, dict[int, Mapping[str, Any]]]]]],
    folder: str,
    files: int,
) -> Iterator[pa.RecordBatch]:
    """The file of one range of keys: what lies in it, of the files that overlap it."""
    first, end = (-(-(edge << _HALF) // files) for edge in (number, number + 1))
    found = []
    for of, (ranges, numbered) in indexes.value:
        for overlapping in range(first * ranges >> _HALF, ((end - 1) * ranges >> _HALF) + 1):
            if overlapping in numbered:
                rows = read_file(of, numbered[overlapping]).read()
                inside = spread(rows["key"].to_numpy(), files) == number
                found.append(rows.filter(pa.array(inside)))
    if sum(rows.num_rows for rows in found):
        yield _write(pa.concat_tables(found), folder, number)


def _write(rows: pa.Table, folder: str, number: int) -> pa.RecordBatch:
    sums = rows.group_by("key").aggregate([("count", "sum"), ("documents", "sum")])
    sums = sums.sort_by("key").select(["key", "count_sum", "documents_sum"])
    counts = sums.rename_columns(LINE_COUNT.arrow.names).cast(LINE_COUNT.arrow)
    return MANIFEST.batch([write_file(folder, f"{number:06d}", LINE_COUNT, counts)])
