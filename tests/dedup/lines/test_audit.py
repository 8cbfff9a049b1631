from __future__ import annotations

import random
from typing import Any

import pyarrow as pa
import pytest

from curation.dedup.lines.audit import candidates
from schemas.line_audit import CANDIDATE


def removed(number: int) -> pa.Table:
    """Lines of pages; what is known of a key, and of a page, is the same wherever it stands."""
    dice = random.Random(7)
    rows = []
    for _ in range(number):
        key, page = dice.randrange(40), dice.randrange(60)
        language = [None, "en", "de"][key % 3]
        of_key = {"key": key, "count": 7 + key // 4, "documents": 7, "language": language}
        quality = None if page % 7 == 0 else page % 9 / 10
        rows.append({**of_key, "cheap_quality": quality, "order_key": page, "position": page})
    for line, row in enumerate(rows):
        row["line"] = line
    schema = pa.schema([field for field in CANDIDATE.arrow if field.name != "kind"])
    return pa.Table.from_pylist(rows, schema=schema)


def naive(rows: pa.Table, lines: int) -> list[tuple[str, int, int]]:
    """Kind, page and line of what is among the first `lines` of a language."""
    found = []
    every = rows.to_pylist()
    for language in {row["language"] for row in every}:
        mine = [row for row in every if row["language"] == language]
        first: dict[int, dict[str, Any]] = {}
        for row in sorted(mine, key=lambda row: (row["order_key"], row["line"])):
            first.setdefault(row["key"], row)
        frequent = sorted(first.values(), key=lambda row: (-row["count"], row["key"]))
        measured = [row for row in mine if row["cheap_quality"] is not None]
        best = sorted(measured, key=lambda r: (-r["cheap_quality"], r["order_key"], r["line"]))
        for kind, ordered in (("frequent", frequent), ("best_pages", best)):
            found += [(kind, row["position"], row["line"]) for row in ordered[:lines]]
    return sorted(found)


@pytest.mark.parametrize("lines", [0, 1, 5, 1000])
def test_candidates_are_the_first_of_each_language(lines: int) -> None:
    rows = removed(300)
    (found,) = candidates(rows, lines).values()
    columns = (found[name].to_pylist() for name in ("kind", "position", "line"))
    assert sorted(zip(*columns, strict=True)) == naive(rows, lines)


def test_the_first_of_all_are_among_the_first_of_each_part() -> None:
    rows = removed(300)
    parts = [next(iter(candidates(rows.slice(at, 100), 5).values())) for at in range(0, 300, 100)]
    found = pa.concat_tables(parts)
    columns = (found[name].to_pylist() for name in ("kind", "position", "line"))
    assert set(naive(rows, 5)) <= set(zip(*columns, strict=True))
