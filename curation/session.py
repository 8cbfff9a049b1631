"""The Spark session: one builder for local mode and for `spark-submit`.

Under `spark-submit` what belongs to the cluster stays as it is: master, memory, shuffle, dynamic
allocation. In local mode it is set here. In both, times are UTC; workers run the interpreter that
runs the driver unless PYSPARK_PYTHON names another, and learn from the driver where S3 is, but no
key: each machine finds its own. A notebook that has a session of its own passes that to the
functions of `pipeline`.
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

from pyspark import SparkContext
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from curation.errors import UserError, told_by

_MIN_JAVA = 17
_SESSION = {"spark.sql.session.timeZone": "UTC"}
# What the workers' environment takes from the driver's; nothing of it is secret.
_FORWARDED = (
    *("AWS_REGION", "AWS_DEFAULT_REGION", "AWS_ENDPOINT_URL", "AWS_ENDPOINT_URL_S3"),
    *("WINNOW_S3_ANONYMOUS", "WINNOW_S3_REQUESTER_PAYS"),
)
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
    os.environ.setdefault("PYSPARK_PYTHON", sys.executable)
    with _settings() as settings:
        spark = _create({**settings, **(conf or {})})
    tell_workers(spark)
    spark.sparkContext.setLogLevel("ERROR")
    # Spark's own handler calls the JVM, which may be in the middle of a call.
    signal.signal(signal.SIGINT, _interrupt)
    return spark


@contextmanager
def _settings() -> Iterator[Mapping[str, str]]:
    """What is set here. The JVM starts inside the context, for it reads a file of ours then."""
    if is_submitted():
        yield _SESSION
        return
    require_java()
    # From a zip it is a temporary file. As a URI, for Java options are split at spaces.
    with resources.as_file(resources.files("curation").joinpath("log4j2.properties")) as log4j:
        options = f"-Dlog4j2.configurationFile={log4j.absolute().as_uri()}"
        yield {**_SESSION, **_LOCAL, "spark.driver.extraJavaOptions": options}


def _create(settings: Mapping[str, str]) -> SparkSession:
    builder = SparkSession.builder.appName("winnow")
    for key, value in settings.items():
        builder = builder.config(key, value)
    try:
        return builder.getOrCreate()
    except PySparkException as error:
        reason = str(error).splitlines()[0]
        raise UserError(f"Spark did not start: {reason}: check --spark-conf") from error


def tell_workers(spark: SparkSession) -> None:
    """Puts what the driver's environment says of S3 into that of workers.

    What `spark.executorEnv.*` has put there stays.
    """
    for name in _FORWARDED:
        if name in os.environ:
            spark.sparkContext.environment.setdefault(name, os.environ[name])


def _interrupt(_signal: int, _frame: object) -> None:
    logging.disable(logging.CRITICAL)  # py4j would log the interrupt with a traceback
    raise KeyboardInterrupt


def is_submitted() -> bool:
    """Whether `spark-submit` started this process, with a JVM that is there already."""
    return "PYSPARK_GATEWAY_PORT" in os.environ


@contextmanager
def session(conf: Mapping[str, str] | None = None) -> Iterator[SparkSession]:
    """A session that stops when the context ends; in local mode its JVM ends too.

    So what comes then has the memory, and another session starts another JVM. A `UserError` of a
    task comes out as one.
    """
    spark = start_session(conf)
    try:
        with lasting_errors():
            yield spark
    finally:
        spark.sparkContext.setLogLevel("OFF")  # what tasks say as they are cut off
        spark.stop()
        if not is_submitted():
            _end_jvm()


@contextmanager
def lasting_errors() -> Iterator[None]:
    """Errors of Spark as ones that can be shown when the session is over.

    Spark's own ask the JVM for their text, and fail at that when there is none.
    """
    try:
        yield
    except PySparkException as error:
        if told := told_by(error):
            raise UserError(told) from error
        raise PySparkException(str(error)).with_traceback(error.__traceback__) from None


def _end_jvm() -> None:
    gateway, SparkContext._gateway, SparkContext._jvm = SparkContext._gateway, None, None  # noqa: SLF001
    if gateway is not None:
        gateway.shutdown()
        gateway.proc.stdin.close()  # at which it ends
        gateway.proc.wait()


def require_java() -> None:
    """Raises `UserError`, with the command that installs it, unless Java 17 or newer is there.

    Under `spark-submit` there is nothing to ask: a JVM runs already.
    """
    if is_submitted():
        return
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
