"""A whole `curate run` over a folder of WARC files: pages per CPU second, and peak memory.

Usage: `python -m benchmarks.pipeline FOLDER [--set key=value ...]`
"""

from __future__ import annotations

import argparse
import json
import sys
import tempfile
from pathlib import Path

from benchmarks.measure import measure


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
        used = measure(command)
        manifest = json.loads((output / "manifest.json").read_text())
    (funnel,) = manifest["funnel"].values()
    pages = funnel[0]["pages_in"]
    shipped = funnel[-1]["pages_out"]
    print("| pages | in shards | wall s | CPU s | pages per CPU s | peak MB |")
    print("|--:|--:|--:|--:|--:|--:|")
    print(
        f"| {pages} | {shipped} | {used.wall_s:.0f} | {used.cpu_s():.0f} |"
        f" {pages / used.cpu_s():.1f} | {used.peak_mb():.0f} |"
    )


if __name__ == "__main__":
    main()
