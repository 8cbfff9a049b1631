"""Narrow tables between Parquet files and Spark, and work handed out to tasks.

Spark reads files itself wherever its Hadoop can open them; elsewhere (S3 without the connector)
they come through our storage layer, in Python tasks. Files are always written through it, under
names no other attempt uses; only the rows that an action returns name the files that count.
"""

from __future__ import annotations

import io
import uuid
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from py4j.protocol import Py4JError
from pyspark import Broadcast
from pyspark.errors import PySparkException
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.pandas.types import from_arrow_schema
from pyspark.sql.types import StructType

from curation import receipts
from curation.storage import FileInfo, RangeReader, join
from curation.tables import cuts_of, read_file, read_schema, write_file
from schemas.arrow import Table
from schemas.manifest import MANIFEST
from schemas.receipt import RECEIPT

_TASK_BYTES = 64 << 20
_OPEN_BYTES = 4 << 20  # what opening a file costs, as bytes: Spark's own measure
_RECEIPTS_PER_TASK = 500


def listed(files: Iterable[Mapping[str, Any]]) -> pa.Table:
    """Manifest rows as a table."""
    return pa.Table.from_batches([MANIFEST.batch(map(dict, files))])


def read_table(spark: SparkSession, folder: str, table: Table, files: pa.Table) -> DataFrame:
    """The rows of `files` (manifest rows) as a DataFrame of `table`."""
    if not files.num_rows:
        return spark.createDataFrame([], table.spark)
    paths = [join(folder, path) for path in files.column("path").to_pylist()]
    if native := _native(spark, paths):
        return spark.read.schema(table.spark).parquet(*native)
    listed = spark.sparkContext.broadcast(files.select(["path", "bytes"]).to_pylist())
    cuts = _cuts(np.asarray(files.column("bytes")))
    read = partial(_read, folder=folder, table=table, files=listed, cuts=cuts)
    return map_each(spark, len(cuts) - 1, read, table.spark)


def read_foreign(
    spark: SparkSession, files: Sequence[FileInfo], pick: Callable[[list[str]], list[str]]
) -> DataFrame:
    """Columns of Parquet files that are not ours: those that `pick` chooses of their names.

    All have the columns of the first file, by name; one that a file lacks is null there. Types that
    Spark does not know become the nearest that it does.
    """
    schema = read_schema(files[0])
    names = pick(schema.names)
    if native := _native(spark, [file.uri for file in files]):
        try:
            return spark.read.parquet(*native).select([f"`{name}`" for name in names])
        except PySparkException:  # such as times in nanoseconds: read by us, they are rounded
            pass
    wanted = pa.schema([(name, _plain(schema.field(name).type)) for name in names])
    read = partial(_read_foreign, files=spark.sparkContext.broadcast(list(files)), schema=wanted)
    return map_each(spark, len(files), read, from_arrow_schema(wanted, prefer_timestamp_ntz=False))


def _plain(kind: pa.DataType) -> pa.DataType:
    if pa.types.is_dictionary(kind):
        kind = kind.value_type
    if pa.types.is_timestamp(kind):
        return pa.timestamp("us", "UTC")
    if pa.types.is_unsigned_integer(kind):
        return pa.int64()
    if pa.types.is_large_string(kind):
        return pa.string()
    return pa.binary() if pa.types.is_large_binary(kind) else kind


def _read_foreign(
    number: int, *, files: Broadcast[list[FileInfo]], schema: pa.Schema
) -> Iterator[pa.RecordBatch]:
    info = files.value[number]
    file = pq.ParquetFile(io.BufferedReader(RangeReader(info.uri, info.size)))
    names = [name for name in schema.names if name in file.schema_arrow.names]
    for batch in file.iter_batches(columns=names):
        columns = [
            batch.column(f.name).cast(f.type, safe=False)
            if f.name in names
            else pa.nulls(batch.num_rows, f.type)
            for f in schema
        ]
        yield pa.RecordBatch.from_arrays(columns, schema=schema)


def _native(spark: SparkSession, uris: Sequence[str]) -> list[str] | None:
    """The names by which Spark's Hadoop opens the files; None where it cannot see the first."""
    # Hadoop takes paths for patterns, so names with brackets come through us.
    if any(c in uri for uri in uris for c in "[]{}*?\\"):
        return None
    for scheme in ("s3://", "s3a://") if uris[0].startswith("s3://") else ("file://",):
        names = [scheme + uri.removeprefix("s3://") for uri in uris]
        if _hadoop_sees(spark, names[0]):
            return names
    return None


def _hadoop_sees(spark: SparkSession, uri: str) -> bool:
    hadoop: Any = spark.sparkContext._jvm.org.apache.hadoop.fs.Path(uri)  # type: ignore[union-attr]  # noqa: SLF001
    try:
        conf = spark.sparkContext._jsc.hadoopConfiguration()  # noqa: SLF001
        return bool(hadoop.getFileSystem(conf).exists(hadoop))
    except (Py4JError, PySparkException):  # no connector, or one that has no credentials
        return False


def _cuts(sizes: np.ndarray[Any, Any]) -> list[int]:
    """Where to cut a list of files, so that each task reads about as many bytes."""
    return cuts_of(np.cumsum(sizes + _OPEN_BYTES) // _TASK_BYTES)


def _read(
    number: int,
    *,
    folder: str,
    table: Table,
    files: Broadcast[list[dict[str, Any]]],
    cuts: Sequence[int],
) -> Iterator[pa.RecordBatch]:
    for file in files.value[cuts[number] : cuts[number + 1]]:
        yield from (table.conform(batch) for batch in read_file(folder, file).iter_batches())


def read_receipts(spark: SparkSession, folder: str, works: Sequence[str]) -> pa.Table:
    """The receipts for `works` as one table, in the order of their names, read by tasks."""
    cuts = [*range(0, len(works), _RECEIPTS_PER_TASK), len(works)]
    listed = spark.sparkContext.broadcast([works[a:b] for a, b in pairwise(cuts)])
    read = partial(_read_receipts, folder=folder, works=listed)
    found = map_each(spark, len(cuts) - 1, read, RECEIPT.spark).toArrow()
    return found.cast(RECEIPT.arrow).sort_by("work")


def _read_receipts(
    number: int, *, folder: str, works: Broadcast[list[Sequence[str]]]
) -> Iterator[pa.RecordBatch]:
    yield receipts.read_many(folder, works.value[number])


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
