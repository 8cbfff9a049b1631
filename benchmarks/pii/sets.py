"""The texts that finders are tried on.

In: a data folder with `pii/presidio_*.jsonl.gz` and `gold/*.jsonl.gz`. Out: cases by the name of
their set. Labels of Presidio's sets that we have no type for (persons, places, ages, driving
licences) are no gold; what is found over them with one of our types is a false alarm.
"""

from __future__ import annotations

import gzip
import json
import re
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

from benchmarks.pii.cases import Case, make_cases, make_near_misses
from benchmarks.pii.engines import Text
from benchmarks.pii.presidio import ENTITIES

CONSTRUCTED, NEAR_MISSES = "constructed", "near misses"
_WITH_PII = re.compile(r"[\d@]")


def load_sets(data: Path, *, per_type: int, seed: int) -> dict[str, list[Case]]:
    """Presidio's two sets, ours, and as many near misses as cases of one type twice over."""
    found = {
        file.name.split(".")[0]: [_case(row) for row in _rows(file)]
        for file in sorted((data / "pii").glob("presidio_*.jsonl.gz"))
    }
    found[CONSTRUCTED] = list(make_cases(per_type, seed=seed))
    found[NEAR_MISSES] = list(make_near_misses(2 * per_type, seed=seed))
    return found


def load_pages(data: Path) -> list[Text]:
    """The texts of real pages."""
    files = sorted((data / "gold").glob("*.jsonl.gz"))
    texts = (row.get("gold_text") for file in files for row in _rows(file))
    return [Text(text) for text in texts if text]


def without_pii(pages: Sequence[Text]) -> list[Text]:
    """The pages without the lines that have a digit or an `@`."""
    lines = (
        "\n".join(line for line in page.text.split("\n") if not _WITH_PII.search(line))
        for page in pages
    )
    return [Text(text) for text in lines if text]


def _case(row: dict[str, Any]) -> Case:
    gold = [
        (span["start"], span["end"], ENTITIES[span["type"]])
        for span in row["spans"]
        if span["type"] in ENTITIES
    ]
    return Case(row["text"], gold, "presidio", "en")


def _rows(file: Path) -> Iterator[dict[str, Any]]:
    with gzip.open(file, "rt", encoding="utf-8") as lines:
        yield from map(json.loads, lines)
