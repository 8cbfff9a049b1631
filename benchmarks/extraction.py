"""Extraction against pages whose main text is known: quality, code and formulas kept, speed.

Usage: `python -m benchmarks.extraction DATA_DIR [--engines NAME ...] [--sets NAME ...] [--jobs N]
[--sample N] [--output FOLDER] [--diff ENGINE ENGINE] [--worst N]`

In: a folder as `benchmarks.gold` reads it. Each page goes through all engines before the next one
(in turns: another one is first each time), so that a noisy machine slows all of them; CPU time is
that of the process, one page at a time. Figures other than times do not depend on `--jobs`. Out:
tables, and all their rows in `FOLDER/measured.json`. With `--diff A B` also a text file each, in
`FOLDER/diff`, for the pages on which A is worst against B (`--diff A A`: on which A is worst).
"""

from __future__ import annotations

import argparse
import json
import sys
from collections.abc import Iterator, Sequence
from functools import partial
from importlib.metadata import version
from multiprocessing import get_context
from pathlib import Path

from benchmarks.extraction_diff import write_diffs
from benchmarks.extraction_engines import ENGINES, Result, visit, warm_up
from benchmarks.extraction_tables import Visited, make_tables, print_table
from benchmarks.gold import GoldPage, load_pages, set_names

_VERSIONS_OF = ("lxml", "resiliparse", "trafilatura")


def main() -> None:
    """Measures, prints and writes."""
    options = _options()
    pages = load_pages(options.data, options.sets or set_names(options.data), sample=options.sample)
    visited = list(zip(pages, _visit_all(pages, options.engines, options.jobs), strict=True))
    options.output.mkdir(parents=True, exist_ok=True)
    if options.diff:
        for file in write_diffs(options.output / "diff", visited, options.diff, options.worst):
            print(file)
    else:
        _report(visited, options.output / "measured.json")


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, metavar="DATA_DIR")
    parser.add_argument("--engines", nargs="+", choices=ENGINES, default=list(ENGINES))
    parser.add_argument("--sets", nargs="+", help="all, if not given")
    parser.add_argument("--jobs", type=int, default=1, help="processes")
    parser.add_argument("--sample", type=int, help="at most so many pages of a set")
    parser.add_argument("--output", type=Path, default=Path("out/extraction"))
    parser.add_argument("--diff", nargs=2, choices=ENGINES, metavar="ENGINE")
    parser.add_argument("--worst", type=int, default=20, help="pages of --diff, from each set")
    options = parser.parse_args()
    if options.diff:
        options.engines = list(dict.fromkeys(options.diff))
    return options


def _visit_all(
    pages: Sequence[GoldPage], engines: Sequence[str], jobs: int
) -> Iterator[dict[str, Result]]:
    """Results of `pages` in their order."""
    work = partial(_visit, engines=engines)
    if jobs == 1:
        warm_up(engines)
        yield from _with_progress(map(work, enumerate(pages)), len(pages))
        return
    with get_context("spawn").Pool(jobs, warm_up, (engines,)) as pool:
        yield from _with_progress(pool.imap(work, enumerate(pages), chunksize=4), len(pages))


def _visit(numbered: tuple[int, GoldPage], *, engines: Sequence[str]) -> dict[str, Result]:
    number, page = numbered
    return visit(page, engines, first=number)


def _with_progress(results: Iterator[dict[str, Result]], pages: int) -> Iterator[dict[str, Result]]:
    for number, result in enumerate(results, 1):
        if number % 100 == 0 or number == pages:
            print(f"\r{number} of {pages} pages", end="", file=sys.stderr, flush=True)
        yield result
    print(file=sys.stderr)


def _report(visited: Sequence[Visited], file: Path) -> None:
    tables = make_tables(visited)
    for table in tables:
        print_table(table)
    failures = [
        {"page": page.id, "set": page.set, "engine": engine, "failure": result.failure}
        for page, results in visited
        for engine, result in results.items()
        if result.failure
    ]
    measured = {
        "versions": {name: version(name) for name in _VERSIONS_OF},
        "tables": {table.title: table.rows for table in tables},
        "failures": failures,
    }
    file.write_text(json.dumps(measured, indent=1))


if __name__ == "__main__":
    main()
