"""The parent's end of a sandbox's child: it starts it, asks it, looks at it, ends it.

In: requests, as bytes, and what each may cost. Out: answers, or a `SandboxError`, after which the
child is gone and waited for. Invariant: no answer is taken for that of another request.

While a child is silent it is looked at every 100 ms; one that answers sooner costs no look.
"""

from __future__ import annotations

import math
import os
import pickle
import select
import signal
import socket
import subprocess
import sys
import threading
import weakref
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

import psutil

from curation.extract.sandbox.child import LENGTH_BYTES, OUT_OF_MEMORY, Outcome

_LOOK_MS = 100
_IDLE_S, _IDLE_FACTOR = 30.0, 20.0
_LOOK_AFTER_REQUESTS = 50
_CHUNK_BYTES = 1 << 16
_MAIN = "from curation.extract.sandbox.child import main; main()"


class Failure(StrEnum):
    """How a page broke the sandbox."""

    TIMEOUT = "timeout"
    MEMORY = "memory"
    CRASHED = "crashed"


class SandboxError(Exception):
    """The page broke the sandbox; the message is the same in every run in which it does."""

    def __init__(self, failure: Failure, why: str) -> None:
        super().__init__(why)
        self.failure = failure


class KilledError(SandboxError):
    """Somebody else killed the child, such as a kernel that ran out of memory."""


_lock = threading.Lock()
_cpu_s = 0.0


def take_cpu_s() -> float:
    """CPU seconds of this process's children since this was last asked: each is told once."""
    global _cpu_s
    with _lock:
        taken, _cpu_s = _cpu_s, 0.0
    return taken


@dataclass(frozen=True)
class Limits:
    """For one request."""

    cpu_s: float
    rss_bytes: int

    @property
    def looks(self) -> int:
        """How often it is looked at before its silence is too long.

        The clock is not asked, for it goes on while a machine is suspended.
        """
        return math.ceil((_IDLE_S + _IDLE_FACTOR * self.cpu_s) * 1000 / _LOOK_MS)


_START = Limits(cpu_s=120.0, rss_bytes=1 << 40)


class Child:
    """A process that answers one request after the other."""

    def __init__(self, start: bytes) -> None:
        self._channel, theirs = socket.socketpair()
        with theirs:
            self._process = subprocess.Popen(
                [sys.executable, "-P", "-c", _MAIN, str(theirs.fileno()), str(os.getpid())],
                env=_environment(),
                pass_fds=[theirs.fileno()],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                process_group=0,
            )
        self._channel.setblocking(False)
        self._events = select.poll()
        self._owner = os.getpid()
        # Called by us, or when we are dropped, or when this process exits.
        self.end = weakref.finalize(self, _end, self._process, self._channel, self._owner)
        self._watched = psutil.Process(self._process.pid)
        self._cpu_s, self._asked_at_cpu_s, self._rss_bytes, self._requests = 0.0, 0.0, 0, 0
        try:
            outcome, value = self.ask([start], _START)
        except SandboxError as error:
            raise RuntimeError(f"the sandbox does not start: {error}") from error
        if outcome != Outcome.RETURNED:
            self.end()
            raise RuntimeError(f"the sandbox does not start:\n{value}")

    def is_fit(self, max_pages: int, max_rss_bytes: int) -> bool:
        """Whether it may have another page: it is ours, there, not worn, and keeps no more."""
        if not self.end.alive or self._owner != os.getpid() or self._requests > max_pages:
            return False
        if self._events.poll(0):  # it has ended: there is nothing else to be read now
            return False
        if self._rss_bytes <= max_rss_bytes and self._requests % _LOOK_AFTER_REQUESTS:
            return True
        return int(self._watched.memory_info().rss) <= max_rss_bytes

    def ask(self, parts: Sequence[bytes], limits: Limits) -> tuple[Outcome, Any]:
        """What it answers to a request; it ends if this raises anything, such as `SandboxError`."""
        unsent = [memoryview(sent) for part in parts for sent in (_length(part), part)]
        answer = bytearray()
        self._rss_bytes, self._asked_at_cpu_s = 0, self._cpu_s
        try:
            self._wait(unsent, answer, limits)
        except _EndedError as error:
            raise self._failure(limits) from error
        except BaseException:
            self.end()
            raise
        outcome, value, cpu_s = pickle.loads(memoryview(answer)[LENGTH_BYTES:])  # noqa: S301
        self._count(cpu_s)
        self._requests += 1
        return outcome, value

    def _wait(self, unsent: list[memoryview], answer: bytearray, limits: Limits) -> None:
        for _ in range(limits.looks):
            if self._exchange(unsent, answer):
                return
            self._look(limits)
        raise SandboxError(Failure.TIMEOUT, "no answer, with little CPU time")

    def _exchange(self, unsent: list[memoryview], answer: bytearray) -> bool:
        """Whether the answer is whole; not yet, when nothing has moved for `_LOOK_MS`."""
        while not _is_whole(answer):
            self._events.register(
                self._channel, select.POLLIN | select.POLLOUT if unsent else select.POLLIN
            )
            events = self._events.poll(_LOOK_MS)
            if not events:
                return False
            [(_, event)] = events
            if event & select.POLLOUT:
                self._send(unsent)
            if event & ~select.POLLOUT:
                self._receive(answer)
        return True

    def _send(self, unsent: list[memoryview]) -> None:
        try:
            sent = self._channel.sendmsg(unsent)
        except (BrokenPipeError, ConnectionResetError):  # what it said before it ended is read
            unsent.clear()
            return
        while unsent and sent >= len(unsent[0]):
            sent -= len(unsent.pop(0))
        if unsent:
            unsent[0] = unsent[0][sent:]

    def _receive(self, answer: bytearray) -> None:
        try:
            received = self._channel.recv(_CHUNK_BYTES)
        except ConnectionResetError as error:  # it ended before it had read all
            raise _EndedError from error
        if not received:
            raise _EndedError
        answer += received

    def _look(self, limits: Limits) -> None:
        try:
            with self._watched.oneshot():
                times, status = self._watched.cpu_times(), self._watched.status()
                # The most so far: one that is being killed has given its memory back already.
                self._rss_bytes = max(self._rss_bytes, self._watched.memory_info().rss)
        except psutil.NoSuchProcess as error:
            raise _EndedError from error
        if status == psutil.STATUS_ZOMBIE:  # and what it forked keeps the socket open
            raise _EndedError
        self._count(times.user + times.system)
        if self._rss_bytes > limits.rss_bytes:
            raise _over_memory(limits)
        if self._cpu_s - self._asked_at_cpu_s > limits.cpu_s:
            raise _over_time(limits)

    def _failure(self, limits: Limits) -> SandboxError:
        """Why it ended by itself."""
        status = int(self.end() or 0)
        # The kernel kills what is large when a machine runs out of memory.
        is_large = self._rss_bytes > limits.rss_bytes // 2
        if status == OUT_OF_MEMORY or (status == -signal.SIGKILL and is_large):
            return _over_memory(limits)
        if status == -signal.SIGPROF:
            return _over_time(limits)
        how = f"killed by signal {-status}" if status < 0 else f"ended with status {status}"
        kind = KilledError if status == -signal.SIGKILL else SandboxError
        return kind(Failure.CRASHED, how)

    def _count(self, cpu_s: float) -> None:
        """It has used that much in all."""
        global _cpu_s  # noqa: PLW0603 - a fact about the process, like its own CPU time
        with _lock:
            _cpu_s += max(0.0, cpu_s - self._cpu_s)
        self._cpu_s = max(cpu_s, self._cpu_s)  # a look counts in ticks, an answer does not


class _EndedError(Exception):
    """The child is gone."""


def _over_memory(limits: Limits) -> SandboxError:
    return SandboxError(Failure.MEMORY, f"over {limits.rss_bytes} bytes of memory")


def _over_time(limits: Limits) -> SandboxError:
    return SandboxError(Failure.TIMEOUT, f"over {limits.cpu_s:.3g} s of CPU time")


def _length(part: bytes) -> bytes:
    return len(part).to_bytes(LENGTH_BYTES)


def _is_whole(answer: bytearray) -> bool:
    length = int.from_bytes(answer[:LENGTH_BYTES])
    return len(answer) >= LENGTH_BYTES and len(answer) - LENGTH_BYTES >= length


def _environment() -> dict[str, str]:
    """Ours, with the path on which we find modules, and the same order of sets in each child."""
    return {**os.environ, "PYTHONPATH": os.pathsep.join(_path()), "PYTHONHASHSEED": "0"}


def _path() -> list[str]:
    try:
        return [os.path.abspath(entry) for entry in sys.path]
    except FileNotFoundError:  # the current folder was removed; Python starts with no path to it
        return [entry for entry in sys.path if os.path.isabs(entry)]


def _end(process: subprocess.Popen[bytes], channel: socket.socket, owner: int) -> int:
    """Kills a child, and all that it forked, and waits; its status, also if it ended before."""
    channel.close()
    if os.getpid() != owner:
        process.returncode = 0  # nothing of ours to wait for: we were forked after it was started
        return 0
    # Until somebody waits for it, its number is not given to another process.
    with suppress(ProcessLookupError, PermissionError):
        os.killpg(process.pid, signal.SIGKILL)
    return process.wait()
