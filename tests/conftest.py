"""Shared fixtures: one Spark session for the whole run, and a real S3 server."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
from hypothesis import settings
from pyspark.sql import SparkSession

from curation.session import session
from tests import runs
from tests.proxy import Proxy, running_proxy
from tests.s3 import running_server

# No result may depend on where the tests run.
os.environ["TZ"] = "Asia/Kathmandu"
os.environ["SPARK_CONF_DIR"] = str(Path(__file__).parent / "spark")  # of what tests start, too
settings.register_profile("tests", deadline=None, derandomize=True)  # machines are shared
settings.load_profile("tests")
LOCAL_SPARK = {"spark.master": "local[2,4]", "spark.sql.shuffle.partitions": "2"}


@pytest.fixture(scope="session")
def spark() -> Iterator[SparkSession]:
    """One local session on two cores."""
    with session(LOCAL_SPARK) as running:
        yield running


@pytest.fixture(scope="session")
def s3_environment(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """A real S3 server; gives the environment variables that reach it."""
    with running_server(tmp_path_factory.mktemp("s3"), _free_ports(4)) as environment:
        yield environment


@pytest.fixture
def s3(s3_environment: dict[str, str], monkeypatch: pytest.MonkeyPatch) -> str:
    """A folder of the S3 server's bucket, which this process may read and write."""
    from curation import storage_s3

    for name, value in s3_environment.items():
        monkeypatch.setenv(name, value)
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    storage_s3._new_client.cache_clear()
    return f"s3://winnow/{os.urandom(4).hex()}"


@pytest.fixture
def proxy(
    s3: str, s3_environment: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> Iterator[Proxy]:
    """A proxy without faults, through which this process reaches the folder `s3`."""
    from curation import storage_s3

    with running_proxy(s3_environment["AWS_ENDPOINT_URL"]) as running:
        monkeypatch.setenv("AWS_ENDPOINT_URL", running.url)
        storage_s3._new_client.cache_clear()
        yield running
    storage_s3._new_client.cache_clear()


@pytest.fixture(scope="session")
def small_input(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of WARC files with some hundred pages of the sample."""
    return runs.make_small_input(tmp_path_factory.mktemp("input") / "in")


@pytest.fixture(scope="session")
def expected_shards(
    spark: SparkSession, small_input: Path, tmp_path_factory: pytest.TempPathFactory
) -> dict[str, bytes]:
    """What any run over `small_input` with the values of `runs.SMALL` must give."""
    folder = tmp_path_factory.mktemp("expected") / "run"
    outcome = runs.run(spark, [small_input], folder)
    made = runs.shards(folder)
    assert len(made) == outcome.shards > 3
    assert outcome.funnels["crawl"][-1].pages_out > 50
    return made


@pytest.fixture
def local(tmp_path: Path) -> str:
    """A folder of the local file system."""
    return str(tmp_path / "folder")


def _free_ports(count: int) -> tuple[int, ...]:
    # SeaweedFS listens for gRPC 10,000 above each port, so those stay below 55,535.
    probes = []
    # Processes that look at the same time have ids next to each other.
    for port in range(20000 + os.getpid() * 37 % 10000, 50000):
        probe = socket.socket()
        try:
            probe.bind(("127.0.0.1", port))
        except OSError:
            continue
        probes.append(probe)
        if len(probes) == count:
            break
    ports = tuple(int(probe.getsockname()[1]) for probe in probes)
    for probe in probes:
        probe.close()
    return ports
