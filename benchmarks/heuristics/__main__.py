"""The heuristics beside datatrove: speed, agreement, and what routes and outliers do.

Usage: `python -m benchmarks.heuristics DATA_DIR [--output FOLDER] [--only NAME ...] [--pages N]`

In: a folder of real pages (`benchmarks.heuristics.texts`). Out: tables, and all their rows in
`FOLDER/measured.json`. Texts are extracted once, and datatrove is installed once, below FOLDER.
"""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pyarrow as pa

from benchmarks.extraction_tables import Table, print_table
from benchmarks.heuristics import agreement, outliers, routes, speed
from benchmarks.heuristics.datatrove import Datatrove
from benchmarks.heuristics.texts import load_texts


def main() -> None:
    """Measures, prints and writes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, metavar="DATA_DIR")
    parser.add_argument("--output", type=Path, default=Path("out/heuristics"))
    parser.add_argument("--only", nargs="+", choices=_TABLES, default=list(_TABLES))
    parser.add_argument("--pages", type=int, default=600, help="for datatrove's speed")
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    texts = load_texts(options.data, options.output)
    measured = {}
    for name in options.only:
        title, make = _TABLES[name]
        measured[name] = list(make(texts, options))
        print_table(Table(title, measured[name]))
    (options.output / "measured.json").write_text(json.dumps(measured, indent=1))


_Make = Callable[[pa.Table, argparse.Namespace], Any]
_TABLES: dict[str, tuple[str, _Make]] = {
    "languages": ("All measures, one core", lambda texts, _: speed.by_language(texts)),
    "speed": (
        "Beside datatrove, the same English pages",
        lambda texts, options: speed.beside(texts, Datatrove(options.output), pages=options.pages),
    ),
    "steps": ("Where the time goes", lambda texts, _: speed.steps(texts)),
    "agreement": (
        "Pages dropped, ours and datatrove's",
        lambda texts, options: agreement.compare(texts, Datatrove(options.output)),
    ),
    "routes": ("Pages of code and mathematics that are kept", lambda t, _: routes.won(t)),
    "outliers": ("Planted pages told from real ones", lambda t, _: outliers.separate(t)),
    "kept": ("Pages that the rule of outliers keeps", lambda t, _: outliers.keep(t)),
}


if __name__ == "__main__":
    main()
