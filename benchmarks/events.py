"""Spark's event log in, what each step of a run, or each stage of Spark, did out.

A step is what `driver.step` names by a job description, so steps that are new need nothing
here. Some jobs carry a description of Spark's own, to broadcast a table or to list files: they
belong to the step whose job follows. Work of the driver itself, between jobs, is not in the log.
"""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from typing import Any

EVENT_LOG = {
    "spark.eventLog.enabled": "true",
    "spark.eventLog.compress": "false",
    "spark.eventLog.rolling.enabled": "false",
}
"""What makes Spark write a log that `read_steps` reads; `spark.eventLog.dir` comes to it."""
UNNAMED = "(unnamed)"
_OF_SPARK = ("broadcast exchange", "Listing leaf files")


@dataclass
class Step:
    """Sums over the tasks of a step, and the largest of them. Times are seconds of the epoch."""

    name: str
    start_s: float
    end_s: float
    tasks: int = 0
    task_s: float = 0
    shuffle_read_bytes: int = 0
    shuffle_written_bytes: int = 0
    spilled_memory_bytes: int = 0
    spilled_disk_bytes: int = 0
    result_bytes: int = 0
    longest_task_s: float = 0
    most_records: int = 0


@dataclass
class Stage:
    """What the tasks of a Spark stage took and shuffled; `number` is Spark's own."""

    number: int
    step: str
    tasks: int = 0
    task_s: float = 0
    shuffle_read_bytes: int = 0
    shuffle_written_bytes: int = 0
    shuffle_written_records: int = 0
    longest_task_s: float = 0
    median_task_s: float = 0


def read_stages(log: Path) -> list[Stage]:
    """The stages that had tasks, by number."""
    events = list(_read(log))
    jobs = [event for event in events if event["Event"] == "SparkListenerJobStart"]
    names = _names(jobs)
    stages: dict[int, Stage] = {}
    times_s: defaultdict[int, list[float]] = defaultdict(list)
    for job in jobs:
        for number in job["Stage IDs"]:
            stages.setdefault(number, Stage(number, names[job["Job ID"]]))
    for event in events:
        if event["Event"] == "SparkListenerTaskEnd" and event.get("Task Metrics"):
            info, stage = event["Task Info"], stages[event["Stage ID"]]
            written = event["Task Metrics"]["Shuffle Write Metrics"]
            stage.tasks += 1
            times_s[stage.number].append((info["Finish Time"] - info["Launch Time"]) / 1e3)
            stage.shuffle_read_bytes += _bytes_read(event)
            stage.shuffle_written_bytes += written["Shuffle Bytes Written"]
            stage.shuffle_written_records += written["Shuffle Records Written"]
    for number, of_tasks in times_s.items():
        stages[number].task_s = sum(of_tasks)
        stages[number].longest_task_s = max(of_tasks)
        stages[number].median_task_s = median(of_tasks)
    return sorted((s for s in stages.values() if s.tasks), key=lambda stage: stage.number)


def read_steps(log: Path) -> list[Step]:
    """The steps in the order in which they start."""
    events = list(_read(log))
    jobs = [event for event in events if event["Event"] == "SparkListenerJobStart"]
    ends = {
        e["Job ID"]: e["Completion Time"] for e in events if e["Event"] == "SparkListenerJobEnd"
    }
    names = _names(jobs)
    steps: dict[str, Step] = {}
    of_stages: dict[int, Step] = {}
    for job in jobs:
        start_s, end_s = job["Submission Time"] / 1e3, ends[job["Job ID"]] / 1e3
        name = names[job["Job ID"]]
        step = steps.setdefault(name, Step(name, start_s, end_s))
        step.end_s = max(step.end_s, end_s)
        of_stages |= dict.fromkeys(job["Stage IDs"], step)
    for event in events:
        if event["Event"] == "SparkListenerTaskEnd" and event.get("Task Metrics"):
            _add(of_stages[event["Stage ID"]], event)
    return list(steps.values())


def _read(log: Path) -> Iterator[dict[str, Any]]:
    wanted = ("JobStart", "JobEnd", "TaskEnd")
    with log.open() as lines:
        for line in lines:
            # Other events are many and long: plans of queries.
            if line.startswith(tuple(f'{{"Event":"SparkListener{name}"' for name in wanted)):
                yield json.loads(line)


def _names(jobs: Sequence[Mapping[str, Any]]) -> dict[int, str]:
    """The step of each job."""
    names, step = {}, UNNAMED
    for job in reversed(jobs):
        name = (job.get("Properties") or {}).get("spark.job.description", UNNAMED)
        if not name.startswith(_OF_SPARK):
            step = name
        names[job["Job ID"]] = step
    return names


def _add(step: Step, event: Mapping[str, Any]) -> None:
    info, metrics = event["Task Info"], event["Task Metrics"]
    read, written = metrics["Shuffle Read Metrics"], metrics["Shuffle Write Metrics"]
    records = metrics["Input Metrics"]["Records Read"] + read["Total Records Read"]
    task_s = (info["Finish Time"] - info["Launch Time"]) / 1e3
    step.tasks += 1
    step.task_s += task_s
    step.result_bytes += metrics["Result Size"]
    step.shuffle_read_bytes += _bytes_read(event)
    step.shuffle_written_bytes += written["Shuffle Bytes Written"]
    step.spilled_memory_bytes += metrics["Memory Bytes Spilled"]
    step.spilled_disk_bytes += metrics["Disk Bytes Spilled"]
    step.longest_task_s = max(step.longest_task_s, task_s)
    step.most_records = max(step.most_records, records)


def _bytes_read(event: Mapping[str, Any]) -> int:
    read = event["Task Metrics"]["Shuffle Read Metrics"]
    return int(read["Remote Bytes Read"] + read["Local Bytes Read"])
