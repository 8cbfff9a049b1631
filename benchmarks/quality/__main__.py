"""The quality score and domains beside human judgement, and how fast the score is.

Usage: `python -m benchmarks.quality DATA_DIR [--output FOLDER] [--models FOLDER]`

In: a data folder. Out: tables, and all their rows in `FOLDER/measured.json`.
"""

from __future__ import annotations

import argparse
import json
from pathlib import Path

from benchmarks.extraction_tables import Table, print_table
from benchmarks.quality import domains, encoder, judged, topics


def main() -> None:
    """Measures, prints and writes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, metavar="DATA_DIR")
    parser.add_argument("--output", type=Path, default=Path("out/quality"))
    parser.add_argument("--models", type=Path, default=Path("classifiers/models"))
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    model, content = judged.load(options.models)
    pages = judged.read_judged(options.data, model)
    tables = {
        "Quality beside human judgement": judged.areas(pages),
        "Quality and length": judged.beside_length(pages),
        "Speed of one core": judged.speed(pages, model, content),
    }
    measured = {title: list(rows) for title, rows in tables.items()}
    measured |= domains.run(options.data, options.output)
    measured |= topics.run(options.data, options.models)
    measured |= encoder.run(options.data, options.output, options.models, pages)
    for title, rows in measured.items():
        print_table(Table(title, rows))
    (options.output / "measured.json").write_text(json.dumps(measured, indent=1))


if __name__ == "__main__":
    main()
