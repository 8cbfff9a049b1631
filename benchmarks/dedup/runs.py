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
from benchmarks.events import Stage, read_stages
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
        return Measured(
            engine.name,
            documents,
            usage,
            frozenset(engine.kept(corpus, output)),
            _steps(output, usage),
            read_stages(log),
        )


def _steps(output: Path, usage: Usage) -> list[Step]:
    """From the start of the process on, so that imports belong to the first one."""
    times = json.loads((output / "steps.json").read_text())
    began_s = usage.samples[0].at_s
    steps = []
    for name, (_, ended_s) in times.items():
        cpu_s = usage.cpu_s(start_s=began_s, end_s=ended_s)
        steps.append(Step(name, ended_s - began_s, cpu_s))
        began_s = ended_s
    return steps
