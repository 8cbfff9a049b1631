"""A take-down against the whole run: wall seconds, and shards that were written anew.

Usage: `python -m benchmarks.take_down CORPUS [--documents N] [--pages N]`

The documents are synthetic ones, with duplicates among them, kept in the folder CORPUS.
"""

from __future__ import annotations

import argparse
import sys
import tempfile
from collections.abc import Sequence
from pathlib import Path

import numpy as np
import pyarrow.dataset as ds

from benchmarks.dedup.corpus import make_corpus
from benchmarks.measure import measure

_SPARK = ("--spark-conf", "spark.master=local[2]")
_SHARDS = 100
_TEXT_BYTES = 6000  # of a document, in the mean


def main() -> None:
    """Prints a table row for the run, and one for the take-down."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("corpus", type=Path)
    parser.add_argument("--documents", type=int, default=10_000)
    parser.add_argument("--pages", type=int, default=10, help="how many URLs are taken down")
    options = parser.parse_args()
    corpus = make_corpus(options.corpus, options.documents)
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch, "run")
        print("| command | wall s | shards | written |")
        print("|:--|--:|--:|--:|")
        _measure("run", _run(corpus, folder, options.documents), folder, 0)
        urls = Path(scratch, "urls.txt")
        urls.write_text("\n".join(_draw(folder, options.pages)))
        _measure("remove", ["remove", str(folder), "--urls", str(urls)], folder, 1)


def _run(corpus: Path, folder: Path, documents: int) -> list[str]:
    target = documents * _TEXT_BYTES // _SHARDS
    command = ["run", "--recipe", "default", "--input", str(corpus), "--output", str(folder)]
    command += ["--set", "inputs.0.stages=[language,pii,safety,heuristics]"]
    command += ["--set", "heuristics.prose.presets=[]"]  # drawn words are no prose
    return [
        *command,
        "--set",
        f"shards.target_tokens={target // 4}",
        "--set",
        "mix=null",
        "--set",
        "splits.target_bytes=8000000",
    ]


def _draw(folder: Path, number: int) -> Sequence[str]:
    every = ds.dataset(folder / "documents").to_table(columns=["url"])["url"].to_pylist()
    drawn: list[str] = (
        np.random.default_rng(1).choice(sorted(every), number, replace=False).tolist()
    )
    return drawn


def _measure(name: str, command: Sequence[str], folder: Path, take_down: int) -> None:
    used = measure([sys.executable, "-m", "curation.cli", *command, *_SPARK])
    layout = ds.dataset(folder / "layout").to_table()
    written = layout.filter(ds.field("removal") == take_down).num_rows
    print(f"| {name} | {used.wall_s:.0f} | {layout.num_rows} | {written} |", flush=True)


if __name__ == "__main__":
    main()
