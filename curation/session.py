"""The Spark session: one builder for local mode and for `spark-submit`.

Under `spark-submit` what belongs to the cluster stays as it is: master, memory, shuffle, dynamic
allocation. In local mode it is set here. In both, times are UTC, and workers run the interpreter
that runs the driver unless PYSPARK_PYTHON names another. A notebook that has a session of its own
passes that to the functions of `pipeline`.
"""

from __future__ import annotations

import logging
import os
import re
import shutil
import signal
import subprocess
import sys
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from importlib import resources
from pathlib import Path

from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from curation.errors import UserError

_MIN_JAVA = 17
_SESSION = {"spark.sql.session.timeZone": "UTC"}
_LOCAL = {
    # Four attempts per task, as on a cluster: a killed Python worker costs a retry, not the run.
    "spark.master": "local[*,4]",
    "spark.driver.memory": "2g",
    "spark.driver.host": "127.0.0.1",
    "spark.driver.bindAddress": "127.0.0.1",
    "spark.sql.shuffle.partitions": "8",
    "spark.ui.enabled": "false",
    "spark.ui.showConsoleProgress": "false",
}


def start_session(conf: Mapping[str, str] | None = None) -> SparkSession:
    """The session, with `conf` (what the user asked for) over everything set here.

    Raises `UserError` when Java is missing or too old.
    """
    submitted = is_submitted()
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    settings = dict(_SESSION)
    if not submitted:
        require_java()
        settings |= _LOCAL
        # As a URI, for a path may have spaces, and Java options are split at them.
        log4j = Path(str(resources.files("curation").joinpath("log4j2.properties"))).as_uri()
        settings["spark.driver.extraJavaOptions"] = f"-Dlog4j2.configurationFile={log4j}"
    builder = SparkSession.builder.appName("winnow")
    for key, value in {**settings, **(conf or {})}.items():
        builder = builder.config(key, value)
    try:
        spark = builder.getOrCreate()
    except PySparkException as error:
        reason = str(error).splitlines()[0]
        raise UserError(f"Spark did not start: {reason}: check --spark-conf") from error
    spark.sparkContext.setLogLevel("ERROR")
    # Spark's own handler calls the JVM, which may be in the middle of a call.
    signal.signal(signal.SIGINT, _interrupt)
    return spark


def _interrupt(_signal: int, _frame: object) -> None:
    logging.disable(logging.CRITICAL)  # py4j would log the interrupt with a traceback
    raise KeyboardInterrupt


def is_submitted() -> bool:
    """Whether `spark-submit` started this process, with a JVM that is there already."""
    return "PYSPARK_GATEWAY_PORT" in os.environ


@contextmanager
def session(conf: Mapping[str, str] | None = None) -> Iterator[SparkSession]:
    """A session that stops when the context ends."""
    spark = start_session(conf)
    try:
        yield spark
    finally:
        spark.sparkContext.setLogLevel("OFF")  # what tasks say as they are cut off
        spark.stop()


def require_java() -> None:
    """Raises `UserError`, with the command that installs it, unless Java 17 or newer is there."""
    home = os.environ.get("JAVA_HOME")
    java = shutil.which("java", path=os.path.join(home, "bin") if home else None)
    version = _java_version(java) if java else None
    if version is None or version < _MIN_JAVA:
        found = f"found Java {version}" if version else "found none"
        raise UserError(
            f"Spark needs Java {_MIN_JAVA} or newer ({found}): install it with"
            " 'apt-get install openjdk-17-jre-headless' or 'brew install openjdk@17',"
            " and set JAVA_HOME if it is not on the PATH"
        )


def _java_version(java: str) -> int | None:
    asked = subprocess.run([java, "-version"], capture_output=True, text=True, check=False)
    match = re.search(r'version "(\d+)', asked.stderr + asked.stdout)
    return int(match[1]) if match else None
