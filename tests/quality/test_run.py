"""A run with thresholds: verdicts, the funnel, shards; other thresholds need no text."""

from __future__ import annotations

import json
import shutil
from contextlib import nullcontext
from pathlib import Path

import pyarrow.compute as pc
import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession

from curation import pipeline
from curation.cli import main
from curation.domains.config import DomainsConfig
from curation.driver import parts_of_run
from curation.finish import Outcome
from curation.quality.config import DomainCut, QualityConfig
from curation.quality.stage import judge_quality
from curation.receipts import KEPT
from curation.removal.take_down import take_down
from curation.removal.wanted import read_wanted
from curation.run import Run
from tests import runs

ALL = ("general", "math", "code", "multilingual")


@pytest.fixture(scope="module")
def half(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Outcome]:
    """A run that keeps the better half of each domain and language."""
    folder = tmp_path_factory.mktemp("quality")
    keep = [f"quality.{domain}.keep=0.5" for domain in ALL]
    paths = [runs.make_small_input(folder / "input")]
    return folder / "run", runs.run(spark, paths, folder / "run", *keep)


def test_low_quality_goes(half: tuple[Path, Outcome]) -> None:
    folder, outcome = half
    step = next(step for step in outcome.funnels["crawl"] if step.stage == "quality")
    (reason, gone), *others = step.reasons
    assert (reason, others) == ("low_quality", [])
    assert gone > 0.3 * step.pages_in
    shards = pq.read_table(folder / "shards")
    assert shards.num_rows == step.pages_out == sum(outcome.domains["crawl"].values())
    counted = shards.group_by("domain").aggregate([([], "count_all")]).to_pylist()
    assert {row["domain"]: row["count_all"] for row in counted} == outcome.domains["crawl"]
    assert set(outcome.domains["crawl"]) <= set(ALL)


def test_scores_are_in_documents_keys_and_shards(half: tuple[Path, Outcome]) -> None:
    folder, _ = half
    names = ["doc_id", "quality", "topic"]
    documents, keys, shards = (
        pq.read_table(folder / table, columns=names) for table in ("documents", "keys", "shards")
    )
    assert pc.count(documents["quality"]).as_py() > 50
    by_id = {row["doc_id"]: row for row in documents.to_pylist()}
    assert all(by_id[row["doc_id"]] == row for row in shards.to_pylist())
    assert all(by_id[row["doc_id"]] == row for row in keys.to_pylist() if row["doc_id"] in by_id)


def test_other_thresholds_read_no_text(
    spark: SparkSession, half: tuple[Path, Outcome], tmp_path: Path
) -> None:
    folder, _ = half
    copy = shutil.copytree(folder, tmp_path / "run")
    shutil.rmtree(copy / "documents")
    parts = parts_of_run(Run.load(str(copy)), spark)
    kept = {}
    for share in (0.25, 0.75):
        config = QualityConfig(**{domain: DomainCut(keep=share) for domain in ALL})
        counts = judge_quality(spark, parts, config, DomainsConfig()).counts
        kept[share] = counts["quality", "crawl", KEPT]
    assert 0 < kept[0.25] < kept[0.75]


def test_a_quality_stage_out_of_turn(
    spark: SparkSession, half: tuple[Path, Outcome], tmp_path: Path
) -> None:
    folder, _ = half
    copy = shutil.copytree(folder, tmp_path / "run")
    for work in ("quality", "mix"):
        for receipt in (copy / "receipts").glob(f"{work}*"):
            receipt.unlink()
    run = Run.load(str(copy))
    with pytest.raises(Exception, match=r"not judged by quality yet: run jobs/quality\.py first"):
        pipeline.after_scores(run, spark, runs.quiet())


def test_threshold_command(
    spark: SparkSession,
    half: tuple[Path, Outcome],
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    folder, _ = half
    monkeypatch.setattr("curation.commands.threshold.session", lambda _: nullcontext(spark))
    monkeypatch.setenv("COLUMNS", "200")
    before = {path: path.stat().st_mtime_ns for path in folder.rglob("*")}
    assert main(["threshold", str(folder), "--tokens", "3000", "--domain", "general"]) == 0
    told = capsys.readouterr().out
    assert "general: the best" in told
    assert told.count("\nstays ") >= 1
    assert told.count("\ngoes ") >= 1
    assert "quality:\n  general:\n    keep: 0." in told
    assert {path: path.stat().st_mtime_ns for path in folder.rglob("*")} == before


def test_threshold_of_what_is_no_run(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    assert main(["threshold", str(tmp_path), "--tokens", "5"]) == 2
    assert capsys.readouterr().err == f"curate: {tmp_path} holds no run\n"


def test_a_take_down_is_as_a_run_that_never_had_the_pages(
    spark: SparkSession, half: tuple[Path, Outcome], tmp_path: Path
) -> None:
    rows = pq.read_table(half[0] / "documents", columns=["doc_id", "text"]).to_pylist()
    rows = [{**row, "url": f"https://{row['doc_id']}.example/"} for row in rows]
    gone = {row["doc_id"] for row in rows[::5]}
    options = ["inputs.0.stages=[language,scores]", *(f"quality.{of}.keep=0.5" for of in ALL)]
    options.append("inputs.0.columns.id=doc_id")
    shipped = {}
    for name in ("all", "without"):
        kept = [row for row in rows if name == "all" or row["doc_id"] not in gone]
        path = tmp_path / f"{name}.jsonl"
        path.write_text("".join(json.dumps(row) + "\n" for row in kept))
        runs.run(spark, [path], tmp_path / name, *options)
        shipped[name] = _shipped(tmp_path / name)
    (tmp_path / "urls.txt").write_text("".join(f"https://{name}.example/\n" for name in gone))
    run = Run.load(str(tmp_path / "all"))
    take_down(run, spark, runs.quiet(), read_wanted(urls=str(tmp_path / "urls.txt")))
    pipeline.judge(run, spark, runs.quiet())
    pipeline.after_scores(run, spark, runs.quiet())
    assert _shipped(tmp_path / "all") == shipped["without"] != shipped["all"]
    assert not shipped["without"] <= shipped["all"]  # other pages are the better half now


def _shipped(folder: Path) -> set[tuple[str, str]]:
    rows = pq.read_table(folder / "shards", columns=["url", "domain"]).to_pylist()
    return {(row["url"], row["domain"]) for row in rows}


def test_shards_are_the_same_however_input_is_cut(
    spark: SparkSession, half: tuple[Path, Outcome], tmp_path: Path
) -> None:
    folder, outcome = half
    keep = [f"quality.{domain}.keep=0.5" for domain in ALL]
    other = runs.run(
        spark, [folder.parent / "input"], tmp_path / "run", *keep, "splits.target_bytes=25000"
    )
    assert len(list((tmp_path / "run" / "documents").iterdir())) > len(
        list((folder / "documents").iterdir())
    )
    assert runs.shards(tmp_path / "run") == runs.shards(folder)
    assert other.domains == outcome.domains
