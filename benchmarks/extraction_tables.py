"""Figures of pages added up to tables.

In: for each page its results by engine. Out: rows (what `measured.json` holds) and their print.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Any

import numpy as np

from benchmarks.extraction_engines import Result
from benchmarks.extraction_scores import Kept, Segments, Tokens, ratios, share
from benchmarks.gold import SCRIPTS, GoldPage

Row = dict[str, Any]
Visited = tuple[GoldPage, dict[str, Result]]
_GROUP = ("set", "lang", "kind", "pages", "number")
_RATIOS = ("precision", "recall", "F1")
_IN_SCRIPT = ("in script", "none", "empty")
_Summary = Callable[[Sequence[Result]], Row | None]


@dataclass(frozen=True)
class Table:
    """A title and rows that all have the same columns.

    `side_by_side` are the columns of an engine that are printed in one cell; then the engines of a
    group stand in one line.
    """

    title: str
    rows: Sequence[Row]
    side_by_side: Sequence[str] = ()


def make_tables(visited: Sequence[Visited]) -> list[Table]:
    """All tables that have rows."""
    answered = [(page, results) for page, results in visited if page.set != SCRIPTS]
    with_kind = [(page, results) for page, results in answered if page.kind != "?"]
    tables = [
        _table("Whole texts, by tokens: mean over pages", answered, ("set",), _tokens),
        _table("Whole texts by language", answered, ("set", "lang"), _tokens, _RATIOS),
        _table("Whole texts by kind of page", with_kind, ("set", "kind"), _tokens, _RATIOS),
        _table("Segments", answered, ("set",), _segments),
        _table("Segments by language", answered, ("set", "lang"), _segments, _RATIOS),
        Table("Code and formulas that are kept", _kept_rows(answered), ("exact", "loose")),
        _table("Characters in the page's script", visited, ("set", "lang"), _script, _IN_SCRIPT),
        _table("Speed, in CPU time", visited, ("set",), _speed),
    ]
    return [table for table in tables if table.rows]


def print_table(table: Table) -> None:
    """As Markdown; shares with three digits."""
    rows = _beside(table) if table.side_by_side else table.rows
    names = list(rows[0])
    left = [isinstance(rows[0][name], str) for name in names]
    what = f" ({', '.join(table.side_by_side)})" if table.side_by_side else ""
    print(f"\n## {table.title}{what}\n\n| {' | '.join(names)} |")
    print(f"|{'|'.join(':--' if is_text else '--:' for is_text in left)}|")
    for row in rows:
        print(f"| {' | '.join(_cell(row[name]) for name in names)} |")


def _beside(table: Table) -> list[Row]:
    """A row for each group, a column for each engine."""
    keys = [name for name in table.rows[0] if name in _GROUP]
    lines: dict[tuple[Any, ...], Row] = {}
    for row in table.rows:
        start = {name: row[name] for name in keys}
        line = lines.setdefault(tuple(start.values()), start)
        line[row["engine"]] = " ".join(_cell(row[name]) or "-" for name in table.side_by_side)
    return list(lines.values())


def _cell(value: str | float | None) -> str:
    if value is None:
        return ""
    if isinstance(value, float):
        return f"{value:.3f}" if abs(value) < 10 else f"{value:.1f}"
    return str(value)


def _table(
    title: str,
    visited: Sequence[Visited],
    keys: Sequence[str],
    summarise: _Summary,
    side_by_side: Sequence[str] = (),
) -> Table:
    """A row for each group of pages that agree in `keys`, and engine; large groups first."""
    rows = []
    for group, members in _groups(visited, keys):
        for engine in members[0][1]:
            figures = summarise([results[engine] for _, results in members])
            if figures is not None:
                start = dict(zip(keys, group, strict=True))
                rows.append({**start, "engine": engine, "pages": len(members), **figures})
    return Table(title, rows, side_by_side)


def _groups(
    visited: Sequence[Visited], keys: Sequence[str]
) -> list[tuple[tuple[str, ...], list[Visited]]]:
    groups: dict[tuple[str, ...], list[Visited]] = {}
    for page, results in visited:
        groups.setdefault(tuple(getattr(page, key) for key in keys), []).append((page, results))
    sets = list(dict.fromkeys(page.set for page, _ in visited))
    return sorted(groups.items(), key=lambda item: (sets.index(item[0][0]), -len(item[1]), item[0]))


def _tokens(results: Sequence[Result]) -> Row | None:
    scores = [result.scores.tokens for result in results if result.scores.tokens]
    if not scores:
        return None
    return {
        **_without_text(results),
        "precision": _mean(scores, "precision"),
        "recall": _mean(scores, "recall"),
        "F1": _mean(scores, "f1"),
    }


def _mean(scores: Sequence[Tokens], name: str) -> float | None:
    values = [value for score in scores if (value := getattr(score, name)) is not None]
    return fmean(values) if values else None


def _without_text(results: Sequence[Result]) -> Row:
    failed = sum(result.failure is not None for result in results)
    return {"failed": failed, "empty": sum(result.chars == 0 for result in results) - failed}


def _segments(results: Sequence[Result]) -> Row | None:
    scores = [result.scores.segments for result in results if result.scores.segments]
    if not scores:
        return None
    total = Segments(
        found=sum(score.found for score in scores),
        missed=sum(score.missed for score in scores),
        intruding=sum(score.intruding for score in scores),
        kept_out=sum(score.kept_out for score in scores),
    )
    precision, recall, f1 = ratios(total)
    return {
        **_without_text(results),
        "TP": total.found,
        "FN": total.missed,
        "FP": total.intruding,
        "TN": total.kept_out,
        "precision": precision,
        "recall": recall,
        "F1": f1,
    }


def _kept_rows(visited: Sequence[Visited]) -> list[Row]:
    rows = []
    for (name,), members in _groups(visited, ("set",)):
        kinds = sorted(
            {kind for _, by in members for result in by.values() for kind in result.scores.kept}
        )
        for kind in [*kinds, *(["all formulas"] if len(kinds) > 2 else [])]:
            for engine in members[0][1]:
                results = [results[engine] for _, results in members]
                rows.append({"set": name, "kind": kind, "engine": engine, **_kept(results, kind)})
    return rows


def _kept(results: Sequence[Result], kind: str) -> Row:
    found: list[Kept] = []
    for result in results:
        kept = result.scores.kept
        every = [kept[name] for name in kept if name != "code"]
        found += every if kind == "all formulas" else [kept[kind]] if kind in kept else []
    number = sum(kept.number for kept in found)
    return {
        "number": number,
        "exact": share(sum(kept.exact for kept in found), number),
        "loose": share(sum(kept.loose for kept in found), number),
    }


def _script(results: Sequence[Result]) -> Row | None:
    found = [result.scores.script for result in results if result.scores.script is not None]
    if not found:
        return None
    return {
        **_without_text(results),
        "chars per page": fmean(result.chars for result in results),
        "in script": fmean(found),
        "none": sum(number == 0 for number in found),
    }


def _speed(results: Sequence[Result]) -> Row:
    ms = np.array([result.cpu_s * 1000 for result in results])
    p50, p99 = np.percentile(ms, [50, 99])
    return {
        **_without_text(results),
        "pages per CPU s": float(1000 * len(ms) / ms.sum()),
        "p50 ms": float(p50),
        "p99 ms": float(p99),
        "max ms": float(ms.max()),
    }
