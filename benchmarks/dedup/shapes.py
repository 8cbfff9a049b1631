"""Shapes that are hard for deduplication: a star, a clique, a chain, a template, singletons.

Usage: `python -m benchmarks.dedup.shapes OUTPUT [--scale 0.01]`

Made of signatures alone, which is what near-deduplication reads. For each shape: who stays, of how
many; rounds, pairs, seconds, and the longest Spark task.
"""

from __future__ import annotations

import argparse
import shutil
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from benchmarks.events import EVENT_LOG, read_steps
from curation.dedup.config import DedupConfig
from curation.dedup.minhash import MinHashParams
from curation.dedup.near import find_clusters
from curation.parts import Parts, plan_parts
from curation.session import session
from curation.splits import ROW_BITS
from curation.tables import write_file
from schemas.keys import KEYS

Minima = npt.NDArray[np.uint32]
_ROWS_PER_SPLIT = 100_000
_PARAMS = MinHashParams()


def star(dice: np.random.Generator, pages: int) -> Iterator[Minima]:
    """Near-copies of one page: 0.875 to it, and 0.77 to each other."""
    yield from _copies(dice, pages, changed=14)


def clique(dice: np.random.Generator, pages: int) -> Iterator[Minima]:
    """Near-copies that are all 0.98 to one another."""
    yield from _copies(dice, pages, changed=1)


def template(dice: np.random.Generator, pages: int) -> Iterator[Minima]:
    """Pages of one template, of which nobody is similar enough to another: 0.6 to the template."""
    yield from _copies(dice, pages, changed=45)


def chain(dice: np.random.Generator, pages: int) -> Iterator[Minima]:
    """Each page 0.857 to the next one, and too little to the one after that."""
    link = _draw(dice, 1)[0]
    changed = 16
    for start in range(0, pages, _ROWS_PER_SPLIT):
        rows = np.empty((min(_ROWS_PER_SPLIT, pages - start), _PARAMS.n), np.uint32)
        for row in range(len(rows)):
            rows[row] = link
            at = (changed * (start + row) + np.arange(changed)) % _PARAMS.n
            link = link.copy()
            link[at] = dice.integers(0, 2**32, changed, dtype=np.uint32)
        yield rows


def singletons(dice: np.random.Generator, pages: int) -> Iterator[Minima]:
    """Pages that have nothing in common."""
    for start in range(0, pages, _ROWS_PER_SPLIT):
        yield _draw(dice, min(_ROWS_PER_SPLIT, pages - start))


SHAPES: dict[str, tuple[Callable[[np.random.Generator, int], Iterator[Minima]], int]] = {
    "star": (star, 100_000),
    "clique": (clique, 100_000),
    "chain": (chain, 100_000),
    "template": (template, 100_000),
    "singletons": (singletons, 2_000_000),
}


def _copies(dice: np.random.Generator, pages: int, *, changed: int) -> Iterator[Minima]:
    center = _draw(dice, 1)
    for start in range(0, pages, _ROWS_PER_SPLIT):
        number = min(_ROWS_PER_SPLIT, pages - start)
        rows = np.repeat(center, number, axis=0)
        at = np.argsort(dice.random((number, _PARAMS.n)), axis=1)[:, :changed]
        if start == 0:
            at = at[1:]  # the page itself comes first
        first = number - len(at)
        new = dice.integers(0, 2**32, at.shape, dtype=np.uint32)
        np.put_along_axis(rows[first:], at, new, axis=1)
        yield rows


def _draw(dice: np.random.Generator, rows: int) -> Minima:
    return dice.integers(0, 2**32, (rows, _PARAMS.n), dtype=np.uint32)


def write_keys(folder: Path, minima: Iterator[Minima]) -> Parts:
    """Keys with these signatures and nothing else, in splits; who comes first stays."""
    files, number = {}, 0
    for split, rows in enumerate(minima):
        numbers = range(number, number + len(rows))
        number += len(rows)
        keys = pa.table(
            {
                "doc_id": [f"{n:032x}" for n in numbers],
                "position": (split << ROW_BITS) + np.arange(len(rows)),
                "order_key": np.zeros(len(rows), np.int64),
                "input": pa.repeat("crawl", len(rows)),
                "language": pa.repeat("en", len(rows)),
                "is_version": np.ones(len(rows), bool),
                "curated": np.zeros(len(rows), bool),
                "row_hash": np.zeros(len(rows), np.int64),
                "signature": [row.astype("<u4").tobytes() for row in rows],
            }
        )
        (batch,) = keys.combine_chunks().to_batches()
        conformed = pa.Table.from_batches([KEYS.conform(batch)])
        files[split] = [write_file(str(folder), f"{split:06d}-x-0", KEYS, conformed)]
    return plan_parts(str(folder), files, dict.fromkeys(files, "crawl"), KEYS)


def main() -> None:
    """Prints a row for each shape."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("output", type=Path)
    parser.add_argument("--scale", type=float, default=1.0, help="of the numbers of pages")
    options = parser.parse_args()
    print("| shape | pages | stay | rounds | pairs | wall s | longest task s |")
    print("|:--|--:|--:|--:|--:|--:|--:|")
    for name, (make, pages) in SHAPES.items():
        folder = options.output / f"shape-{name}"
        shutil.rmtree(folder, ignore_errors=True)
        number = max(1, round(pages * options.scale))
        parts = write_keys(folder, make(np.random.default_rng(1), number))
        print(f"| {name} | {number} | {_find(parts, folder, number)} |", flush=True)
        shutil.rmtree(folder)


def _find(parts: Parts, folder: Path, pages: int) -> str:
    events = folder / "events"
    events.mkdir()
    config = DedupConfig(keep=(), near=_PARAMS)
    conf = {"spark.master": "local[2]", **EVENT_LOG, "spark.eventLog.dir": events.as_uri()}
    with session(conf) as spark:
        began_s = time.monotonic()
        found = find_clusters(spark, spark.sparkContext.broadcast(parts), config, documents=pages)
        wall_s = time.monotonic() - began_s
    gone = 0
    for file in found.files:
        keepers = pq.read_table(folder / file["path"], columns=["keeper"])["keeper"]
        gone += len(keepers) - keepers.null_count
    (log,) = events.iterdir()
    longest_s = max(step.longest_task_s for step in read_steps(log))
    return f"{pages - gone} | {found.rounds} | {found.pairs} | {wall_s:.1f} | {longest_s:.1f}"


if __name__ == "__main__":
    main()
