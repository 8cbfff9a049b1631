"""A folder holds one run, whoever opens it and when; what a run counts on stays as it was."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pyarrow.parquet as pq
import pytest
from pyspark.sql import SparkSession

from curation import pipeline, receipts
from curation.all_splits import extract, split_pass
from curation.errors import UserError
from curation.finish import read_outcome
from curation.ledger import LedgerError
from curation.receipts import Receipt
from curation.recipe import load
from curation.run import Run, made_with, new_run, require_made_with
from curation.split_pass import run_split
from tests import runs

CLIPPED = runs.SAMPLE / "clipped.warc.gz"


@pytest.fixture
def one_file(tmp_path: Path) -> Path:
    path = tmp_path / "in" / "a.warc.gz"
    path.parent.mkdir()
    path.write_bytes(CLIPPED.read_bytes())
    return path


def run_of(path: Path, folder: Path, *overrides: str) -> Run:
    return new_run(load("default", paths=[str(path)], overrides=overrides), str(folder))


def test_of_two_recipes_that_open_a_folder_at_once_one_is_refused(
    one_file: Path, tmp_path: Path
) -> None:
    candidates = [run_of(one_file, tmp_path / "out", f"seed={seed}") for seed in range(6)]

    def opened(run: Run) -> bool:
        try:
            run.open()
        except UserError:
            return False
        return True

    with ThreadPoolExecutor(6) as pool:
        results = list(pool.map(opened, candidates))
    assert sum(results) == 1
    assert Run.load(str(tmp_path / "out")) == candidates[results.index(True)]


def test_a_run_that_was_opened_and_no_more_can_be_opened_again(
    one_file: Path, tmp_path: Path
) -> None:
    run = run_of(one_file, tmp_path / "out [1] {a}")
    run.open()
    (tmp_path / "out [1] {a}" / "recipe.yaml").unlink()
    run.open()
    assert Run.load(run.folder) == run


def test_a_run_of_other_versions_is_not_gone_on_with(one_file: Path, tmp_path: Path) -> None:
    run = run_of(one_file, tmp_path / "out")
    run.open()
    path = tmp_path / "out" / "run.json"
    description = json.loads(path.read_text())
    description["made_with"]["pyarrow"] = "1.0"
    path.write_text(json.dumps(description))
    with pytest.raises(UserError, match=r"is a run of other versions \(pyarrow 1\.0\)"):
        run.open()


def test_a_machine_with_other_versions_is_refused() -> None:
    require_made_with(made_with())
    told = rf"has pyarrow {made_with()['pyarrow']}, the driver 1\.0: install the same versions"
    with pytest.raises(UserError, match=told):
        require_made_with({**made_with(), "pyarrow": "1.0"})


def test_an_output_inside_the_input_is_refused(one_file: Path) -> None:
    with pytest.raises(UserError, match="lies in the input"):
        run_of(one_file.parent, one_file.parent / "out")


def test_parquet_without_the_columns_of_the_recipe_is_refused(tmp_path: Path) -> None:
    import pyarrow as pa

    path = tmp_path / "papers.parquet"
    pq.write_table(pa.table({"body": ["x"], "url": ["y"]}), path)
    with pytest.raises(UserError, match=r"no column 'text' or 'html' \(it has body, url\)"):
        run_of(path, tmp_path / "out")
    run_of(path, tmp_path / "out", "inputs.0.columns.text=body")


@pytest.mark.parametrize("change", ["remove", "shorten"])
def test_input_that_is_not_what_it_was_is_put_into_quarantine(
    one_file: Path, tmp_path: Path, change: str
) -> None:
    run = run_of(one_file, tmp_path / "out")
    if change == "remove":
        one_file.unlink()
    else:
        one_file.write_bytes(one_file.read_bytes()[:-5])
    receipt = run_split(run.splits[0], split_pass(run.recipe), run.folder)
    assert (receipt.files, receipt.counts) == ((), {})
    why = "was changed or removed since the run was opened"
    fault = {"file": str(one_file), "offset": 0, "fault": "quarantined", "detail": why}
    assert receipt.faults == [fault]


def test_what_cannot_be_read_is_left_out_listed_and_completed_later(
    spark: SparkSession, small_input: Path, expected_shards: dict[str, bytes], tmp_path: Path
) -> None:
    folder = tmp_path / "in"
    shutil.copytree(small_input, folder)
    recipe = load("default", paths=[str(folder)], overrides=runs.SMALL)
    run = new_run(recipe, str(tmp_path / "out"))
    run.open()
    (folder / "versions.warc.gz").rename(tmp_path / "elsewhere")
    outcome = pipeline.run(run, spark, runs.quiet())
    assert {split["file"] for split in outcome.quarantined} == {f"{folder}/versions.warc.gz"}
    assert read_outcome(run).quarantined == outcome.quarantined
    runs.run(spark, [folder / "pages.warc.gz"], tmp_path / "without")
    assert runs.shards(tmp_path / "out") == runs.shards(tmp_path / "without")
    assert pipeline.take_back_quarantined(run, spark) == len(outcome.quarantined)
    assert not run.finished
    # An attempt of before, that was late: its shard is of another layout, and does not count.
    stale = Receipt(
        "shard-000000-0123abcd", "0123abcd", counts=Counter({("mix", "crawl", "kept"): 9})
    )
    receipts.commit(run.folder, stale)
    (tmp_path / "elsewhere").rename(folder / "versions.warc.gz")
    completed = pipeline.run(run, spark, runs.quiet())
    assert (completed.quarantined, completed.faults) == ([], outcome.faults)
    assert runs.shards(tmp_path / "out") == expected_shards
    assert pipeline.take_back_quarantined(run, spark) == 0
    assert run.finished


NOTHING = [f"heuristics.{route}.pages.too_few_words=99999" for route in ("prose", "code", "math")]


def test_nothing_kept_is_a_whole_run_with_every_table(
    spark: SparkSession, one_file: Path, tmp_path: Path
) -> None:
    outcome = runs.run(spark, [one_file], tmp_path / "out", *NOTHING)
    assert (outcome.shards, outcome.funnels["crawl"][-1].pages_in) == (0, 0)
    for table in ("documents", "rejects", "cuts", "keys", "verdicts", "ledger", "faults"):
        assert list((tmp_path / "out" / table).glob("*.parquet")), table


@pytest.mark.parametrize("damage", ["remove", "shorten"])
def test_a_file_that_counts_and_is_gone_or_changed_is_found(
    spark: SparkSession, one_file: Path, tmp_path: Path, damage: str
) -> None:
    folder = tmp_path / "out"
    run = run_of(one_file, folder)
    run.open()
    extract(run, spark, runs.quiet())
    pipeline.judge(run, spark, runs.quiet())
    pipeline.mix(run, spark, runs.quiet())
    (file,) = (folder / "rejects").iterdir()
    if damage == "remove":
        file.unlink()
    else:
        file.write_bytes(file.read_bytes()[:-1])
    with pytest.raises(LedgerError, match="is gone" if damage == "remove" else "not as long"):
        pipeline.finish(run, spark)


def test_mix_before_dedup_is_refused(spark: SparkSession, one_file: Path, tmp_path: Path) -> None:
    run = run_of(one_file, tmp_path / "out")
    run.open()
    extract(run, spark, runs.quiet())
    with pytest.raises(UserError, match=r"is not deduplicated yet: run jobs/dedup\.py first"):
        pipeline.mix(run, spark, runs.quiet())
