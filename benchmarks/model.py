"""What 3 billion pages would take on 100 nodes: hours, dollars, largest tasks, what breaks first.

Usage: `python -m benchmarks.model FOLDER/measured.json [--pages-per-cpu-s N] [--kept N] ...`

In: what `benchmarks.scaling` wrote, the pages per CPU second of `benchmarks.pipeline`, and the
driver's memory in `benchmarks.planning`. Out: Markdown. Nobody has run this: it says what follows
from the figures, not what will be.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from math import isinf
from pathlib import Path

from benchmarks.crawl import GET_S, MIX_REQUESTS, SHARD_BYTES, Crawl, Measured, Nodes, Step
from benchmarks.scaling import fit
from curation.mixing.shards import _MAX_TASK_BYTES

_RESULT_LIMIT_MB = 1074  # spark.driver.maxResultSize, Spark's default
_DRIVER_LIMIT_MB = 4000
_NARROW_ROW_BYTES, _NARROW_COPIES = 75, 3  # what a task of the mix holds of each document
_HELD_BYTES, _SHARD_COPIES = 256 << 20, 3  # pieces in memory; a shard while it is written
_SPILLED_RATIO = 0.6  # of text as Arrow with LZ4
_MULTIPLES = (1, 1.5, 2, 3, 5, 7, 10, 15, 20, 30, 50, 70, 100)


@dataclass(frozen=True)
class Limit:
    """Something that grows with the crawl, on nodes that stay the same, until it does not fit."""

    what: str
    unit: str
    used: Callable[[Crawl, Nodes], float]
    limit: Callable[[Crawl, Nodes], float]

    def multiple(self, crawl: Crawl, nodes: Nodes) -> float:
        """The first of some multiples of the crawl that does not fit; infinity where all do."""
        for times in _MULTIPLES:
            grown = replace(crawl, files=int(crawl.files * times), pages=crawl.pages * times)
            if self.used(grown, nodes) > self.limit(grown, nodes):
                return times
        return float("inf")


def _driver_mb(crawl: Crawl, _: Nodes) -> float:
    return crawl.measured.driver_start_mb + crawl.measured.driver_file_mb * crawl.files


def _results_mb(crawl: Crawl, _: Nodes) -> float:
    return crawl.files * crawl.measured.result_bytes / 1e6


def _hours(crawl: Crawl, nodes: Nodes, name: str) -> float:
    return sum(s.wall_s(nodes) for s in crawl.steps() if s.name == name) / 3600


def _usd(step: Step, nodes: Nodes) -> float:
    return step.wall_s(nodes) / 3600 * nodes.number * nodes.usd_per_hour


def _usd_of_nodes(crawl: Crawl, nodes: Nodes) -> float:
    return sum(_usd(step, nodes) for step in crawl.steps())


def _usd_of_mix_requests(crawl: Crawl, _: Nodes) -> float:
    return sum(usd for what, _, usd in crawl.requests() if what == MIX_REQUESTS)


def _mix_tasks_per_node(crawl: Crawl, nodes: Nodes) -> int:
    return min(nodes.vcpus, -(-crawl.mix_tasks // nodes.number))


def _mix_memory_gib(crawl: Crawl, nodes: Nodes) -> float:
    narrow = crawl.kept / crawl.mix_tasks * _NARROW_ROW_BYTES * _NARROW_COPIES
    of_task = narrow + _HELD_BYTES + SHARD_BYTES * _SHARD_COPIES
    return _mix_tasks_per_node(crawl, nodes) * of_task / (1 << 30)


def _mix_disk_gb(crawl: Crawl, nodes: Nodes) -> float:
    of_task = min(_MAX_TASK_BYTES, crawl.text_bytes / crawl.mix_tasks) * _SPILLED_RATIO
    shuffled = sum(step.shuffled_bytes for step in crawl.steps()) / nodes.number
    return (_mix_tasks_per_node(crawl, nodes) * of_task + shuffled) / 1e9


LIMITS = (
    Limit("driver: Python and JVM", "MB", _driver_mb, lambda *_: _DRIVER_LIMIT_MB),
    Limit(
        "driver: results of extract (spark.driver.maxResultSize)",
        *("MB", _results_mb, lambda *_: _RESULT_LIMIT_MB),
    ),
    Limit(
        "mix: hours, against those of extract",
        *("h", partial(_hours, name="mix"), partial(_hours, name="extract")),
    ),
    Limit(
        "mix: dollars for requests, against those for nodes",
        *("USD", _usd_of_mix_requests, _usd_of_nodes),
    ),
    Limit("mix: memory on a node", "GiB", _mix_memory_gib, lambda _, nodes: nodes.memory_gib),
    Limit("mix: local disk of a node", "GB", _mix_disk_gb, lambda _, nodes: nodes.disk_gb),
)


def main() -> None:
    """Prints the model."""
    options = _options()
    runs = json.loads(options.measured.read_text())
    fewest = min(run["executors"] for run in runs)
    runs = [run for run in runs if run["executors"] == fewest]
    largest = max(runs, key=lambda run: run["documents"])
    first = largest["steps"][0]
    measured = Measured(
        pages_per_cpu_s=options.pages_per_cpu_s,
        lines=fit(runs),
        visit=largest["visit"],
        result_bytes=first["result_bytes"] / first["tasks"],
        driver_start_mb=options.driver_start_mb,
        driver_file_mb=(options.driver_mb - options.driver_start_mb) / 90_000,
    )
    crawl = Crawl(options.files, options.pages, options.kept, measured)
    nodes = Nodes(options.nodes, options.usd_per_hour)
    _print_steps(crawl, nodes)
    _print_requests(crawl)
    _print_limits(crawl, nodes)
    _print_words(crawl, nodes)


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("measured", type=Path)
    parser.add_argument("--files", type=int, default=90_000, help="WARC files of 1 GB")
    parser.add_argument("--pages", type=float, default=3e9)
    parser.add_argument("--kept", type=float, default=0.5, help="share of pages; an assumption")
    parser.add_argument("--pages-per-cpu-s", type=float, default=28.2, help="benchmarks.pipeline")
    parser.add_argument("--driver-mb", type=float, default=2695, help="peak, benchmarks.planning")
    parser.add_argument("--driver-start-mb", type=float, default=1080, help="with hardly any file")
    parser.add_argument("--nodes", type=int, default=100)
    parser.add_argument("--usd-per-hour", type=float, default=1.54, help="for a node of 32 vCPUs")
    return parser.parse_args()


def _print_steps(crawl: Crawl, nodes: Nodes) -> None:
    print(
        "| step | CPU hours | tasks | wall hours | USD | longest task, min |"
        " shuffled GB | per node GB |\n|:--|--:|--:|--:|--:|--:|--:|--:|"
    )
    for step in crawl.steps():
        wall_h = step.wall_s(nodes) / 3600
        print(
            f"| {step.name} | {step.cpu_s / 3600:,.0f} | {step.tasks:,} | {wall_h:.1f} |"
            f" {_usd(step, nodes):,.0f} | {step.longest_s / 60:.1f} |"
            f" {step.shuffled_bytes / 1e9:,.0f} | {step.shuffled_bytes / 1e9 / nodes.number:.1f} |"
        )


def _print_requests(crawl: Crawl) -> None:
    print("\n| requests | millions | USD |\n|:--|--:|--:|")
    for what, number, usd in crawl.requests():
        print(f"| {what} | {number / 1e6:,.1f} | {usd:,.0f} |")


def _print_limits(crawl: Crawl, nodes: Nodes) -> None:
    print("\n| what may break | takes | of | does not fit at |\n|:--|--:|--:|--:|")
    for limit in sorted(LIMITS, key=lambda limit: limit.multiple(crawl, nodes)):
        multiple = limit.multiple(crawl, nodes)
        never = f"over {_MULTIPLES[-1]} times as much"
        when = never if isinf(multiple) else f"{multiple:g} times as much"
        used, there = limit.used(crawl, nodes), limit.limit(crawl, nodes)
        print(f"| {limit.what} | {used:,.3g} {limit.unit} | {there:,.4g} {limit.unit} | {when} |")


def _print_words(crawl: Crawl, nodes: Nodes) -> None:
    steps = crawl.steps()
    hours = sum(step.wall_s(nodes) for step in steps) / 3600
    machines = _usd_of_nodes(crawl, nodes)
    requests = sum(usd for _, _, usd in crawl.requests())
    longest = max(steps, key=lambda step: step.longest_s)
    first = min(LIMITS, key=lambda limit: limit.multiple(crawl, nodes))
    read_tb = crawl.visits * (crawl.footer_bytes + crawl.stretch_bytes) / 1e12
    print(
        f"\n{crawl.pages / 1e9:g} billion pages in {crawl.files:,} files on {nodes.number} nodes of"
        f" {nodes.vcpus} vCPUs: {hours:.0f} hours, {machines:,.0f} USD for nodes and"
        f" {requests:,.0f} USD for requests. {crawl.kept_share:.0%} are taken to be kept (an"
        f" assumption): {crawl.text_bytes / 1e12:.1f} TB of text in"
        f" {crawl.text_bytes / SHARD_BYTES:,.0f} shards. The longest task is one of"
        f" {longest.name}, {longest.longest_s / 60:.0f} minutes. A task of the mix opens all"
        f" {crawl.files:,} files of documents, {crawl.requests_per_visit:.0f} requests of"
        f" {GET_S * 1000:.0f} ms for each, and reads {crawl.row_groups_per_visit:.1f} row groups"
        f" and {crawl.footer_bytes / 1e3:.0f} KB of footer for a stretch of"
        f" {crawl.kept / crawl.visits:.0f} documents; all {crawl.mix_tasks} together read"
        f" {read_tb:.0f} TB. First to break as the crawl grows: {first.what}, at"
        f" {first.multiple(crawl, nodes):g} times as much. Where a vCPU is half as fast as the core"
        " measured, hours and dollars for nodes are twice as many."
    )


if __name__ == "__main__":
    main()
