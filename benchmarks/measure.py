"""What a command uses while it runs, looked up in /proc for all of its processes.

Spark's worker daemon does not wait for its children, so what `time` prints misses them. Processes
`beside` the command are those of a cluster that it uses. A process that ends between two looks
loses what it used since the last one (0.2 s).
"""

from __future__ import annotations

import subprocess
import sys
import time
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import psutil

_INTERVAL_S = 0.2
DRIVER, JVM, PYTHON = "driver", "jvm", "python"
"""The command and all that it started; a cluster's JVMs; a cluster's Python workers."""
PARTS = (DRIVER, JVM, PYTHON)
_Member = tuple[int, float]  # a process: numbers are used again


@dataclass(frozen=True)
class Sample:
    """A look at time `at_s` (of the epoch): CPU seconds up to then, unique memory in bytes.

    `worker` is the memory of the largest process that is neither the command itself nor a JVM.
    """

    at_s: float
    cpu_s: Mapping[str, float]
    memory: Mapping[str, int]
    worker: int


@dataclass(frozen=True)
class Usage:
    """All looks at a command, from before it started."""

    samples: Sequence[Sample]

    @property
    def wall_s(self) -> float:
        """From start to end."""
        return self.samples[-1].at_s - self.samples[0].at_s

    def cpu_s(
        self, parts: Iterable[str] = PARTS, *, start_s: float = 0, end_s: float = float("inf")
    ) -> float:
        """CPU seconds between two times of the epoch."""
        at = [sample.at_s for sample in self.samples]
        used = [sum(sample.cpu_s[part] for part in parts) for sample in self.samples]
        return float(np.interp(end_s, at, used) - np.interp(start_s, at, used))

    def peak_mb(self, parts: Sequence[str] = PARTS) -> float:
        """The most memory in use at one look, in MB."""
        return max(sum(sample.memory[part] for part in parts) for sample in self.samples) / 1e6

    @property
    def worker_peak_mb(self) -> float:
        """The most memory that one process used which the command or a cluster started, no JVM."""
        return max(sample.worker for sample in self.samples) / 1e6


def measure(command: list[str], *, beside: Sequence[psutil.Process] = ()) -> Usage:
    """Runs `command`, whose output goes to standard error; raises `CalledProcessError`."""
    used: dict[_Member, tuple[str, float]] = {}
    samples = [_look((), beside, used)]
    process = psutil.Popen(command, stdout=sys.stderr)
    while process.poll() is None:
        samples.append(_look((process,), beside, used))
        time.sleep(_INTERVAL_S)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    return Usage(samples)


def _look(
    command: Sequence[psutil.Process],
    beside: Sequence[psutil.Process],
    used: dict[_Member, tuple[str, float]],
) -> Sample:
    """Brings `used` (what each process has used, also one that has ended) up to date."""
    memory, worker = dict.fromkeys(PARTS, 0), 0
    for root in (*command, *beside):
        for member in family(root):
            try:
                part = DRIVER if root in command else JVM if member.name() == "java" else PYTHON
                times = member.cpu_times()
                used[member.pid, member.create_time()] = part, times.user + times.system
                unique = member.memory_full_info().uss
                memory[part] += unique
                if member != root and member.name() != "java":
                    worker = max(worker, unique)
            except psutil.Error:
                continue  # it has ended since it was listed
    cpu_s = dict.fromkeys(PARTS, 0.0)
    for part, seconds in used.values():
        cpu_s[part] += seconds
    return Sample(time.time(), cpu_s, memory, worker)


def family(root: psutil.Process) -> list[psutil.Process]:
    """The process and all below it; none when it has ended."""
    try:
        return [root, *root.children(recursive=True)]
    except psutil.Error:
        return []
