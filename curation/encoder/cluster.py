"""The Ray that scores: a cluster that is there, or one that is started here and ends with us."""

from __future__ import annotations

import contextlib
import logging
import os
import socket
from collections.abc import Iterator
from typing import Any

import psutil

from curation.encoder.own_folder import own_folder
from curation.errors import UserError

_OBJECT_BYTES = 1 << 30
_LEAST_OBJECT_BYTES = 80 << 20
_ANSWER_S = 10
_SETTINGS = {
    "RAY_USAGE_STATS_ENABLED": "0",
    "RAY_BACKEND_LOG_LEVEL": "fatal",
    "RAY_task_oom_retries": "3",  # Ray's own: for ever
    "RAY_worker_niceness": "0",
    "RAY_ACCEL_ENV_VAR_OVERRIDE_ON_ZERO": "0",
}


@contextlib.contextmanager
def connected(address: str | None) -> Iterator[None]:
    """Connects to the cluster at `address` (`auto`, or HOST:PORT), or starts one here.

    Ray reads settings when it is imported, so that is done here.
    """
    for name, value in _SETTINGS.items():
        os.environ.setdefault(name, value)
    import ray

    if address:
        require_answer(address)
    with contextlib.ExitStack() as stack:
        told = {"address": address} if address else _local(stack.enter_context(own_folder()))
        # What Ray prints of workers that died goes to standard output, which is nobody's here.
        nowhere = stack.enter_context(open(os.devnull, "w"))
        stack.enter_context(contextlib.redirect_stdout(nowhere))
        stack.callback(ray.shutdown)
        _init(told, address)
        yield


def _init(told: dict[str, Any], address: str | None) -> None:
    import ray

    try:
        with _silent():  # Ray's own library says at what level it logs
            ray.init(
                **told, log_to_driver=False, logging_level=logging.ERROR, configure_logging=True
            )
    except (ConnectionError, RuntimeError, ValueError) as error:
        where = f"no cluster at {address}" if address else "it did not start here"
        raise UserError(f"Ray: {where}: {str(error).splitlines()[0]}") from error


def require_answer(address: str) -> None:
    """Raises `UserError` where nothing listens at HOST:PORT: Ray would try for minutes."""
    host, colon, port = address.rpartition(":")
    if not colon:  # 'auto'
        return
    try:
        socket.create_connection((host.strip("[]"), int(port)), _ANSWER_S).close()
    except (OSError, UnicodeError) as error:  # the latter for what is no name of a host
        raise UserError(f"--ray-address {address}: no Ray answers there: {error}") from error


@contextlib.contextmanager
def _silent() -> Iterator[None]:
    """Nothing comes to standard error, not from libraries either."""
    before = os.dup(2)
    nowhere = os.open(os.devnull, os.O_WRONLY)
    try:
        os.dup2(nowhere, 2)
        yield
    finally:
        os.dup2(before, 2)
        os.close(before)
        os.close(nowhere)


def _local(folder: str) -> dict[str, Any]:
    free = psutil.virtual_memory().available // 4
    return {
        "address": "local",  # else Ray takes what RAY_ADDRESS names, or what runs here already
        "include_dashboard": False,
        "object_store_memory": max(_LEAST_OBJECT_BYTES, min(_OBJECT_BYTES, free)),
        "_temp_dir": folder,
    }
