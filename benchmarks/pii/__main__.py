"""The PII finder beside plain Presidio and datatrove: what is found, missed and wrongly found.

Usage: `python -m benchmarks.pii DATA_DIR [--output FOLDER] [--engines NAME ...] [--technical]`

In: a data folder (`benchmarks.pii.sets`). Out: tables, all their rows in `FOLDER/measured.json`,
every miss and false alarm in `FOLDER/mistakes-SET-ENGINE.tsv`, and with `--technical` every span
found in manuals in `FOLDER/technical-ENGINE.tsv`. datatrove is installed once below FOLDER.
"""

from __future__ import annotations

import argparse
import csv
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from benchmarks.pii import technical
from benchmarks.pii.cases import Case
from benchmarks.pii.datatrove import Datatrove
from benchmarks.pii.engines import OURS, Find, Text, ours, texts_of
from benchmarks.pii.presidio import presidio
from benchmarks.pii.score import Mistake, Score, rows, score
from benchmarks.pii.sets import CONSTRUCTED, NEAR_MISSES, load_pages, load_sets, without_pii
from benchmarks.pii.speed import compare

Row = dict[str, Any]
_PRESIDIO = "presidio ≥ 0", "presidio ≥ 0.4"
_ENGINES = (OURS, *_PRESIDIO, "datatrove")


def main() -> None:
    """Measures, prints and writes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, metavar="DATA_DIR")
    parser.add_argument("--output", type=Path, default=Path("out/pii"))
    parser.add_argument("--engines", nargs="+", choices=_ENGINES, default=list(_ENGINES))
    parser.add_argument("--per-type", type=int, default=1000, help="constructed cases")
    parser.add_argument("--seed", type=int, default=0, help="of the constructed cases")
    parser.add_argument("--technical", action="store_true", help="look into manuals too")
    parser.add_argument("--pages", type=int, default=1000, help="of manuals")
    parser.add_argument("--no-speed", action="store_true")
    options = parser.parse_args()
    options.output.mkdir(parents=True, exist_ok=True)
    datatrove = Datatrove(options.output) if "datatrove" in options.engines else None
    finders = _finders(options.engines, datatrove)
    sets = load_sets(options.data, per_type=options.per_type, seed=options.seed)
    measured = _quality(sets, finders, options.output)
    if not options.no_speed:
        measured["speed"] = _speed(sets, load_pages(options.data), finders, datatrove)
        _print("KB per CPU second", measured["speed"])
    if options.technical:
        measured["technical"] = _technical(options, finders)
        _print("Found in manuals", measured["technical"])
    (options.output / "measured.json").write_text(json.dumps(measured, indent=1, default=str))


def _finders(names: Sequence[str], datatrove: Datatrove | None) -> dict[str, Find]:
    made: dict[str, Find] = {}
    if OURS in names:
        made[OURS] = ours()
    for name, min_score in zip(_PRESIDIO, (0.0, 0.4), strict=True):
        if name in names:
            made[name] = presidio(min_score)
    if datatrove is not None:
        made["datatrove"] = datatrove.find
    return made


def _quality(
    sets: Mapping[str, Sequence[Case]], finders: Mapping[str, Find], output: Path
) -> dict[str, list[Row]]:
    """Prints the tables of each set."""
    measured: dict[str, list[Row]] = {"types": [], "labels": [], "confused": []}
    for name, cases in sets.items():
        scores = {}
        for engine, find in finders.items():
            scores[engine] = score(cases, find(texts_of(cases)))
            file = f"mistakes-{name}-{engine}.tsv".replace(" ", "-").replace("-≥-", "-")
            _write_mistakes(output / file, scores[engine].mistakes)
            measured["types"] += rows(scores[engine], of_set=name, engine=engine)
            measured["confused"] += _confused(scores[engine], name, engine)
        if name != NEAR_MISSES:
            _print(f"{name}: recall and precision", _beside(measured["types"], name))
        if name in {CONSTRUCTED, NEAR_MISSES}:
            by_label = _by_label(scores, recall=name == CONSTRUCTED)
            _print(f"{name}: {'recall' if name == CONSTRUCTED else 'wrongly found'}", by_label)
            measured["labels"] += [{"set": name} | row for row in by_label]
    _print("Found as another type", measured["confused"])
    return measured


def _by_label(scores: Mapping[str, Score], *, recall: bool) -> list[Row]:
    labels = next(iter(scores.values())).by_label
    return [
        {"label": label}
        | {
            engine: found.by_label[label].recall if recall else found.by_label[label].spans
            for engine, found in scores.items()
        }
        for label in labels
    ]


def _beside(found: Sequence[Row], of_set: str) -> list[Row]:
    """A row per type, recall and precision of an engine in one cell."""
    lines: dict[str, Row] = {}
    for row in found:
        if row["set"] == of_set:
            line = lines.setdefault(row["type"], {"type": row["type"], "gold": row["gold"]})
            line[row["engine"]] = f"{_cell(row['recall'])} {_cell(row['precision'])}"
    return list(lines.values())


def _confused(found: Score, of_set: str, engine: str) -> list[Row]:
    return [
        {"set": of_set, "engine": engine, "gold": str(a), "found as": str(b), "times": number}
        for (a, b), number in found.confused.most_common()
    ]


def _write_mistakes(file: Path, mistakes: Sequence[Mistake]) -> None:
    with file.open("w", encoding="utf-8", newline="") as lines:
        table = csv.writer(lines, delimiter="\t")
        table.writerow(Mistake._fields)
        table.writerows([repr(part)[1:-1] for part in mistake] for mistake in sorted(mistakes))


def _speed(
    sets: Mapping[str, Sequence[Case]],
    pages: Sequence[Text],
    finders: Mapping[str, Find],
    datatrove: Datatrove | None,
) -> list[Row]:
    texts: dict[str, Sequence[Text]] = {name: texts_of(cases) for name, cases in sets.items()}
    texts["real pages"] = pages
    texts["real pages, lines without digits and @"] = without_pii(pages)
    timed = {
        name: find for name, find in finders.items() if name not in {_PRESIDIO[1], "datatrove"}
    }
    return compare(texts, timed, datatrove)


def _technical(options: argparse.Namespace, finders: Mapping[str, Find]) -> list[Row]:
    texts = technical.load_technical(options.data, options.output, pages=options.pages)
    found = []
    for engine, find in finders.items():
        if engine == _PRESIDIO[0]:
            continue  # minutes, for thousands of numbers that it takes for persons'
        file = f"technical-{engine}.tsv".replace(" ≥ ", "-")
        found += technical.count(texts, find, engine=engine, listing=options.output / file)
    return found


def _print(title: str, found: Sequence[Row]) -> None:
    names = list(dict.fromkeys(name for row in found for name in row))
    table = Table(*names, title=title, title_justify="left")
    for row in found:
        table.add_row(*(_cell(row.get(name)) for name in names))
    Console(width=max(Console().width, 120)).print(table)


def _cell(value: str | float | None) -> str:
    if value is None:
        return "-"
    return f"{value:.3f}" if isinstance(value, float) else str(value)


if __name__ == "__main__":
    main()
