"""One run of one engine over one corpus: what it used, and which documents stay.

In: an engine, a corpus, and the folder in which environments and scratch space are. Out:
`Measured`; what the engine wrote is deleted.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pyarrow.dataset as ds

from benchmarks.dedup.engines import OURS, Engine
from benchmarks.events import Stage, read_stages, read_steps
from benchmarks.measure import Usage, measure


@dataclass(frozen=True)
class Step:
    """A part of our run; its CPU seconds are those of all processes."""

    name: str
    wall_s: float
    cpu_s: float


@dataclass(frozen=True)
class Measured:
    """A run; `steps` and `stages` (of Spark) are known for our own only."""

    engine: str
    documents: int
    usage: Usage
    kept: frozenset[str]
    steps: Sequence[Step] = ()
    stages: Sequence[Stage] = ()


def run_engine(
    engine: Engine, corpus: Path, folder: Path, *, overrides: Sequence[str] = ()
) -> Measured:
    """Raises `CalledProcessError` when the engine fails; `overrides` are of our recipe."""
    python = engine.python(folder)
    documents = ds.dataset(corpus).count_rows()
    with TemporaryDirectory(prefix="run-", dir=folder) as scratch:
        output = Path(scratch)
        command = engine.command(python, corpus, output)
        if engine.name != OURS:
            usage = measure(command)
            kept = frozenset(engine.kept(corpus, output))
            return Measured(engine.name, documents, usage, kept)
        usage = measure([*command, *(f"--set={override}" for override in overrides)])
        (log,) = (output / "events").iterdir()
        kept = frozenset(engine.kept(corpus, output))
        steps = _steps(output, log, usage)
        return Measured(engine.name, documents, usage, kept, steps, read_stages(log))


def _steps(output: Path, log: Path, usage: Usage) -> list[Step]:
    """Ours, from the start of the process on; then those by which a step names its Spark jobs."""
    times: dict[str, tuple[float, float]] = json.loads((output / "steps.json").read_text())
    starts = [usage.samples[0].at_s, *(ended_s for _, ended_s in times.values())]
    found = [
        Step(name, ended_s - began_s, usage.cpu_s(start_s=began_s, end_s=ended_s))
        for began_s, (name, (_, ended_s)) in zip(starts, times.items(), strict=False)
    ]
    for step in read_steps(log):
        if step.name not in times:
            cpu_s = usage.cpu_s(start_s=step.start_s, end_s=step.end_s)
            found.append(Step(f"of them {step.name}", step.end_s - step.start_s, cpu_s))
    return found
