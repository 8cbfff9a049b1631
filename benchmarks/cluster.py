"""A Spark standalone cluster of this machine: a master and a worker, processes of their own."""

from __future__ import annotations

import os
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path

import psutil
import pyspark

from benchmarks.measure import family

_SPARK_HOME = Path(pyspark.__file__).parent
_HOST = "127.0.0.1"
_WAIT_S = 60


@contextmanager
def running_cluster(folder: Path, *, cores: int) -> Iterator[tuple[str, list[psutil.Process]]]:
    """The master's address and both processes; `folder` holds logs and what tasks spill."""
    port = _free_port()
    address = f"spark://{_HOST}:{port}"
    room = ("--cores", str(cores), "--memory", f"{4 * cores}g", "--work-dir", str(folder / "work"))
    with ExitStack() as stack:
        master = _start(stack, folder, "master.Master", "--host", _HOST, "--port", str(port))
        _wait_for(port)
        worker = _start(stack, folder, "worker.Worker", "--host", _HOST, *room, address)
        yield address, [master, worker]


def _start(stack: ExitStack, folder: Path, part: str, *flags: str) -> psutil.Process:
    log = stack.enter_context((folder / f"{part}.log").open("w"))
    process = psutil.Popen(
        [
            *(str(_SPARK_HOME / "bin" / "spark-class"), f"org.apache.spark.deploy.{part}"),
            *("--webui-port", "0", *flags),
        ],
        env={
            **os.environ,
            "SPARK_HOME": str(_SPARK_HOME),
            "SPARK_LOCAL_IP": _HOST,
            "SPARK_LOCAL_DIRS": str(folder / "local"),
        },
        stdout=log,
        stderr=subprocess.STDOUT,
    )
    stack.callback(_end, process)
    return process


def _end(root: psutil.Process) -> None:
    members = family(root)
    for member in members:
        member.kill()
    psutil.wait_procs(members, timeout=_WAIT_S)


def _free_port() -> int:
    with socket.create_server((_HOST, 0)) as server:
        port: int = server.getsockname()[1]
        return port


def _wait_for(port: int) -> None:
    deadline = time.monotonic() + _WAIT_S
    while True:
        try:
            socket.create_connection((_HOST, port)).close()
        except ConnectionRefusedError:
            if time.monotonic() > deadline:
                raise
            time.sleep(0.1)
        else:
            return
