"""A whole `curate run` over a folder of WARC files: pages per CPU second, and peak memory.

Usage: `python -m benchmarks.pipeline FOLDER [--set key=value ...]`

CPU and memory are those of the whole process tree (driver, JVM, Python workers), summed from
/proc: Spark's worker daemon does not wait for its children, so what `time` prints misses them. A
process that ends between two looks loses what it used since the last one (0.2 s).
"""

from __future__ import annotations

import argparse
import json
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import psutil

_INTERVAL_S = 0.2


def measure(command: list[str]) -> dict[str, float]:
    """Runs `command`; returns wall and CPU seconds, and the tree's peak of unique memory in MB."""
    started, peak = time.monotonic(), 0
    cpu_s: dict[tuple[int, float], float] = {}
    process = psutil.Popen(command)
    while process.poll() is None:
        memory = 0
        for member in [process, *process.children(recursive=True)]:
            try:
                times = member.cpu_times()
                cpu_s[member.pid, member.create_time()] = times.user + times.system
                memory += member.memory_full_info().uss
            except psutil.Error:
                continue  # it has ended since it was listed
        peak = max(peak, memory)
        time.sleep(_INTERVAL_S)
    if process.returncode:
        raise subprocess.CalledProcessError(process.returncode, command)
    wall_s = time.monotonic() - started
    return {"wall_s": wall_s, "cpu_s": sum(cpu_s.values()), "peak_mb": peak / 1e6}


def main() -> None:
    """Prints the figures of one run as a table row."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--set", action="append", default=[], dest="overrides")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as scratch:
        output = Path(scratch, "run")
        command = [sys.executable, "-m", "curation.cli", "run", "--recipe", "default"]
        command += ["--input", f"{options.folder}/*.warc.gz", "--output", str(output)]
        command += [word for override in options.overrides for word in ("--set", override)]
        figures = measure(command)
        manifest = json.loads((output / "manifest.json").read_text())
    (funnel,) = manifest["funnel"].values()
    pages = funnel[0]["pages_in"]
    shipped = funnel[-1]["pages_out"]
    print("| pages | in shards | wall s | CPU s | pages per CPU s | peak MB |")
    print("|--:|--:|--:|--:|--:|--:|")
    print(
        f"| {pages} | {shipped} | {figures['wall_s']:.0f} | {figures['cpu_s']:.0f} |"
        f" {pages / figures['cpu_s']:.1f} | {figures['peak_mb']:.0f} |"
    )


if __name__ == "__main__":
    main()
