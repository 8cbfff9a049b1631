"""Shared fixtures: one cluster for all tests, and what its runs must give."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from pyspark.sql import SparkSession

from tests import runs
from tests.cluster.cluster import PYTHON, ZIP, Cluster, running_cluster

# Where S3 is, workers must learn from the driver.
_KEYS = ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY", "AWS_EC2_METADATA_DISABLED")


@dataclass(frozen=True)
class Expected:
    """What local mode gives."""

    shards: dict[str, bytes]
    funnel: dict[str, Any]


@pytest.fixture(scope="session")
def expected(
    spark: SparkSession, small_input: Path, tmp_path_factory: pytest.TempPathFactory
) -> Expected:
    """What any run over `small_input` with the values of `runs.SMALL` and `runs.NEAR` must give."""
    folder = tmp_path_factory.mktemp("expected") / "run"
    runs.run(spark, [small_input], folder, runs.NEAR)
    manifest = (folder / "manifest.json").read_bytes()
    return Expected(runs.shards(folder), pages_of(manifest))


def pages_of(manifest: bytes) -> dict[str, Any]:
    """The funnel without its times, which differ from run to run."""
    funnel: dict[str, Any] = json.loads(manifest)["funnel"]
    for steps in funnel.values():
        for step in steps:
            del step["cpu_s"]
    return funnel


@pytest.fixture(scope="session")
def cluster(
    s3_environment: dict[str, str], tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Cluster]:
    """A master and two workers, which have keys to the S3 server."""
    for built in (ZIP, PYTHON):
        assert built.exists(), f"{built} is not there: make cluster-test"
    keys = {name: s3_environment[name] for name in _KEYS}
    with running_cluster(tmp_path_factory.mktemp("cluster"), keys) as running:
        yield running
