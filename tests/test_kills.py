"""A run that is killed goes on where it was, and its shards are those of a run that was not."""

from __future__ import annotations

import os
import signal
import subprocess
from collections.abc import Callable
from pathlib import Path

import psutil
import pytest
from pyspark.sql import SparkSession

from curation import receipts
from tests import runs

Process = subprocess.Popen[bytes]
_SET = (*runs.SMALL, "splits.target_bytes=30000")
_ARGUMENTS = [argument for value in _SET for argument in ("--set", value)]
_SPARK = ("--spark-conf", "spark.master=local[2,4]")


def arguments(small_input: Path, folder: Path) -> list[str | Path]:
    given = ["run", "--recipe", "default", "--input", str(small_input), "--output", str(folder)]
    return [*given, *_ARGUMENTS, *_SPARK]


def command(process: psutil.Process) -> list[str]:
    """Its command line; empty for one that has just ended."""
    try:
        return process.cmdline()
    except psutil.Error:
        return []


def launch(small_input: Path, folder: Path) -> subprocess.Popen[bytes]:
    return subprocess.Popen(
        runs.command(*arguments(small_input, folder)),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )


def started(small_input: Path, folder: Path, condition: Callable[[set[str]], bool]) -> Process:
    """A run of its own process, once the receipts that it has put meet a condition."""
    process = launch(small_input, folder)
    runs.wait_until(lambda: process.poll() is not None or condition(receipts.done(str(folder))))
    assert process.poll() is None
    return process


def kill(process: Process) -> None:
    """Kills the driver as `kill -9` does, and waits until Spark has noticed."""
    family = psutil.Process(process.pid).children(recursive=True)
    process.kill()
    process.wait()
    _, alive = psutil.wait_procs(family, timeout=runs.WAIT_S)
    assert not alive


def attempts(folder: Path) -> dict[str, str]:
    """The attempt that won, by work."""
    works = receipts.done(str(folder))
    return {work: receipts.read(str(folder), work).attempt for work in works}


@pytest.mark.parametrize(
    "condition",
    [
        lambda done: len(done) >= 2,
        lambda done: any(work.startswith("shard-") for work in done),
    ],
    ids=["extract", "mix"],
)
def test_kill_of_the_driver(
    spark: SparkSession,
    small_input: Path,
    expected_shards: dict[str, bytes],
    tmp_path: Path,
    condition: Callable[[set[str]], bool],
) -> None:
    folder = tmp_path / "run"
    kill(started(small_input, folder, condition))
    before = attempts(folder)
    assert not (folder / "manifest.json").exists()
    (folder / "documents" / "000000-loser-0.parquet").write_bytes(b"of an attempt that lost")
    runs.go_on(spark, folder)
    after = attempts(folder)
    assert before.items() <= after.items()
    assert len(before) < len(after)
    runs.assert_whole(folder, expected_shards)


def test_two_drivers_of_one_run_at_once(
    small_input: Path, expected_shards: dict[str, bytes], tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    drivers = [launch(small_input, folder) for _ in range(2)]
    # The one that is first sweeps the folder when it ends, which may stop the other one.
    assert 0 in [driver.wait(runs.WAIT_S) for driver in drivers]
    assert runs.curate(*arguments(small_input, folder)).returncode == 0
    assert runs.shards(folder) == expected_shards


def test_kill_of_a_python_worker(
    small_input: Path, expected_shards: dict[str, bytes], tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    process = started(small_input, folder, lambda done: len(done) >= 2)
    family = psutil.Process(process.pid).children(recursive=True)
    daemons = {child.pid for child in family if "pyspark.daemon" in command(child)}
    worker = next(child for child in family if child.ppid() in daemons)
    os.kill(worker.pid, signal.SIGKILL)
    assert process.wait(runs.WAIT_S) == 0
    runs.assert_whole(folder, expected_shards)
