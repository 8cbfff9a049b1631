from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from pyspark import Broadcast
from pyspark.sql import SparkSession

from curation import receipts
from curation.domains.config import DomainsConfig
from curation.mixing import shards as mixing
from curation.mixing.config import ShardsConfig
from curation.mixing.layout import Drawn, lay_out
from curation.mixing.selection import Selection
from curation.mixing.shards import write_shards
from curation.parts import Parts
from curation.spark_tables import read_receipts
from curation.tables import write_file
from schemas.verdict import VERDICT
from tests.mixing.made import documents, parts_of

EVERY = Selection(None, DomainsConfig(), by_domain=False)


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


def laid_out(spark: SparkSession, parts: Broadcast[Parts], target: int) -> Drawn:
    return lay_out(spark, parts, ShardsConfig(target_tokens=target), EVERY)


@pytest.mark.parametrize(("number", "target"), [(1, 1000), (300, 1000), (300, 1), (40, 10**9)])
@pytest.mark.parametrize("splits_of_part", [1, 5])
def test_shards_are_a_prefix_sum_of_tokens(
    spark: SparkSession,
    monkeypatch: pytest.MonkeyPatch,
    tmp_path: Path,
    *,
    number: int,
    target: int,
    splits_of_part: int,
) -> None:
    monkeypatch.setattr("curation.mixing.layout._ROWS_PER_BUCKET", 10)
    rows = documents(number)
    parts = parts_of(spark, tmp_path, rows, splits_of_part=splits_of_part)
    found = laid_out(spark, parts, target).rows.collect()
    assert {row["doc_id"]: row["shard"] for row in found} == naive(rows, target)


def test_domains_may_lie_apart(spark: SparkSession, tmp_path: Path) -> None:
    rows = documents(300)
    for at, row in enumerate(rows):
        row["domain"] = ("code", "math", "general")[at % 7 % 3]
    parts = parts_of(spark, tmp_path, rows)
    apart = Selection(None, DomainsConfig(), by_domain=True)
    drawn = lay_out(spark, parts, ShardsConfig(target_tokens=3000), apart)
    expected: dict[str, int] = {}
    first = 0
    for domain in ("code", "general", "math"):
        of_domain = naive([row for row in rows if row["domain"] == domain], 3000)
        expected |= {doc_id: first + shard for doc_id, shard in of_domain.items()}
        total = sum(len(row["text"]) for row in rows if row["domain"] == domain)
        first += total // -(-total // max(1, round(total / 3000))) + 1
    assert {row["doc_id"]: row["shard"] for row in drawn.rows.collect()} == expected
    layout = write_shards(drawn, parts, str(tmp_path))
    for row in layout.to_pylist():
        table = pq.read_table(tmp_path / "shards" / row["folder"] / f"{row['name']}.parquet")
        assert set(table["domain"].to_pylist()) == {row["folder"]}
        assert {expected[doc_id] for doc_id in table["doc_id"].to_pylist()} == {row["shard"]}


def test_documents_with_a_verdict_are_not_drawn(spark: SparkSession, tmp_path: Path) -> None:
    rows = documents(10)
    names = ("position", "doc_id", "input")
    gone = [{name: rows[i][name] for name in names} for i in (2, 5)]
    batch = VERDICT.batch([{**row, "drop_reason": "older_version"} for row in gone])
    file = write_file(str(tmp_path), "000000-000004-x", VERDICT, pa.Table.from_batches([batch]))
    parts = parts_of(spark, tmp_path, rows, splits_of_part=2)
    judged = spark.sparkContext.broadcast(replace(parts.value, verdicts=[file]))
    left = {row["position"] for row in laid_out(spark, judged, 10**6).rows.collect()}
    assert left == {row["position"] for row in rows} - {row["position"] for row in gone}


def write(
    spark: SparkSession, folder: Path, rows: list[dict[str, Any]], there: list[dict[str, Any]]
) -> pa.Table:
    """Writes the shards of `rows`, of which only those in `there` are in documents/."""
    drawn = laid_out(spark, parts_of(spark, folder / "all", rows), 3000)
    return write_shards(drawn, parts_of(spark, folder, there), str(folder))


def test_shards_hold_their_documents_in_order(spark: SparkSession, tmp_path: Path) -> None:
    rows = documents(300)
    layout = write(spark, tmp_path, rows, rows)
    files = sorted((tmp_path / "shards").iterdir())
    assert [file.stem for file in files] == layout["name"].to_pylist()
    assert len(files) > 3
    expected = sorted(rows, key=lambda row: (row["order_key"], row["doc_id"]))
    tables = [pq.read_table(file) for file in files]
    assert [r["doc_id"] for t in tables for r in t.to_pylist()] == [r["doc_id"] for r in expected]
    assert [r["text"] for t in tables for r in t.to_pylist()] == [r["text"] for r in expected]
    names = sorted(receipts.done(str(tmp_path)))
    assert names == layout["name"].to_pylist()
    firsts = [table["doc_id"][0].as_py() for table in tables]
    assert (layout["doc_id"].to_pylist(), layout["shard"].to_pylist()) == (
        firsts,
        [*range(len(files))],
    )
    assert layout["rows"].to_pylist() == [table.num_rows for table in tables]
    sizes = [sum(len(text.as_py()) for text in table["text"]) for table in tables]
    assert layout["text_bytes"].to_pylist() == sizes
    assert layout["tokens"].to_pylist() == [pc.sum(table["tokens"]).as_py() for table in tables]
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
        write(spark, folder, rows, rows)
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
        write(spark, tmp_path, rows, rows[1:])
