"""Narrow tables between Parquet files and Spark, and work handed out to tasks.

Spark reads local files itself; from an object store they come through our storage layer, in
Python tasks, so that no Hadoop connector is needed. Files are always written through it, under
names no other attempt uses; only the rows that an action returns name the files that count.
"""

from __future__ import annotations

import uuid
from collections.abc import Callable, Iterator, Mapping, Sequence
from functools import partial
from typing import Any

import pyarrow as pa
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.types import StructType

from curation.storage import join
from curation.tables import read_file, write_file
from schemas.arrow import Table
from schemas.manifest import MANIFEST


def read_table(
    spark: SparkSession, folder: str, table: Table, files: Sequence[Mapping[str, Any]]
) -> DataFrame:
    """The rows of `files` (manifest rows) as a DataFrame of `table`."""
    if not files:
        return spark.createDataFrame([], table.spark)
    # Spark takes paths for patterns, so a folder with brackets in its name comes through us too.
    if folder.startswith("/") and not any(c in folder for c in "[]{}*?\\"):
        paths = [f"file://{join(folder, file['path'])}" for file in files]
        return spark.read.schema(table.spark).parquet(*paths)
    read = partial(_read, folder=folder, table=table, files=list(files))
    return map_each(spark, len(files), read, table.spark)


def _read(
    number: int, *, folder: str, table: Table, files: Sequence[Mapping[str, Any]]
) -> Iterator[pa.RecordBatch]:
    yield from (table.conform(b) for b in read_file(folder, files[number]).iter_batches())


def write_table(frame: DataFrame, folder: str, table: Table) -> list[dict[str, Any]]:
    """Writes one file per partition that has rows; returns their manifest rows."""
    write = partial(_write, folder=folder, table=table)
    return [row.asDict() for row in frame.mapInArrow(write, MANIFEST.spark).collect()]


def _write(
    batches: Iterator[pa.RecordBatch], *, folder: str, table: Table
) -> Iterator[pa.RecordBatch]:
    held = [table.conform(batch.cast(table.arrow)) for batch in batches if batch.num_rows]
    if held:
        rows = pa.Table.from_batches(held)
        yield MANIFEST.batch([write_file(folder, uuid.uuid4().hex, table, rows)])


def map_each(
    spark: SparkSession,
    tasks: int,
    function: Callable[[int], Iterator[pa.RecordBatch]],
    schema: StructType | str,
) -> DataFrame:
    """`function(i)` for each i below `tasks`, one Spark task each; their batches as a DataFrame."""
    numbers = spark.range(0, tasks, 1, numPartitions=max(1, tasks))
    return numbers.mapInArrow(partial(_call_each, function=function), schema)


def _call_each(
    batches: Iterator[pa.RecordBatch], *, function: Callable[[int], Iterator[pa.RecordBatch]]
) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        for number in batch.column(0).to_pylist():
            yield from function(number)
