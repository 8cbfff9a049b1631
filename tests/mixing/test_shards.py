from __future__ import annotations

import random
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession

from curation import receipts
from curation.mixing.shards import ShardsConfig, assign, select, write_shards
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
    found = assign(selection, ShardsConfig(target_bytes=target)).collect()
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


def write_documents(folder: str, rows: list[dict[str, Any]]) -> dict[int, list[dict[str, Any]]]:
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


def test_shards_hold_their_documents_in_order_and_equal_bytes(
    spark: SparkSession, tmp_path: Any
) -> None:
    rows = documents(300)
    written = []
    for attempt in range(2):
        folder = str(tmp_path / str(attempt))
        random.Random(attempt).shuffle(rows)
        selection = select(
            keys_frame(spark, rows, 1 + attempt), spark.createDataFrame([], VERDICT.spark)
        )
        assigned = assign(selection, ShardsConfig(target_bytes=3000))
        shards = sorted({row["shard"] for row in assigned.collect()})
        write_shards(assigned, folder, write_documents(folder, rows), shards)
        files = sorted((tmp_path / str(attempt) / "shards").iterdir())
        written.append({file.name: file.read_bytes() for file in files})
    assert written[0] == written[1]
    assert len(written[0]) == len(shards) > 3
    expected = sorted(rows, key=lambda row: (row["order_key"], row["doc_id"]))
    tables = [pq.read_table(file) for file in files]
    assert [r["doc_id"] for t in tables for r in t.to_pylist()] == [r["doc_id"] for r in expected]
    assert [r["text"] for t in tables for r in t.to_pylist()] == [r["text"] for r in expected]
    done = receipts.read_all(folder, lambda work: work.startswith("shard-"))
    assert sum(r.counts["mix", "crawl", "kept"] for r in done) == 300


def test_a_document_that_is_missing_stops_the_run(spark: SparkSession, tmp_path: Any) -> None:
    rows = documents(20)
    folder = str(tmp_path)
    selection = select(keys_frame(spark, rows, 1), spark.createDataFrame([], VERDICT.spark))
    assigned = assign(selection, ShardsConfig())
    with pytest.raises(Exception, match="19 documents found of 20 in a shard"):
        write_shards(assigned, folder, write_documents(folder, rows[1:]), [0])
