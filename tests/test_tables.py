from __future__ import annotations

import hashlib
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession

from curation.spark_tables import read_table, write_table
from curation.tables import TableWriter, read_file, write_file
from schemas.arrow import Column, SchemaError, Table
from schemas.manifest import MANIFEST
from tests.threads import left_by

SMALL = Table("small", (Column("a", pa.int64(), "", False), Column("b", pa.string(), "")))


def rows(*values: int) -> pa.Table:
    return pa.table({"a": pa.array(values, pa.int64()), "b": [str(v) for v in values]})


def test_a_file_is_described_as_it_is(tmp_path: Path) -> None:
    file = write_file(str(tmp_path), "x", SMALL, rows(3, 1))
    data = (tmp_path / "small/x.parquet").read_bytes()
    assert file == {
        "table": "small",
        "path": "small/x.parquet",
        "rows": 2,
        "bytes": len(data),
        "sha256": hashlib.sha256(data).hexdigest(),
    }
    assert read_file(str(tmp_path), file).read().column("a").to_pylist() == [3, 1]


def test_what_is_read_here_is_read_by_no_thread_of_arrows(tmp_path: Path) -> None:
    described = write_file(str(tmp_path), "x", SMALL, rows(3, 1))
    imports = "from curation.tables import read_file, read_here"
    opened = f"read_file({str(tmp_path)!r}, {described!r}, here=True)"
    assert left_by(imports, f"assert read_here({opened})['b'].to_pylist() == ['3', '1']") == 0
    assert left_by(imports, f"assert read_here({opened}, ['b'], group=0).num_columns == 1") == 0
    assert left_by(imports, f"{opened}.read()") > 0


def test_bytes_depend_on_rows_and_not_on_chunks(tmp_path: Path) -> None:
    whole = rows(*range(3000))
    chunked = pa.concat_tables([whole.slice(0, 7), whole.slice(7, 1500), whole.slice(1507)])
    first = write_file(str(tmp_path), "x", SMALL, whole)
    assert write_file(str(tmp_path), "y", SMALL, chunked)["sha256"] == first["sha256"]


def test_a_writer_sorts_and_starts_a_new_file_when_much_is_held(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("curation.tables._HELD_BYTES", 30)
    writer = TableWriter(str(tmp_path), "x", SMALL, sort_by=["a"])
    for values in ([3, 1], [2], [9, 8, 7], []):
        writer.add(rows(*values).combine_chunks().to_batches()[0] if values else SMALL.batch([]))
    files = writer.close()
    found = [pq.read_table(tmp_path / f["path"]).column("a").to_pylist() for f in files]
    assert len(files) > 1
    assert sorted(value for values in found for value in values) == [1, 2, 3, 7, 8, 9]
    assert all(values == sorted(values) for values in found)
    assert sum(f["rows"] for f in files) == 6


def test_a_writer_without_rows_writes_nothing(tmp_path: Path) -> None:
    assert TableWriter(str(tmp_path), "x", SMALL).close() == []
    assert list(tmp_path.iterdir()) == []


def test_rows_of_another_table_are_refused(tmp_path: Path) -> None:
    with pytest.raises(SchemaError):
        TableWriter(str(tmp_path), "x", SMALL).add(pa.RecordBatch.from_pydict({"a": ["x"]}))


def test_spark_writes_and_reads_tables(spark: SparkSession, tmp_path: Path) -> None:
    frame = spark.createDataFrame([(n, str(n)) for n in range(50)], SMALL.spark).repartition(3)
    files = write_table(frame, str(tmp_path), SMALL)
    assert sum(file["rows"] for file in files) == 50
    listed = pa.Table.from_pylist(files, MANIFEST.arrow)
    back = read_table(spark, str(tmp_path), SMALL, listed)
    assert sorted(row["a"] for row in back.collect()) == list(range(50))
    assert read_table(spark, str(tmp_path), SMALL, listed.slice(0, 0)).count() == 0


@pytest.mark.parametrize("task_bytes", [1, 10**9])
def test_where_hadoop_cannot_open_them_files_come_through_the_storage_layer(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, task_bytes: int
) -> None:
    monkeypatch.setattr("curation.spark_tables._TASK_BYTES", task_bytes)
    folder = str(tmp_path / "a [1] {b}")  # which Hadoop takes for a pattern
    files = [write_file(folder, f"{n}", SMALL, rows(n, n + 10)) for n in range(5)]
    back = read_table(spark, folder, SMALL, pa.Table.from_pylist(files, MANIFEST.arrow))
    assert sorted(row["a"] for row in back.collect()) == [*range(5), *range(10, 15)]
    assert back.rdd.getNumPartitions() == (5 if task_bytes == 1 else 1)
