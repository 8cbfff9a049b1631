"""Deduplication of documents beside datatrove, text-dedup and distributed-curator.

Usage: `python -m benchmarks.dedup OUTPUT [--sizes N ...] [--peers NAME ...] [--quality]`

Out: tables, and all their rows in `OUTPUT/measured.json`. Corpora (`benchmarks.dedup.corpus`,
`.truth`) and environments of peers are made once, in OUTPUT. Engines run one after another.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from benchmarks.dedup import quality, speed
from benchmarks.dedup.corpus import make_corpus
from benchmarks.dedup.curve import curve
from benchmarks.dedup.engines import ENGINES, OURS
from benchmarks.dedup.runs import Measured, run_engine
from benchmarks.dedup.truth import make_truth
from benchmarks.extraction_tables import Table, print_table

_PEERS = [name for name in ENGINES if name != OURS]


def main() -> None:
    """Measures, prints and writes."""
    options = _options()
    options.output = options.output.absolute()
    options.output.mkdir(parents=True, exist_ok=True)
    tables = _measure_speed(options) if options.sizes else []
    if options.quality:
        tables += _measure_quality(options)
    measured = {table.title: table.rows for table in tables}
    (options.output / "measured.json").write_text(json.dumps(measured, indent=1))


def _options() -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("output", type=Path, metavar="OUTPUT")
    parser.add_argument("--sizes", type=int, nargs="*", default=[10_000, 100_000])
    parser.add_argument("--peers", nargs="*", choices=_PEERS, default=_PEERS)
    parser.add_argument("--without-ours", action="store_true", help="measure the peers alone")
    parser.add_argument("--quality", action="store_true", help="pairs of known similarity too")
    parser.add_argument("--set", action="append", default=[], help="a value of our recipe")
    options = parser.parse_args()
    options.engines = [*([] if options.without_ours else [OURS]), *options.peers]
    return options


def _measure_speed(options: argparse.Namespace) -> list[Table]:
    starts = {run.engine: run for run in _run_all(options, _corpus(options, speed.START_DOCUMENTS))}
    runs: list[Measured] = []
    for size in sorted(options.sizes):
        runs += _run_all(options, _corpus(options, size))
    tables = [
        Table("Documents of 6 KB, two processes", speed.rows(runs, starts)),
        Table("From one size to the next", speed.slopes(runs)),
        Table("Our steps", speed.steps(runs)),
        Table("Our shuffles, by stage of Spark", speed.shuffles(runs)),
    ]
    return _print(tables)


def _measure_quality(options: argparse.Namespace) -> list[Table]:
    corpus, pairs = make_truth(options.output)
    runs = _run_all(options, corpus)
    tables = [
        Table("Pairs found, by similarity (95 % interval)", quality.recalls(runs, pairs)),
        Table("Removals that are right", quality.precisions(runs, corpus, pairs)),
        Table("Our signatures, eight seeds", list(curve(corpus, pairs))),
    ]
    return _print(tables)


def _corpus(options: argparse.Namespace, documents: int) -> Path:
    return make_corpus(options.output, documents)


def _run_all(options: argparse.Namespace, corpus: Path) -> list[Measured]:
    return [_run(name, corpus, options) for name in options.engines]


def _run(name: str, corpus: Path, options: argparse.Namespace) -> Measured:
    """Tells at once what it used, for other runs may take long."""
    run = run_engine(ENGINES[name], corpus, options.output, overrides=options.set)
    used = f"{run.usage.wall_s:.0f} s, {run.usage.cpu_s():.1f} CPU s"
    removed = run.documents - len(run.kept)
    print(f"# {corpus.name}: {name}: {used}, {removed} removed", file=sys.stderr, flush=True)
    return run


def _print(tables: list[Table]) -> list[Table]:
    filled = [table for table in tables if table.rows]
    for table in filled:
        print_table(table)
    return filled


if __name__ == "__main__":
    main()
