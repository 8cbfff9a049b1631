from __future__ import annotations

import random
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession

from curation import receipts
from curation.mixing import shards as mixing
from curation.mixing.shards import Layout, ShardsConfig, assign, lay_out, select, write_shards
from curation.spark_tables import read_receipts
from curation.tables import TableWriter
from schemas.document import DOCUMENT
from schemas.keys import KEYS
from schemas.verdict import VERDICT


def documents(number: int, seed: int = 1) -> list[dict[str, Any]]:
    """Rows of `documents`, with equal order keys among them."""
    dice = random.Random(seed)
    return [
        {
            "doc_id": f"{index:032x}",
            "position": (index % 5) << 32 | index,
            "order_key": dice.choice([dice.randrange(-(2**63), 2**63), 7]),
            "input": "crawl",
            "file": "f",
            "text": "x" * dice.randrange(1, 100),
        }
        for index in range(number)
    ]


def keys_frame(spark: SparkSession, rows: list[dict[str, Any]], partitions: int) -> Any:
    names = set(KEYS.arrow.names)
    keys = [
        {
            **{name: value for name, value in row.items() if name in names},
            "is_version": True,
            "curated": False,
            "row_hash": 0,
            "text_bytes": len(row["text"]),
        }
        for row in rows
    ]
    frame = spark.createDataFrame(pa.Table.from_batches([KEYS.batch(keys)]), KEYS.spark)
    return frame.repartition(partitions)


def naive(rows: list[dict[str, Any]], target: int) -> dict[str, int]:
    """Shards by a plain prefix sum over the order."""
    ordered = sorted(rows, key=lambda row: (row["order_key"], row["doc_id"]))
    total = sum(len(row["text"]) for row in rows)
    width = -(-total // max(1, round(total / target)))
    shards, before = {}, 0
    for row in ordered:
        shards[row["doc_id"]] = before // width
        before += len(row["text"])
    return shards


@pytest.mark.parametrize(("number", "target"), [(1, 1000), (300, 1000), (300, 1), (40, 10**9)])
@pytest.mark.parametrize("partitions", [1, 4])
def test_shards_are_a_prefix_sum_of_text(
    spark: SparkSession,
    monkeypatch: pytest.MonkeyPatch,
    number: int,
    target: int,
    partitions: int,
) -> None:
    monkeypatch.setattr("curation.mixing.shards._ROWS_PER_BUCKET", 10)
    rows = documents(number)
    verdicts = spark.createDataFrame([], VERDICT.spark)
    selection = select(keys_frame(spark, rows, partitions), verdicts)
    layout = lay_out(selection, number, ShardsConfig(target_bytes=target))
    assert layout.pages == {"crawl": number}
    found = assign(selection, layout).collect()
    assert {row["doc_id"]: row["shard"] for row in found} == naive(rows, target)


def test_documents_with_a_verdict_are_not_drawn(spark: SparkSession) -> None:
    rows = documents(10)
    gone = [
        {**{k: rows[i][k] for k in ("position", "doc_id", "input")}, "drop_reason": "older_version"}
        for i in (2, 5)
    ]
    batch = VERDICT.batch([{**row, "keeper": "x"} for row in gone])
    verdicts = spark.createDataFrame(pa.Table.from_batches([batch]), VERDICT.spark)
    left = {row["position"] for row in select(keys_frame(spark, rows, 2), verdicts).collect()}
    assert left == {row["position"] for row in rows} - {row["position"] for row in gone}


def write_documents(folder: str, rows: list[dict[str, Any]]) -> mixing.Documents:
    """The rows in files of their splits, two files each, written in any order."""
    files: dict[int, list[dict[str, Any]]] = {}
    for split in range(5):
        mine = [row for row in rows if row["position"] >> 32 == split]
        for part in range(2):
            writer = TableWriter(
                folder, f"{split}-{part}", DOCUMENT, sort_by=("order_key", "doc_id")
            )
            writer.add(DOCUMENT.batch(mine[part::2]))
            files.setdefault(split, []).extend(writer.close())
    return files


def write(spark: SparkSession, folder: str, rows: list[dict[str, Any]], there: Any) -> Layout:
    """Writes the shards of `rows`, of which only those in `there` are in documents/."""
    selection = select(keys_frame(spark, rows, 2), spark.createDataFrame([], VERDICT.spark))
    layout = lay_out(selection, len(rows), ShardsConfig(target_bytes=3000))
    files = spark.sparkContext.broadcast(write_documents(folder, there))
    write_shards(assign(selection, layout), layout, folder, files)
    return layout


def test_shards_hold_their_documents_in_order(spark: SparkSession, tmp_path: Path) -> None:
    rows = documents(300)
    layout = write(spark, str(tmp_path), rows, rows)
    files = sorted((tmp_path / "shards").iterdir())
    assert len(files) == layout.shards > 3
    expected = sorted(rows, key=lambda row: (row["order_key"], row["doc_id"]))
    tables = [pq.read_table(file) for file in files]
    assert [r["doc_id"] for t in tables for r in t.to_pylist()] == [r["doc_id"] for r in expected]
    assert [r["text"] for t in tables for r in t.to_pylist()] == [r["text"] for r in expected]
    names = sorted(receipts.done(str(tmp_path)))
    assert names == [mixing.shard_name(number, layout.id) for number in range(layout.shards)]
    counts = receipts.counts(read_receipts(spark, str(tmp_path), names))
    assert counts == {("mix", "crawl", "kept"): 300}


def test_bytes_are_equal_however_many_shards_a_task_writes(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    rows, written = documents(300), []
    for stretch_bytes in (1, 1000, 10**9):
        monkeypatch.setattr(mixing, "_STRETCH_BYTES", stretch_bytes)
        random.Random(stretch_bytes).shuffle(rows)
        folder = tmp_path / str(stretch_bytes)
        write(spark, str(folder), rows, rows)
        written.append({path.name: path.read_bytes() for path in (folder / "shards").iterdir()})
    assert written[0] == written[1] == written[2]


@pytest.mark.parametrize(
    ("width", "files", "together"),
    [(256 << 20, 10, 1), (256 << 20, 10_000, 10), (256 << 20, 90_000, 64), (1 << 30, 90_000, 16)],
)
def test_many_files_make_tasks_write_several_shards(width: int, files: int, together: int) -> None:
    assert mixing.shards_per_task(width, files) == together


def test_a_document_that_is_missing_stops_the_run(spark: SparkSession, tmp_path: Path) -> None:
    rows = documents(20)
    with pytest.raises(Exception, match="19 documents found of 20 in shard 0"):
        write(spark, str(tmp_path), rows, rows[1:])
