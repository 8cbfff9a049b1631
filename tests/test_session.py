from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest
from pyspark import SparkContext
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from curation.errors import UserError
from curation.session import lasting_errors, require_java, tell_workers


def test_workers_run_the_interpreter_of_the_driver_and_times_are_utc(spark: SparkSession) -> None:
    def executable(batches):  # type: ignore[no-untyped-def]
        import pyarrow as pa

        for _ in batches:
            yield pa.RecordBatch.from_pydict({"path": [sys.executable]})

    rows = spark.range(1).mapInArrow(executable, "path string").collect()
    assert {row["path"] for row in rows} == {sys.executable}
    assert spark.conf.get("spark.sql.session.timeZone") == "UTC"
    assert spark.sparkContext.uiWebUrl is None


def test_workers_learn_where_s3_is_but_no_key_and_what_they_were_told_stays(
    spark: SparkSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    def environment(batches):  # type: ignore[no-untyped-def]
        import pyarrow as pa

        for _ in batches:
            yield pa.RecordBatch.from_pylist([{"k": k, "v": v} for k, v in os.environ.items()])

    by_conf = {**spark.sparkContext.environment, "AWS_REGION": "eu-north-1"}
    monkeypatch.setattr(spark.sparkContext, "environment", by_conf)
    monkeypatch.setenv("AWS_REGION", "us-east-1")
    monkeypatch.setenv("AWS_ENDPOINT_URL", "http://127.0.0.1:1")
    monkeypatch.setenv("WINNOW_S3_REQUESTER_PAYS", "a,b")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "of the driver")
    tell_workers(spark)
    rows = spark.range(1).mapInArrow(environment, "k string, v string").collect()
    there = {row["k"]: row["v"] for row in rows}
    assert there["AWS_REGION"] == "eu-north-1"
    assert there["AWS_ENDPOINT_URL"] == "http://127.0.0.1:1"
    assert there["WINNOW_S3_REQUESTER_PAYS"] == "a,b"
    assert "of the driver" not in there.values()


FAILING = """
from curation.errors import UserError
from curation.session import session

def fail(_batches):
    raise UserError("x.json: it is broken: mend it")

try:
    with session({"spark.master": "local[1]"}) as spark:
        spark.range(1).mapInArrow(fail, "id long").count()
except UserError as error:
    print(error)
"""


def test_a_user_error_of_a_task_is_one_when_the_session_is_over() -> None:
    done = subprocess.run(
        [sys.executable, "-c", FAILING], capture_output=True, text=True, check=False
    )
    assert done.stdout == "x.json: it is broken: mend it\n", done.stderr


def test_other_errors_of_spark_keep_their_text(
    spark: SparkSession, monkeypatch: pytest.MonkeyPatch
) -> None:
    with pytest.raises(PySparkException) as caught, lasting_errors():
        spark.sql("select nothing_like_it")
    monkeypatch.setattr(SparkContext, "_jvm", None)
    assert "nothing_like_it" in str(caught.value)


@pytest.mark.parametrize(
    ("shown", "works"),
    [
        ('openjdk version "17.0.15" 2025-04-15', True),
        ('java version "21" 2023-09-19', True),
        ('openjdk version "11.0.2"', False),
        ('java version "1.8.0_292"', False),
        ("something else", False),
    ],
)
def test_java_is_judged_by_its_version(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, shown: str, works: bool
) -> None:
    java = tmp_path / "bin" / "java"
    java.parent.mkdir()
    java.write_text(f"#!/bin/sh\necho '{shown}' >&2\n")
    java.chmod(0o755)
    monkeypatch.setenv("JAVA_HOME", str(tmp_path))
    if works:
        require_java()
    else:
        with pytest.raises(UserError, match="Spark needs Java 17"):
            require_java()
