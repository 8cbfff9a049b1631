"""A Spark standalone cluster on this machine: a master, two workers, and jobs submitted to it.

All are processes of their own, without a home. The workers' hosts are two names of one address,
for Spark starts no twin of a task on the host where the task runs. Workers are told nothing but
what stands here, so what a job needs must come with the job.
"""

from __future__ import annotations

import os
import re
import subprocess
import uuid
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import psutil
import pyspark

from curation import __version__
from tests.archive import ROOT
from tests.runs import wait_until

ZIP = ROOT / "dist" / f"winnow-curation-{__version__}-pyfiles.zip"
ENVIRONMENT = ROOT / "dist" / "environment.tar.gz"
PYTHON = ROOT / "build" / "env" / "bin" / "python"  # all that a run needs, but not the project
_SPARK_HOME = Path(pyspark.__file__).parent
_HOSTS = ("127.0.0.1", "localhost")
_WAIT_S = 120
_QUICK = "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC"  # JVMs that live for seconds
_CONF = {  # what a cluster's spark-defaults.conf says: jobs leave it as it is
    "spark.driver.extraJavaOptions": _QUICK,
    "spark.executor.extraJavaOptions": _QUICK,
    "spark.ui.enabled": "false",
    "spark.driver.host": "127.0.0.1",
    "spark.executor.memory": "1g",
    "spark.executor.cores": "1",
    "spark.cores.max": "2",
    "spark.scheduler.minRegisteredResourcesRatio": "1",
    "spark.sql.shuffle.partitions": "3",
}


@dataclass(frozen=True)
class Job:
    """A job that was submitted."""

    process: psutil.Popen
    log: Path

    def finish(self) -> None:
        """Waits until it ends well."""
        assert self.process.wait(2 * _WAIT_S) == 0, self.log.read_text()[-5000:]


@dataclass(frozen=True)
class Cluster:
    """The master's address, the workers, and a folder of logs and temporary files."""

    master: str
    workers: tuple[psutil.Popen, ...]
    folder: Path
    stack: ExitStack

    def executors(self) -> list[psutil.Process]:
        """The executors that run now, on both workers."""
        children = [child for worker in self.workers for child in worker.children()]
        return [child for child in children if "CoarseGrainedExecutorBackend" in _command(child)]

    def submit(
        self,
        job: str,
        *arguments: str | Path,
        conf: Mapping[str, str] | None = None,
        options: tuple[str | Path, ...] = ("--py-files", ZIP),
        environment: Mapping[str, str] | None = None,
    ) -> Job:
        """Starts a job with `spark-submit`."""
        settings = {**_CONF, **(conf or {})}
        flags = [word for key, value in settings.items() for word in ("--conf", f"{key}={value}")]
        command = ["spark-submit", "--master", self.master, *flags, *options, ROOT / "jobs" / job]
        told = {"PYSPARK_PYTHON": str(PYTHON), **(environment or {})}
        return Job(*_start(self.stack, self.folder, job, [*command, *arguments], told))


@contextmanager
def running_cluster(folder: Path, environment: Mapping[str, str]) -> Iterator[Cluster]:
    """A cluster whose workers have `environment`; all its processes end with the context."""
    (folder / "tmp").mkdir()
    with ExitStack() as stack:
        start = partial(_start, stack, folder, told=environment)
        master, log = start("master", (*_daemon("master.Master", _HOSTS[0]), "--port", "0"))
        wait_until(lambda: master.poll() is not None or _address(log) is not None)
        address = _address(log)
        assert address, log.read_text()
        room = ("--cores", "8", "--memory", "8g", "--work-dir", f"{folder}/work", address)
        commands = [(*_daemon("worker.Worker", host), *room) for host in _HOSTS]
        workers = tuple(start("worker", command)[0] for command in commands)
        yield Cluster(address, workers, folder, stack)


def _daemon(name: str, host: str) -> tuple[str, ...]:
    return ("spark-class", f"org.apache.spark.deploy.{name}", "--host", host, "--webui-port", "0")


def _start(
    stack: ExitStack,
    folder: Path,
    name: str,
    command: Sequence[str | Path],
    told: Mapping[str, str],
) -> tuple[psutil.Popen, Path]:
    """Starts a process that ends with `stack`; its log is in `folder`."""
    log = folder / f"{name}-{uuid.uuid4().hex[:8]}.log"
    script, *arguments = map(str, command)
    process = psutil.Popen(
        [str(_SPARK_HOME / "bin" / script), *arguments],
        env={**_environment(folder), **told},
        cwd=folder,
        stdout=stack.enter_context(log.open("w")),
        stderr=subprocess.STDOUT,
    )
    stack.callback(_end, process)
    return process, log


def _end(process: psutil.Popen) -> None:
    if process.poll() is None:
        family = [process, *process.children(recursive=True)]
        for member in family:
            with suppress(psutil.NoSuchProcess):
                member.kill()
        psutil.wait_procs(family, timeout=_WAIT_S)


def _environment(folder: Path) -> dict[str, str]:
    known = {name: os.environ[name] for name in ("PATH", "JAVA_HOME") if name in os.environ}
    return {
        **known,
        "SPARK_HOME": str(_SPARK_HOME),
        "SPARK_LOCAL_IP": "127.0.0.1",
        "SPARK_LOCAL_DIRS": str(folder / "local"),
        "SPARK_DAEMON_MEMORY": "256m",
        "SPARK_DAEMON_JAVA_OPTS": _QUICK,
        "HOME": str(folder / "missing"),
        "TMPDIR": str(folder / "tmp"),
    }


def _address(log: Path) -> str | None:
    found = re.search(r"Starting Spark master at (spark://\S+)", log.read_text())
    return found[1] if found else None


def _command(process: psutil.Process) -> str:
    try:
        return " ".join(process.cmdline())
    except psutil.NoSuchProcess:
        return ""
