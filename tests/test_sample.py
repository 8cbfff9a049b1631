"""A run of a sample: the same pages whoever draws them, and the ledger says what it left out."""

from __future__ import annotations

import argparse
import json
from collections.abc import Iterable
from pathlib import Path

import pyarrow.dataset as ds
import pytest
from pyspark.sql import SparkSession

from curation import pipeline
from curation.cli import main
from curation.commands.run import add_run_options, open_run, show
from curation.finish import Outcome
from tests import runs

PAGES = 2000
WITHOUT_STAGES = "inputs.0.stages=[]"


@pytest.fixture
def rows(tmp_path: Path) -> Path:
    folder = tmp_path / "in"
    write(folder, range(PAGES), files=3)
    return folder


def write(folder: Path, numbers: Iterable[int], files: int) -> None:
    folder.mkdir()
    lines = [
        json.dumps({"text": f"This is page {n} of many, all with a few words."}) for n in numbers
    ]
    for file in range(files):
        (folder / f"{file}.jsonl").write_text("".join(f"{line}\n" for line in lines[file::files]))


def ids(folder: Path) -> dict[str, int]:
    """The documents of a run and their positions."""
    table = ds.dataset(folder / "documents").to_table(columns=["doc_id", "position"])
    return dict(zip(*(column.to_pylist() for column in table.columns), strict=True))


def entered(outcome: Outcome) -> tuple[int, int]:
    """Pages that were read, and that the sample left out."""
    return outcome.funnels["crawl"][0].pages_in, outcome.skipped["crawl"]["not_sampled"]


def test_a_sample_has_its_share_of_pages_where_they_would_be_without_it(
    spark: SparkSession, rows: Path, tmp_path: Path
) -> None:
    runs.run(spark, [rows], tmp_path / "whole", WITHOUT_STAGES)
    outcome = runs.run(spark, [rows], tmp_path / "some", WITHOUT_STAGES, "sample=0.1")
    read, left_out = entered(outcome)
    assert read + left_out == PAGES
    assert 150 < read < 250
    whole, some = ids(tmp_path / "whole"), ids(tmp_path / "some")
    assert len(some) == read
    assert some.items() <= whole.items()


def test_the_same_pages_are_drawn_however_the_input_is_cut(
    spark: SparkSession, rows: Path, tmp_path: Path
) -> None:
    write(tmp_path / "mixed", reversed(range(PAGES)), files=5)
    given = (WITHOUT_STAGES, "sample=0.1")
    runs.run(spark, [rows], tmp_path / "once", *given)
    runs.run(spark, [tmp_path / "mixed"], tmp_path / "again", *given, "splits.target_bytes=20000")
    runs.run(spark, [rows], tmp_path / "other", *given, "seed=3")
    assert ids(tmp_path / "once").keys() == ids(tmp_path / "again").keys()
    assert ids(tmp_path / "once").keys() != ids(tmp_path / "other").keys()


def test_the_option_is_the_recipes_key_and_the_funnel_tells_it(
    spark: SparkSession, rows: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    parser = argparse.ArgumentParser()
    add_run_options(parser)
    given = ["--recipe", "default", "--input", str(rows), "--set", WITHOUT_STAGES]
    given += ["--output", str(tmp_path / "out")]
    run = open_run(parser.parse_args([*given, "--sample", "0.05"]))
    assert run.recipe.sample == 0.05
    assert "\nsample: 0.05\n" in (tmp_path / "out" / "recipe.yaml").read_text()
    assert show(run, pipeline.run(run, spark, runs.quiet())) == 0
    told = " ".join(capsys.readouterr().out.split())
    assert "input 'crawl', sample of 0.05" in told
    assert "Skipped beside these: not_sampled 1," in told
    assert main(["run", *given]) == 2
    assert "holds another run: its recipe differs in sample" in capsys.readouterr().err


@pytest.mark.parametrize("share", ["0", "1.5", "some"])
def test_a_share_is_above_0_and_at_most_1(capsys: pytest.CaptureFixture[str], share: str) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["run", "--recipe", "default", "--output", "out", "--sample", share])
    assert f"argument --sample: {share}: expected a share above 0" in capsys.readouterr().err
