"""A run that is killed goes on where it was, and its shards are those of a run that was not."""

from __future__ import annotations

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

import psutil

from curation import receipts
from tests import runs

_WAIT_S = 120
_ARGUMENTS = ("--set", "splits.target_bytes=30000", "--set", "shards.target_bytes=60000")
_SPARK = ("--spark-conf", "spark.master=local[2,4]")


def arguments(small_input: Path, folder: Path) -> list[str | Path]:
    given = ["run", "--recipe", "default", "--input", str(small_input), "--output", str(folder)]
    return [*given, *_ARGUMENTS, *_SPARK]


def wait_until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + _WAIT_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def started(small_input: Path, folder: Path) -> subprocess.Popen[bytes]:
    """A run of its own process that has finished some splits and not others."""
    process = subprocess.Popen(
        runs.command(*arguments(small_input, folder)),
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    wait_until(lambda: process.poll() is not None or len(receipts.done(str(folder))) >= 2)
    assert process.poll() is None
    return process


def test_kill_of_the_driver(
    small_input: Path, expected_shards: dict[str, bytes], tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    process = started(small_input, folder)
    family = psutil.Process(process.pid).children(recursive=True)
    process.kill()
    process.wait()
    psutil.wait_procs(family, timeout=_WAIT_S)
    before = {r.work: r.attempt for r in receipts.read_all(str(folder), lambda _: True)}
    assert not (folder / "manifest.json").exists()
    done = runs.curate(*arguments(small_input, folder))
    assert done.returncode == 0, done.stderr
    after = {r.work: r.attempt for r in receipts.read_all(str(folder), lambda _: True)}
    assert before.items() <= after.items()
    assert len(before) < len(after)
    assert runs.shards(folder) == expected_shards


def test_kill_of_a_python_worker(
    small_input: Path, expected_shards: dict[str, bytes], tmp_path: Path
) -> None:
    folder = tmp_path / "run"
    process = started(small_input, folder)
    daemons = [
        child
        for child in psutil.Process(process.pid).children(recursive=True)
        if "pyspark.daemon" in child.cmdline() and child.children()
    ]
    workers = daemons[0].children()
    os.kill(workers[0].pid, signal.SIGKILL)
    assert process.wait(_WAIT_S) == 0
    assert runs.shards(folder) == expected_shards
