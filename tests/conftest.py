"""Shared fixtures: one Spark session for the whole run, real S3, small real WARCs."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator

import pytest
from pyspark.sql import SparkSession

from curation.session import start_session

os.environ["TZ"] = "Asia/Kathmandu"  # no result may depend on where the tests run


@pytest.fixture(scope="session")
def spark() -> Iterator[SparkSession]:
    """One local session with two cores."""
    session = start_session(
        {
            "spark.master": "local[2,4]",
            "spark.sql.shuffle.partitions": "2",
            "spark.ui.enabled": "false",
        }
    )
    yield session
    session.stop()


def free_port() -> int:
    """A port of the loopback interface that nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])
