"""Jobs on a real cluster: shards equal local mode's, whatever dies or runs twice."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from curation import receipts
from curation.run import Run
from curation.storage import join, put, storage
from tests import runs
from tests.cluster.cluster import ENVIRONMENT, PYTHON, ZIP, Cluster
from tests.cluster.conftest import Expected, pages_of
from tests.runs import assert_whole, wait_until

pytestmark = pytest.mark.timeout(900)  # machines are shared


def arguments(small_input: Path | str, folder: Path | str, *overrides: str) -> list[str]:
    """What the jobs that start a run are given."""
    small = [
        word for override in (*runs.SMALL, runs.NEAR, *overrides) for word in ("--set", override)
    ]
    return ["--recipe", "default", "--input", str(small_input), "--output", str(folder), *small]


def assert_as_local(folder: Path, expected: Expected) -> None:
    """The shards and the sums are those of local mode, and no file counts twice."""
    assert_whole(folder, expected.shards)
    assert pages_of((folder / "manifest.json").read_bytes()) == expected.funnel


def test_code_is_found_in_the_zip_alone() -> None:
    ask = [str(PYTHON), "-P", "-c", "import curation; print(curation.__file__)"]
    assert subprocess.run(ask, capture_output=True, check=False, env={}).returncode == 1
    path = {"PYTHONPATH": str(ZIP)}
    found = subprocess.run(ask, capture_output=True, text=True, check=True, env=path)
    assert found.stdout == f"{ZIP}/curation/__init__.py\n"


def test_the_jobs_one_by_one(
    cluster: Cluster, small_input: Path, expected: Expected, tmp_path: Path
) -> None:
    output = tmp_path / "out"
    cluster.submit("extract.py", *arguments(small_input, output)).finish()
    cluster.submit("dedup.py", "--output", output).finish()
    cluster.submit("quality.py", "--output", output).finish()
    cluster.submit("mix.py", "--output", output).finish()
    assert_as_local(output, expected)
    # Both executors keep kernels in one place, though each has a zip of its own, and no home.
    (kernels,) = (cluster.folder / "tmp").glob("winnow-numba-*")
    assert list(kernels.rglob("*.nbc"))
    assert not (cluster.folder / "missing").exists()


def test_from_s3_to_s3(
    cluster: Cluster,
    small_input: Path,
    expected: Expected,
    s3: str,
    s3_environment: dict[str, str],
) -> None:
    for file in small_input.iterdir():
        put(join(s3, "in", file.name), file.read_bytes())
    output = join(s3, "run")
    given = arguments(join(s3, "in", "*.warc.gz"), output)
    cluster.submit("pipeline.py", *given, environment=s3_environment).finish()
    assert runs.shards(output) == expected.shards
    manifest = storage(output).read(join(output, "manifest.json"))
    assert pages_of(manifest) == expected.funnel


def test_kill_of_an_executor(
    cluster: Cluster, small_input: Path, expected: Expected, tmp_path: Path
) -> None:
    output = tmp_path / "out"
    many = "splits.target_bytes=20000"
    job = cluster.submit("pipeline.py", *arguments(small_input, output, many))
    wait_until(lambda: job.process.poll() is not None or len(receipts.done(str(output))) >= 2)
    victim = cluster.executors()[0]
    family = victim.children(recursive=True)
    victim.kill()
    assert family  # the Python workers, in the middle of a split
    assert len(receipts.done(str(output))) < len(Run.load(str(output)).splits)
    job.finish()
    assert_as_local(output, expected)


def test_a_twin_of_each_task(
    cluster: Cluster, small_input: Path, expected: Expected, tmp_path: Path
) -> None:
    """Tasks of a stage that fits into one executor get a twin each, on the other one."""
    events = tmp_path / "events"
    events.mkdir()
    conf = {
        "spark.speculation": "true",
        "spark.speculation.interval": "10ms",
        "spark.speculation.task.duration.threshold": "1ms",
        "spark.executor.cores": "8",
        "spark.cores.max": "16",
        "spark.default.parallelism": "4",
        "spark.eventLog.enabled": "true",
        "spark.eventLog.dir": events.as_uri(),
        "spark.eventLog.compress": "false",
        "spark.eventLog.rolling.enabled": "false",
    }
    output = tmp_path / "out"
    cluster.submit("pipeline.py", *arguments(small_input, output), conf=conf).finish()
    assert_as_local(output, expected)
    (log,) = events.iterdir()
    tasks, twins = (tasks_of(log, speculative=speculative) for speculative in (False, True))
    assert {task for task in tasks if task[0] == 0} <= twins  # stage 0 is extract
    assert len(twins) > 0.8 * len(tasks)


def tasks_of(log: Path, *, speculative: bool) -> set[tuple[int, int]]:
    """Stage and index of each task that was started, as such or as a twin."""
    events = [json.loads(line) for line in log.read_text().splitlines()]
    starts = [event for event in events if event["Event"] == "SparkListenerTaskStart"]
    return {
        (start["Stage ID"], start["Task Info"]["Index"])
        for start in starts
        if start["Task Info"]["Speculative"] == speculative
    }


@pytest.mark.skipif(not ENVIRONMENT.exists(), reason="make dist-env packs it")
def test_a_packed_environment(
    cluster: Cluster, small_input: Path, expected: Expected, tmp_path: Path
) -> None:
    """Executors have nothing but the archive; the driver has what `make install` made."""
    output = tmp_path / "out"
    job = cluster.submit(
        "pipeline.py",
        *arguments(small_input, output),
        options=("--archives", f"{ENVIRONMENT}#environment"),
        environment={
            "PYSPARK_PYTHON": "./environment/bin/python",
            "PYSPARK_DRIVER_PYTHON": sys.executable,
        },
    )
    job.finish()
    assert_as_local(output, expected)
