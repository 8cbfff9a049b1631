"""`curate score` as users start it: killed, with workers that die, and with things missing."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

import psutil
import pyarrow.dataset as ds
import pytest
from pyspark.sql import SparkSession

from classifiers.encoder.checkpoint import MINILM, open_checkpoint
from curation import pipeline, receipts
from curation.cli import main
from curation.commands.complete import complete
from curation.encoder.ray_job import score_splits
from curation.errors import UserError
from curation.recipe import load
from curation.run import Run, new_run
from tests import runs
from tests.dedup.test_run import page, prose
from tests.encoder_stage.small import describe
from tests.encoder_stage.test_run import write

MODEL = "model.json"
OPTIONS = ("inputs.0.stages=[]", "shards.target_tokens=10000", "splits.target_bytes=16384")


@pytest.fixture(scope="module")
def judged(spark: SparkSession, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run of many splits, up to where a real encoder has to read them."""
    folder = tmp_path_factory.mktemp("score")
    rows = [page(f"p{number}", " ".join(prose(number, 500))) for number in range(120)]
    given = write(folder / "in.jsonl", rows)
    model = describe(folder, MINILM, open_checkpoint(MINILM).sha256, 384)
    overrides = [*runs.SMALL, *OPTIONS, f"encoder.path={model}", "encoder.max_tokens=256"]
    run = new_run(load("default", paths=[str(given)], overrides=overrides), str(folder / "run"))
    run.open()
    pipeline.before_scores(run, spark, runs.quiet())
    assert len(run.splits) > 12
    return folder / "run"


@pytest.fixture
def folder(judged: Path, tmp_path: Path) -> Path:
    """A copy, to be scored."""
    return Path(shutil.copytree(judged, tmp_path / "run"))


def scored(folder: Path) -> list[str]:
    return sorted(work for work in receipts.done(str(folder)) if work.startswith("score-"))


def start(folder: Path) -> psutil.Popen:
    command = runs.command("score", "--output", folder)
    return psutil.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)


def scorers(process: psutil.Popen) -> list[psutil.Process]:
    """The actors that hold a model."""
    family = psutil.Process(process.pid).children(recursive=True)
    return [child for child in family if "_Scorer" in _command(child)]


def _command(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.Error:
        return ""


@pytest.mark.usefixtures("ray_here")
def test_killed_workers_and_a_killed_driver(
    spark: SparkSession,
    judged: Path,
    folder: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
) -> None:
    process = start(folder)
    runs.wait_until(lambda: process.poll() is not None or len(scored(folder)) >= 2)
    (worker,) = scorers(process)
    worker.kill()
    before = len(scored(folder))
    runs.wait_until(lambda: process.poll() is not None or len(scored(folder)) >= before + 2)
    assert worker.pid not in [other.pid for other in scorers(process)]
    family = psutil.Process(process.pid).children(recursive=True)
    process.kill()
    process.wait()
    assert not psutil.wait_procs(family, timeout=runs.WAIT_S)[1]
    first = {work: receipts.read(str(folder), work).attempt for work in scored(folder)}
    run = Run.load(str(folder))
    assert 4 <= len(first) < len(run.splits)
    again = runs.curate("score", "--output", folder)
    assert (again.returncode, again.stdout) == (0, "")
    assert len(scored(folder)) == len(run.splits)
    after = {work: receipts.read(str(folder), work).attempt for work in scored(folder)}
    assert first.items() <= after.items()
    assert main(["score", "--output", str(folder)]) == 0
    assert capsys.readouterr().err == f"{folder}: is scored already; nothing to score\n"
    pipeline.after_scores(run, spark, runs.quiet())
    unbroken = Run.load(str(shutil.copytree(judged, tmp_path / "unbroken")))
    score_splits(unbroken, runs.quiet())
    pipeline.after_scores(unbroken, spark, runs.quiet())
    runs.assert_whole(folder, runs.shards(tmp_path / "unbroken"))
    rows = ds.dataset(folder / "scores").to_table(columns=["doc_id"])["doc_id"].to_pylist()
    assert len(set(rows)) == len(rows) == 120


def test_a_split_whose_worker_dies_each_time(folder: Path) -> None:
    process = start(folder)
    while process.poll() is None:
        for worker in scorers(process):
            worker.kill()
    told = process.communicate()
    assert (process.returncode, told[0]) == (2, "")
    (line,) = (line for line in told[1].splitlines() if line.startswith("curate: "))
    assert "could not be scored" in line


def test_another_version_than_it_was_scored_with(folder: Path) -> None:
    noted = '{"torch": "1.0", "transformers": "5", "tokenizers": "0", "device": "cpu"}'
    (folder / "scored_with.json").write_text(noted)
    done = runs.curate("score", "--output", folder)
    assert done.returncode == 2
    (line,) = (line for line in done.stderr.splitlines() if line.startswith("curate: "))
    assert line.startswith(f"curate: {folder} was scored with torch 1.0, and ")
    assert scored(folder) == []


def test_its_ray_is_its_own_and_goes_with_whoever_started_it(folder: Path) -> None:
    with tempfile.TemporaryDirectory(dir="/tmp") as temporary:
        command = [*runs.command("score", "--output", folder), "--until-closed"]
        named = {"RAY_ADDRESS": "127.0.0.1:1", "TMPDIR": temporary}
        environment = {**os.environ, **named}
        process = psutil.Popen(command, stdin=subprocess.PIPE, env=environment)
        runs.wait_until(lambda: process.poll() is not None or len(scored(folder)) >= 1)
        (own,) = Path(temporary).glob("winnow-ray-*")
        family = psutil.Process(process.pid).children(recursive=True)
        process.stdin.close()
        process.wait(runs.WAIT_S)
        assert not psutil.wait_procs(family, timeout=runs.WAIT_S)[1]
        assert not own.exists()


@pytest.mark.parametrize("address", ["127.0.0.1:head", "head", "ray://head:10001", ":1", "h:65536"])
def test_an_address_that_is_none(address: str, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit, match="2"):
        main(["run", "--recipe", "sample", "--output", "x", "--ray-address", address])
    expected = f"--ray-address: {address}: expected 'auto', or HOST:PORT such as head:6379\n"
    assert capsys.readouterr().err.endswith(expected)


@pytest.mark.parametrize(
    ("encoder", "told"),
    [
        ("{path: 'bundled:minilm'}", "no Ray answers there: .*Connection refused"),
        ("null", "the recipe has no encoder: leave it out"),
    ],
)
def test_an_address_of_no_use_is_told_before_spark_starts(
    tmp_path: Path, encoder: str, told: str
) -> None:
    given = write(tmp_path / "in.jsonl", [page("one", "text")])
    recipe = load("default", paths=[str(given)], overrides=[f"encoder={encoder}"])
    run = new_run(recipe, str(tmp_path / "run"))
    no_spark = {"spark.master": "nowhere"}
    with pytest.raises(UserError, match=rf"^--ray-address 127\.0\.0\.1:1: {told}"):
        complete(run, no_spark, lambda *_: None, ray_address="127.0.0.1:1")


def test_an_address_at_which_no_ray_is(folder: Path) -> None:
    done = runs.curate("score", "--output", folder, "--ray-address", "127.0.0.1:1")
    assert done.returncode == 2
    assert "--ray-address 127.0.0.1:1: no Ray answers there: " in done.stderr


def test_a_run_that_is_not_judged_yet(folder: Path) -> None:
    (folder / "receipts" / "quality.json").unlink()
    done = runs.curate("score", "--output", folder, "--ray-address", "127.0.0.1:1")
    assert done.returncode == 2
    assert done.stderr.endswith("run jobs/quality.py first\n")


HIDE = """
import importlib.machinery
found = importlib.machinery.PathFinder.find_spec
def find_spec(name, path=None, target=None):
    missing = ("torch", "transformers", "tokenizers", "safetensors", "ray")
    return None if name in missing else found(name, path, target)
importlib.machinery.PathFinder.find_spec = find_spec
"""


def test_packages_that_are_missing(tmp_path: Path) -> None:
    (tmp_path / "sitecustomize.py").write_text(HIDE)
    given = write(tmp_path / "in.jsonl", [page("one", "text")])
    arguments = ("run", "--recipe", "default", "--input", given, "--output", tmp_path / "run")
    path = os.pathsep.join([str(tmp_path), *filter(None, [os.environ.get("PYTHONPATH")])])
    more = ("--set", f"encoder.path={MINILM}")
    done = runs.curate(*arguments, *more, PYTHONPATH=path)
    assert done.stderr == (
        "curate: the recipe's encoder needs torch, transformers, tokenizers, safetensors,"
        " ray: install it with"
        " \"pip install 'winnow-curation[ml,ray]'\", or go without: --set encoder=null\n"
    )
    assert done.returncode == 2
    assert not (tmp_path / "run").exists()
    plain = [sys.executable, "-c", "import curation.cli"]  # which takes neither
    subprocess.run(plain, check=True, env={**os.environ, "PYTHONPATH": path})
