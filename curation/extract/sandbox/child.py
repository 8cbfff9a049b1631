"""The child of a sandbox: calls one function on page after page, as long as its parent is there.

In, on one socket, each after its length: first a pickle of the function, of the error that it may
raise and of a limit on address space in bytes; then, for each page, a pickle of the arguments
beside the page and of the CPU seconds after which we end ourselves, and the page as it is. Out,
after its length: a pickle of `(outcome, value, CPU seconds used so far)`, once when the function
has been imported, and once for each page. Invariant: neither what the function prints nor what it
closes, forks or raises is taken for an answer.
"""

from __future__ import annotations

import os
import pickle
import resource
import signal
import sys
import time
import traceback
from collections.abc import Callable
from enum import StrEnum
from typing import Any, BinaryIO

LENGTH_BYTES = 8
OUT_OF_MEMORY = 77
"""The exit status after a `MemoryError`: what it left behind is not used for another page."""
_BUFFER_BYTES = 1 << 16
_PR_SET_PDEATHSIG = 1


class Outcome(StrEnum):
    """What `value` of an answer is."""

    RETURNED = "returned"
    RAISED = "raised"  # the error that the function may raise
    OVERFLOWED = "overflowed"  # where Python's stack was full
    FAULT = "fault"  # the traceback of an error of ours


def main() -> None:
    """Serves the socket `sys.argv[1]` of the process `sys.argv[2]`; never returns."""
    channel, parent = int(sys.argv[1]), int(sys.argv[2])
    os.set_inheritable(channel, False)
    _die_with(parent)
    _limit(resource.RLIMIT_CORE, 0)
    # Not closed before we end: the parent would see that first, and kill us with another status.
    requests, answers = open(channel, "rb", _BUFFER_BYTES), open(channel, "wb")  # noqa: SIM115
    status = 1
    try:
        _serve(requests, answers)
        status = 0
    except MemoryError:
        status = OUT_OF_MEMORY
    except (BrokenPipeError, ConnectionResetError):  # the parent is gone
        status = 0
    finally:
        os._exit(status)  # threads that the function has left would keep the process


def _serve(requests: BinaryIO, answers: BinaryIO) -> None:
    start, own_pid = _receive(requests), os.getpid()
    loaded: tuple[Any, ...] = ()

    def load() -> None:
        nonlocal loaded
        loaded = pickle.loads(start)  # noqa: S301 - from our parent

    _send(answers, _outcome(load, raises=()))
    if not loaded:
        return
    function, raises, address_space_bytes = loaded
    if sys.platform == "linux":  # others refuse it, or take it and do nothing
        _limit(resource.RLIMIT_AS, address_space_bytes)
    while head := _receive(requests):
        arguments, keywords, timer_s = pickle.loads(head)  # noqa: S301 - from our parent
        page = _receive(requests)
        # While the parent is there it looks, and ends us before this. A timer and no limit: limits
        # count from our start, on a clock that may run at a fraction or a multiple of others.
        signal.setitimer(signal.ITIMER_PROF, timer_s)
        outcome = _outcome(lambda: function(page, *arguments, **keywords), raises=raises)  # noqa: B023
        if os.getpid() != own_pid:
            os._exit(0)  # forked by the function
        _send(answers, outcome)


def _outcome(call: Callable[[], Any], *, raises: type[Exception] | tuple[()]) -> bytes:
    try:
        return _answer(Outcome.RETURNED, call())
    except raises as error:
        return _answer(Outcome.RAISED, error)
    except MemoryError:
        raise
    except RecursionError as error:
        place = traceback.extract_tb(error.__traceback__)[-1]
        return _answer(Outcome.OVERFLOWED, f"RecursionError in {place.name}")
    except Exception:  # noqa: BLE001 - the parent raises it
        return _answer(Outcome.FAULT, traceback.format_exc())


def _answer(outcome: Outcome, value: object) -> bytes:
    return pickle.dumps((outcome, value, time.process_time()), pickle.HIGHEST_PROTOCOL)


def _receive(requests: BinaryIO) -> bytes:
    """What comes next, in the one copy that the function gets; empty when the parent is gone."""
    return requests.read(int.from_bytes(requests.read(LENGTH_BYTES)))


def _send(answers: BinaryIO, answer: bytes) -> None:
    answers.write(len(answer).to_bytes(LENGTH_BYTES))
    answers.write(answer)
    answers.flush()


def _limit(kind: int, value: int) -> None:
    """Lowers a limit for this process, as far as it is not lower."""
    _, most = resource.getrlimit(kind)
    soft = value if most == resource.RLIM_INFINITY else min(value, most)
    resource.setrlimit(kind, (soft, most))


def _die_with(parent: int) -> None:
    """On Linux the kernel kills us when the thread that started us ends, in whatever we are."""
    if sys.platform == "linux":
        import ctypes

        ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != parent:  # it went before that
        os._exit(0)
