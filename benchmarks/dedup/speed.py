"""How fast each engine is over corpora of some sizes, and what it removes of each.

Start-up is what an engine uses for 100 documents. The slope between two sizes leaves out all that
a run costs once.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from itertools import pairwise
from typing import Any

import numpy as np

from benchmarks.dedup.corpus import name
from benchmarks.dedup.families import draw_families
from benchmarks.dedup.runs import Measured

Row = dict[str, Any]
START_DOCUMENTS = 100
"""Documents of the corpus that stands for start-up."""


def rows(runs: Sequence[Measured], starts: Mapping[str, Measured]) -> list[Row]:
    """A row for each run; `starts` are the runs over 100 documents, by engine."""
    return [_row(run, starts[run.engine].usage.cpu_s()) for run in runs]


def _row(run: Measured, start_cpu_s: float) -> Row:
    cpu_s = run.usage.cpu_s()
    return {
        "engine": run.engine,
        "documents": run.documents,
        "wall s": round(run.usage.wall_s, 1),
        "CPU s": round(cpu_s, 1),
        "of it start-up": round(start_cpu_s, 1),
        "documents per CPU s": round(run.documents / cpu_s),
        "without start-up": round((run.documents - START_DOCUMENTS) / (cpu_s - start_cpu_s)),
        "peak MB": round(run.usage.peak_mb()),
        "largest worker MB": round(run.usage.worker_peak_mb),
        **_removed(run),
    }


def _removed(run: Measured) -> Row:
    """Beside how many documents are planted repeats; strangers are those that repeat nothing."""
    families = draw_families(run.documents)
    sources, numbers = families.source, np.arange(run.documents)
    alone = (sources == numbers) & ~np.isin(numbers, sources[sources != numbers])
    gone = np.array([name(number) not in run.kept for number in range(run.documents)])
    return {
        "planted": families.repeated,
        "removed": int(gone.sum()),
        "strangers removed": int((gone & alone).sum()),
    }


def slopes(runs: Iterable[Measured]) -> list[Row]:
    """From each size to the next one, by engine."""
    by_engine: dict[str, list[Measured]] = {}
    for run in sorted(runs, key=lambda run: run.documents):
        by_engine.setdefault(run.engine, []).append(run)
    return [
        {
            "engine": engine,
            "from": small.documents,
            "to": large.documents,
            "documents per CPU s": round(
                (large.documents - small.documents) / (large.usage.cpu_s() - small.usage.cpu_s())
            ),
        }
        for engine, of_engine in by_engine.items()
        for small, large in pairwise(of_engine)
    ]


def steps(runs: Iterable[Measured]) -> list[Row]:
    """Our steps."""
    return [
        {
            "documents": run.documents,
            "step": step.name,
            "wall s": round(step.wall_s, 1),
            "CPU s": round(step.cpu_s, 1),
            "documents per CPU s": round(run.documents / step.cpu_s),
        }
        for run in runs
        for step in run.steps
    ]


def shuffles(runs: Iterable[Measured]) -> list[Row]:
    """What each of our Spark stages shuffles per document; stages that shuffle nothing are out."""
    return [
        {
            "documents": run.documents,
            "step": stage.step,
            "stage": stage.number,
            "tasks": stage.tasks,
            "task s": round(stage.task_s, 1),
            "rows written per document": round(stage.shuffle_written_records / run.documents, 3),
            "bytes written": round(stage.shuffle_written_bytes / run.documents, 1),
            "bytes read": round(stage.shuffle_read_bytes / run.documents, 1),
        }
        for run in runs
        for stage in run.stages
        if stage.shuffle_written_bytes or stage.shuffle_read_bytes
    ]
