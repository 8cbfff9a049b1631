"""Scoring on a cluster of Ray: a head and a second node, processes of their own without a home."""

from __future__ import annotations

import os
import shutil
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psutil
import pytest
from pyspark.sql import SparkSession

from curation import pipeline, receipts
from curation.run import Run
from tests import runs
from tests.archive import ROOT
from tests.cluster.cluster import _end
from tests.encoder_stage.test_score import judged, scored

__all__ = ["judged"]
pytestmark = pytest.mark.timeout(900)  # machines are shared
_CORES = "2"
_RAY = str(Path(sys.executable).with_name("ray"))


@contextmanager
def running_ray(folder: Path) -> Iterator[tuple[str, list[psutil.Popen]]]:
    """The address of a cluster, and its nodes."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = f"127.0.0.1:{port}"
    of_head = ("--head", "--port", str(port), "--include-dashboard=false")
    kinds = ((*of_head, "--temp-dir", f"/tmp/winnow-{port}"), ("--address", address))
    with ExitStack() as stack:
        stack.callback(shutil.rmtree, f"/tmp/winnow-{port}", ignore_errors=True)
        nodes = []
        for number, kind in enumerate(kinds):
            log = stack.enter_context((folder / f"node-{number}.log").open("w"))
            nodes.append(_start_node(kind, log.fileno()))
            stack.callback(_end, nodes[-1])
            runs.wait_until(lambda: "--block" in (folder / f"node-{number}.log").read_text())  # noqa: B023
        yield address, nodes


def _start_node(kind: tuple[str, ...], log: int) -> psutil.Popen:
    room = ("--num-cpus", _CORES, "--object-store-memory", "100000000", "--block")
    environment = {
        "PATH": os.environ["PATH"],
        "PYTHONPATH": str(ROOT),
        "RAY_USAGE_STATS_ENABLED": "0",
        "RAY_worker_niceness": "0",
        "HOME": "/nowhere",
    }
    command = [_RAY, "start", *kind, *room, "--disable-usage-stats"]
    return psutil.Popen(command, env=environment, stdout=log, stderr=subprocess.STDOUT)


def scorers(node: psutil.Popen) -> set[int]:
    """The actors of a node that hold a model."""
    found = set()
    for child in node.children(recursive=True):
        try:
            if "_Scorer" in " ".join(child.cmdline()):
                found.add(child.pid)
        except psutil.Error:
            pass
    return found


def test_two_nodes_score_what_one_machine_does(
    spark: SparkSession, judged: Path, tmp_path: Path
) -> None:
    folder = Path(shutil.copytree(judged, tmp_path / "run"))
    with running_ray(tmp_path) as (address, nodes):
        command = [sys.executable, str(ROOT / "jobs" / "score_quality.py"), "--output", str(folder)]
        job = subprocess.Popen([*command, "--ray-address", address])
        seen: list[set[int]] = [set(), set()]
        while job.poll() is None:
            seen = [before | scorers(node) for before, node in zip(seen, nodes, strict=True)]
        assert job.returncode == 0
    assert [len(actors) for actors in seen] == [1, 1]
    run = Run.load(str(folder))
    assert len(scored(folder)) == len(run.splits)
    assert all(receipts.read(str(folder), work).files for work in scored(folder))
    pipeline.after_scores(run, spark, runs.quiet())
    local = Path(shutil.copytree(judged, tmp_path / "local"))
    assert runs.curate("score", "--output", local).returncode == 0
    pipeline.after_scores(Run.load(str(local)), spark, runs.quiet())
    assert runs.shards(folder) == runs.shards(local)
