"""The pipeline after extraction on a real cluster of this machine: figures per step, and growth.

Usage: `python -m benchmarks.scaling FOLDER [--documents N ...] [--executors N ...]`

In: nothing; synthetic documents are made in FOLDER and stay there for the next call. Each run is
a `curate run` on a Spark standalone cluster with so many executors of one core each. Out: a table
of all steps, a line fitted to each (CPU seconds and shuffled bytes over documents), and
`FOLDER/measured.json`, which `benchmarks.model` reads; a call replaces only what it measures anew.
Steps are those that Spark's event log names, so new ones appear by themselves. CPU seconds of a
step are those of all processes, between the start of its first job and the end of its last one.
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

import numpy as np
import psutil
import yaml

from benchmarks.cluster import running_cluster
from benchmarks.documents import make_documents
from benchmarks.events import EVENT_LOG, read_steps
from benchmarks.measure import DRIVER, JVM, PYTHON, measure
from benchmarks.visit import measure_visit

# Small, so that files and tasks grow with the documents.
_SPLIT_BYTES, _SHARD_BYTES = 4 << 20, 16 << 20
_EXECUTOR = {
    "spark.executor.cores": "1",
    "spark.executor.memory": "2g",
    "spark.scheduler.minRegisteredResourcesRatio": "1",
}


def main() -> None:
    """Measures all sizes, the smallest first, and prints after each."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--documents", type=int, nargs="+", default=[10_000, 100_000, 1_000_000])
    parser.add_argument("--executors", type=int, nargs="+", default=[1, 2])
    options = parser.parse_args()
    measured = options.folder / "measured.json"
    runs = _others(measured, options.documents, options.executors)
    _print_head()
    for run in runs:
        _print_run(run)
    with (
        _scratch(options.folder) as scratch,
        running_cluster(Path(scratch), cores=max(options.executors)) as (master, processes),
    ):
        for documents in sorted(options.documents):
            source = make_documents(options.folder.absolute(), documents)
            for executors in sorted(options.executors):
                with _scratch(scratch) as folder:
                    conf = {"spark.master": master, "spark.cores.max": str(executors)}
                    run = _run(Path(folder), source, conf, processes)
                runs.append({"documents": documents, "executors": executors, **run})
                _print_run(runs[-1])
                measured.write_text(json.dumps(runs, indent=1))
    if len({run["documents"] for run in runs}) > 1:
        _print_lines(runs)


def _others(measured: Path, documents: Sequence[int], executors: Sequence[int]) -> list[Any]:
    """What earlier calls measured in this folder and this one does not measure anew."""
    runs = json.loads(measured.read_text()) if measured.exists() else []
    return [r for r in runs if r["documents"] not in documents or r["executors"] not in executors]


def _scratch(folder: str | Path) -> TemporaryDirectory[str]:
    Path(folder).mkdir(parents=True, exist_ok=True)
    return TemporaryDirectory(prefix="run-", dir=Path(folder).absolute())


def _run(
    folder: Path, source: Path, conf: Mapping[str, str], cluster: Sequence[psutil.Process]
) -> dict[str, Any]:
    """One run in a new `folder`; its figures as JSON."""
    events, output, recipe = folder / "events", folder / "out", folder / "recipe.yaml"
    events.mkdir()
    recipe.write_text(yaml.safe_dump(_recipe(source)))
    settings = {**_EXECUTOR, **EVENT_LOG, "spark.eventLog.dir": events.as_uri(), **conf}
    command = [sys.executable, "-m", "curation.cli", "run"]
    command += ["--recipe", str(recipe), "--output", str(output)]
    command += [f"--spark-conf={key}={value}" for key, value in settings.items()]
    used = measure(command, beside=cluster)
    (log,) = events.iterdir()
    manifest = json.loads((output / "manifest.json").read_text())
    return {
        "wall_s": used.wall_s,
        "cpu_s": used.cpu_s(),
        "python_cpu_s": manifest["python_cpu_s"],
        "peak_mb": used.peak_mb(),
        "driver_peak_mb": used.peak_mb([DRIVER]),
        "steps": [
            {
                **asdict(step),
                "driver_cpu_s": used.cpu_s([DRIVER], start_s=step.start_s, end_s=step.end_s),
                "jvm_cpu_s": used.cpu_s([JVM], start_s=step.start_s, end_s=step.end_s),
                "python_cpu_s": used.cpu_s([PYTHON], start_s=step.start_s, end_s=step.end_s),
            }
            for step in read_steps(log)
        ],
        "funnel": next(iter(manifest["funnel"].values())),
        "tables": _tables(manifest["files"]),
        "visit": measure_visit(output / "documents", folder),
    }


def _recipe(source: Path) -> dict[str, Any]:
    return {
        "name": "scaling",
        "inputs": [
            {
                "name": "synthetic",
                "paths": [str(source)],
                "format": "parquet",
                "stages": ["language", "heuristics"],
            }
        ],
        "splits": {"target_bytes": _SPLIT_BYTES},
        "mix": None,
        "shards": {"target_tokens": _SHARD_BYTES // 4},
    }


def _tables(files: Iterable[Mapping[str, Any]]) -> dict[str, dict[str, int]]:
    """Files, rows and bytes of each table of the run."""
    tables: dict[str, dict[str, int]] = {}
    for file in files:
        table = tables.setdefault(file["table"], {"files": 0, "rows": 0, "bytes": 0})
        table["files"] += 1
        table["rows"] += file["rows"]
        table["bytes"] += file["bytes"]
    return tables


def _cpu_s(step: Mapping[str, Any]) -> float:
    return sum(step[f"{part}_cpu_s"] for part in (DRIVER, JVM, PYTHON))


def _print_head() -> None:
    print(
        "| documents | executors | step | wall s | tasks | CPU s: driver | JVM | Python |"
        " shuffle MB written | read | spilled MB: memory | disk | longest task s |"
        " most records in a task | driver peak MB |"
    )
    print("|--:|--:|:--|" + "--:|" * 12)


def _print_run(run: Mapping[str, Any]) -> None:
    start = f"| {run['documents']} | {run['executors']} |"
    for step in run["steps"]:
        cpu = " | ".join(f"{step[f'{part}_cpu_s']:.1f}" for part in (DRIVER, JVM, PYTHON))
        sizes = ("shuffle_written", "shuffle_read", "spilled_memory", "spilled_disk")
        moved = " | ".join(f"{step[f'{size}_bytes'] / 1e6:.1f}" for size in sizes)
        print(
            f"{start} {step['name']} | {step['end_s'] - step['start_s']:.1f} | {step['tasks']} |"
            f" {cpu} | {moved} | {step['longest_task_s']:.1f} | {step['most_records']} | |"
        )
    print(
        f"{start} whole run | {run['wall_s']:.1f} | | {run['cpu_s']:.1f} together |"
        f"{' |' * 8} {run['driver_peak_mb']:.0f} |",
        flush=True,
    )


def _print_lines(runs: Sequence[Mapping[str, Any]]) -> None:
    print(
        "\n| executors | step | CPU s at the start | CPU ms per document |"
        " shuffled bytes per document |\n|--:|:--|--:|--:|--:|"
    )
    for executors in sorted({run["executors"] for run in runs}):
        for step, line in fit([run for run in runs if run["executors"] == executors]).items():
            print(
                f"| {executors} | {step} | {line['start_cpu_s']:.1f} |"
                f" {line['cpu_s'] * 1e3:.3f} | {line['shuffled_bytes']:.0f} |"
            )


def fit(runs: Sequence[Mapping[str, Any]]) -> dict[str, dict[str, float]]:
    """Least squares over the documents of `runs`, by step: what a document costs, and a start."""
    lines = {}
    for name in {step["name"]: None for run in runs for step in run["steps"]}:
        found = [(run["documents"], s) for run in runs for s in run["steps"] if s["name"] == name]
        documents = [number for number, _ in found]
        if len(set(documents)) < 2:
            continue
        cpu_s, start_cpu_s = np.polyfit(documents, [_cpu_s(step) for _, step in found], 1)
        shuffled, _ = np.polyfit(documents, [s["shuffle_written_bytes"] for _, s in found], 1)
        lines[name] = {
            "cpu_s": float(cpu_s),
            "start_cpu_s": float(start_cpu_s),
            "shuffled_bytes": float(shuffled),
        }
    return lines


if __name__ == "__main__":
    main()
