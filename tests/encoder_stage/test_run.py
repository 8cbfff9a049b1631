"""Runs with an encoder: what is read, what goes by it, and what is in shards."""

from __future__ import annotations

import json
import re
import shutil
from collections import Counter
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.dataset as ds
import pytest
from pyspark.sql import SparkSession

from curation import pipeline, receipts
from curation.encoder.models import load_encoder
from curation.encoder.work import in_share
from curation.finish import Outcome
from curation.recipe import load
from curation.removal.take_down import take_down
from curation.removal.wanted import read_wanted
from curation.run import Run, new_run
from tests import runs
from tests.dedup.test_run import page, prose
from tests.encoder_stage.small import make_model

pytestmark = pytest.mark.usefixtures("ray_here")
Row = dict[str, Any]
BREAKS = "unheardof"
SHARED = "seven pages have this line here"
STAGES = (
    *("inputs.0.stages=[]", "dedup.lines={min_words: 4}", "shards.target_tokens=2000"),
    *("splits.target_bytes=16384", "encoder.quality={multilingual: {keep: 0.6}}"),
)


def pages() -> list[Row]:
    """Of any words; one breaks the tokeniser, and seven have a line that goes."""
    return [
        *(page(f"p{n}", " ".join(prose(n, 20 + 3 * n))) for n in range(60)),
        page("broken", " ".join([*prose(99, 60), BREAKS])),
        *(page(f"s{n}", f"{' '.join(prose(200 + n, 12))}\n{SHARED}") for n in range(7)),
    ]


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> Path:
    words = {word for row in pages() for word in re.findall(r"\w+|[^\w\s]+", row["text"])}
    return make_model(tmp_path_factory.mktemp("model") / "tiny", words - {BREAKS})


def write(path: Path, rows: list[Row]) -> Path:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return path


def run(spark: SparkSession, given: Path, folder: Path, model: Path, *more: str) -> Outcome:
    """A whole run in this process."""
    from curation.encoder.ray_job import score_splits

    overrides = [*runs.SMALL, *STAGES, f"encoder.path={model}", *more]
    opened = new_run(load("default", paths=[str(given)], overrides=overrides), str(folder))
    opened.open()
    pipeline.before_scores(opened, spark, runs.quiet())
    score_splits(opened, runs.quiet())
    return pipeline.after_scores(opened, spark, runs.quiet())


def table(folder: Path, name: str) -> list[Row]:
    rows: list[Row] = ds.dataset(folder / name).to_table().to_pylist()
    return rows


@pytest.fixture(scope="module")
def scored(
    spark: SparkSession, model: Path, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Path, Outcome]:
    folder = tmp_path_factory.mktemp("scored")
    given = write(folder / "in.jsonl", pages())
    return folder / "run", run(spark, given, folder / "run", model)


def test_scores_are_those_of_the_model_for_the_text_that_is_left(
    scored: tuple[Path, Outcome],
) -> None:
    folder, _ = scored
    shipped = table(folder, "shards")
    encoder = Run.load(str(folder)).recipe.encoder
    assert encoder is not None
    assert any(row["text"].count("\n") == 0 for row in shipped)
    texts, languages = [row["text"] for row in shipped], [row["language"] for row in shipped]
    expected = load_encoder(encoder).probabilities(texts, languages)["quality"][:, 0]
    found = np.array([row["encoder_quality"] for row in shipped], np.float32)
    np.testing.assert_array_equal(found, expected)
    assert len(np.unique(found)) > 20


def test_every_page_that_is_in_is_read_once(scored: tuple[Path, Outcome]) -> None:
    folder, outcome = scored
    (step,) = (step for step in outcome.funnels["crawl"] if step.stage == "encoder")
    rows = table(folder, "scores")
    assert len({row["doc_id"] for row in rows}) == len(rows) == step.pages_in == len(pages())
    assert {row["encoder_topic"] for row in rows} > {"a", "b"}
    counts = Counter(
        {r["outcome"]: r["pages"] for r in table(folder, "ledger") if r["stage"] == "encoder"}
    )
    assert counts["read:pages"] == counts["scored:pages"] == len(rows)
    assert counts["read:tokens"] == sum(row["n_tokens"] for row in rows)


def test_the_worst_go_and_what_breaks_the_tokeniser(scored: tuple[Path, Outcome]) -> None:
    folder, outcome = scored
    gone = runs.reasons(outcome, "crawl", "encoder")
    assert gone["not_tokenised"] == 1
    assert gone["low_encoder_quality"] == (len(pages()) - 1) * 4 // 10
    verdicts = [row for row in table(folder, "verdicts") if row["drop_reason"]]
    (broken,) = (row for row in verdicts if row["drop_reason"] == "not_tokenised")
    (there,) = (row for row in table(folder, "documents") if BREAKS in row["text"])
    assert broken["doc_id"] == there["doc_id"]
    assert all(
        re.fullmatch(r"encoder \S+ under 0\.\d+: multilingual in None", row["detail"])
        for row in verdicts
        if row["drop_reason"] == "low_encoder_quality"
    )
    scores = {row["doc_id"]: row["encoder_quality"] for row in table(folder, "scores")}
    kept = {row["doc_id"] for row in table(folder, "shards")}
    least = min(scores[doc_id] for doc_id in kept)
    assert all(scores[row["doc_id"]] < least for row in verdicts if row is not broken)


def test_shards_do_not_depend_on_splits_or_batches(
    spark: SparkSession, model: Path, scored: tuple[Path, Outcome], tmp_path: Path
) -> None:
    folder, _ = scored
    halves = [pages()[::2], pages()[1::2]]
    (tmp_path / "in").mkdir()
    for number, rows in enumerate(halves):
        write(tmp_path / "in" / f"{number}.jsonl", rows[::-1])
    run(spark, tmp_path / "in", tmp_path / "run", model, "splits.target_bytes=100000")
    assert len(Run.load(str(folder)).splits) not in (1, 2)
    assert runs.shards(tmp_path / "run") == runs.shards(folder)


def test_a_share_is_the_same_pages_and_the_rest_stays(
    spark: SparkSession, model: Path, scored: tuple[Path, Outcome], tmp_path: Path
) -> None:
    folder, _ = scored
    outcome = run(spark, folder.parent / "in.jsonl", tmp_path / "run", model, "encoder.share=0.5")
    read = {row["doc_id"]: row["encoder_quality"] for row in table(tmp_path / "run", "scores")}
    every = {row["doc_id"]: row["encoder_quality"] for row in table(folder, "scores")}
    assert read.items() < every.items()
    shipped = {row["doc_id"]: row["encoder_quality"] for row in table(tmp_path / "run", "shards")}
    assert {doc_id for doc_id, score in shipped.items() if score is None} == every.keys() - read
    gone = sum(runs.reasons(outcome, "crawl", "encoder").values())
    assert len(shipped) == len(pages()) - gone
    assert 0 < gone < 0.5 * len(read)


def test_what_means_the_same_as_a_better_page_goes(
    spark: SparkSession, model: Path, scored: tuple[Path, Outcome], tmp_path: Path
) -> None:
    same = ("encoder.quality={}", "encoder.semantic={threshold: 0.6}")
    outcome = run(spark, scored[0].parent / "in.jsonl", tmp_path / "run", model, *same)
    gone = runs.reasons(outcome, "crawl", "encoder")
    assert gone.keys() == {"not_tokenised", "semantic_duplicate"}
    kept = {row["doc_id"] for row in table(tmp_path / "run", "shards")}
    assert len(kept) == len(pages()) - sum(gone.values())
    verdicts = [row for row in table(tmp_path / "run", "verdicts") if row["keeper"]]
    assert {row["keeper"] for row in verdicts} <= kept
    assert {len(row["embedding"] or b"") for row in table(tmp_path / "run", "scores")} == {0, 32}


def test_a_share_is_drawn_evenly() -> None:
    import pyarrow as pa

    keys = pa.array(np.random.default_rng(3).integers(-(2**63), 2**63, 100_000))
    assert abs(in_share(keys, 0.1).mean() - 0.1) < 0.004
    first = pa.array(np.sort(keys.to_numpy())[:10_000])  # of the first shards
    assert abs(in_share(first, 0.1).mean() - 0.1) < 0.012
    assert (in_share(keys, 0.1) <= in_share(keys, 0.3)).all()


def test_a_take_down_is_as_a_run_that_never_had_the_pages(
    spark: SparkSession, model: Path, scored: tuple[Path, Outcome], tmp_path: Path
) -> None:
    from curation.encoder.ray_job import score_splits

    folder = Path(shutil.copytree(scored[0], tmp_path / "run"))
    gone = {"s0", "p3", "p30"}  # so six have the line still, and keep it
    kept = [row for row in pages() if row["id"] not in gone]
    run(spark, write(tmp_path / "in.jsonl", kept), tmp_path / "without", model)
    urls = tmp_path / "urls.txt"
    urls.write_text("".join(f"https://{name}.example/\n" for name in gone))
    opened = Run.load(str(folder))
    take_down(opened, spark, runs.quiet(), read_wanted(urls=str(urls)))
    pipeline.judge(opened, spark, runs.quiet())
    with pytest.raises(Exception, match=r"is not scored yet: run jobs/score_quality\.py first"):
        pipeline.after_scores(opened, spark, runs.quiet())
    score_splits(opened, runs.quiet())
    pipeline.after_scores(opened, spark, runs.quiet())
    found, expected = (
        {r["doc_id"]: r for r in table(f, "shards")} for f in (folder, tmp_path / "without")
    )
    assert found == expected
    assert SHARED in "".join(row["text"] for row in found.values())
    again = [work for work in receipts.done(str(folder)) if re.fullmatch(r"score-\d+-000001", work)]
    read = sum(
        n
        for work in again
        for (_, _, outcome), n in receipts.read(str(folder), work).counts.items()
        if outcome == "read:pages"
    )
    assert read == 6  # whose text is another now
