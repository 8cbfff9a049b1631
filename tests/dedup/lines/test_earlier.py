"""Lines of earlier runs count with ours, from their keys or from an index, and stay."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import pytest
from pyspark.sql import SparkSession

from curation.dedup import index_lines
from curation.dedup.earlier import Finished
from curation.dedup.index_files import build_index, merge_indexes
from curation.dedup.lines.config import LinesConfig
from curation.dedup.lines.stage import deduplicate_lines
from curation.left import drop_lines
from curation.parts import Parts
from curation.tables import write_file
from schemas.verdict import VERDICT
from tests.dedup.keys import make_parts
from tests.dedup.lines.naive import left
from tests.dedup.lines.test_stage import BUCKETS, bucket_of, keys_of, pages

CONFIG = LinesConfig(buckets=BUCKETS, min_words=None, audit_lines=0)


def run_of(folder: Path, name: str, rows: list[dict[str, Any]]) -> Parts:
    """A run of one split; its first page was left too short, its second is gone for good."""
    moved = [{**row, "position": row["position"] & 0xFFFFFFFF} for row in rows]
    parts = replace(make_parts(folder, [keys_of(moved)]), run=name)
    verdicts = [
        {"position": row["position"], "doc_id": row["doc_id"], "input": "x", "drop_reason": why}
        for row, why in zip(moved, ("left_too_short", "near_duplicate"), strict=False)
    ]
    table = pa.Table.from_batches([VERDICT.batch(verdicts)])
    return replace(parts, verdicts=[write_file(str(folder), f"{parts.name(0)}-x", VERDICT, table)])


@pytest.mark.parametrize("keep", ["none", "first"])
def test_lines_of_earlier_runs_count_and_new_pages_lose_them(
    spark: SparkSession, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, keep: Any
) -> None:
    monkeypatch.setattr(index_lines, "_DOCUMENTS_PER_FILE", 7)
    rows = pages(60)
    of_splits = [[row for row in rows if row["position"] >> 32 == s] for s in range(4)]
    old = [run_of(tmp_path / name, name, of_splits[n]) for n, name in enumerate("ab")]
    new = [
        [{**row, "position": n << 32 | row["position"] & 0xFFFFFFFF} for row in some]
        for n, some in enumerate(of_splits[2:])
    ]
    config, own = replace(CONFIG, keep=keep), make_parts(tmp_path / "new", map(keys_of, new))
    indexes = [
        build_index(spark, Finished(run, None, BUCKETS, 15, 15), str(tmp_path / f"index-{run.run}"))
        for run in old
    ]
    index = merge_indexes(spark, indexes, str(tmp_path / "index"))
    turned = merge_indexes(spark, indexes[::-1], str(tmp_path / "turned"))
    assert index.files == turned.files
    assert len(index.counts()) > 3
    joined = own.joined([run.before_lines() for run in old])
    counts = [(index.folder, file) for file in index.counts()]
    by_runs, by_index = (
        texts_left(spark, parts, config, new, before)
        for parts, before in ((joined, ()), (own, counts))
    )
    counted = [*of_splits[0][:1], *of_splits[0][2:], *of_splits[1][:1], *of_splits[1][2:]]
    assert by_runs == by_index
    alone = texts_left(spark, own, config, new, ())
    assert by_runs != alone
    if keep == "none":
        every = [*counted, *(row for some in new for row in some)]
        names = ("language", "text", "line_kinds")
        expected = left(
            zip(bucket_of(every).tolist(), *([r[n] for r in every] for n in names), strict=True)
        )
        assert by_runs == expected[len(counted) :]


def texts_left(
    spark: SparkSession,
    parts: Parts,
    config: LinesConfig,
    new: list[list[dict[str, Any]]],
    before: Any,
) -> list[str]:
    shared = spark.sparkContext.broadcast(parts)
    receipt = deduplicate_lines(spark, shared, config, documents=30, before=before)
    judged = replace(parts, verdicts=receipt.files)
    dropped = {
        row["position"]: row["dropped_lines"]
        for part in range(judged.own)
        for row in judged.rows_on(part, judged.verdicts, VERDICT, ["dropped_lines"]).to_pylist()
    }
    rows = [row for some in new for row in some]
    texts = pa.array([row["text"] for row in rows])
    bitmaps = pa.array([dropped.get(row["position"]) for row in rows], pa.binary())
    found: list[str] = drop_lines(texts, bitmaps).to_pylist()
    return found
