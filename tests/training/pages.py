"""Pages of two kinds, whose words differ in how often they come, and lists of them."""

from __future__ import annotations

import json
import random
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq

_BOTH = [f"word{n}" for n in range(60)]
_WORDS = {
    True: ["theory", "study", "century", "method", "measured", "river", "origin", "described"],
    False: ["buy", "cheap", "click", "offer", "deal", "login", "bonus", "cart"],
}
Row = dict[str, Any]


def make_pages(
    positive: bool, *, sites: int, per_site: int, language: str | None = "en", seed: int = 0
) -> list[Row]:
    """Pages of as many sites; good ones are longer, so that length must be balanced."""
    rng = random.Random(f"{seed} {positive} {language}")
    kind = "good" if positive else "other"
    return [
        {
            "url": f"https://www.{kind}{site}-{language}.example/{page}",
            "language": language,
            "text": _text(rng, positive, rng.randint(60, 400 if positive else 250)),
        }
        for site in range(sites)
        for page in range(per_site)
    ]


def _text(rng: random.Random, positive: bool, words: int) -> str:
    """Every third word is of its kind, or, one time in five, of the other."""
    found = []
    for number in range(words):
        own = _WORDS[positive if rng.random() < 0.8 else not positive]
        found.append(rng.choice(own if number % 3 == 0 else _BOTH))
        if number % 12 == 11:
            found.append(".\n")
    return " ".join(found)


def parquet(path: Path, rows: Sequence[Row], **names: str) -> str:
    """A list as Parquet; `names` are those of columns in place of usual ones."""
    pq.write_table(pa.Table.from_pylist([_named(row, names) for row in rows]), path)
    return str(path)


def jsonl(path: Path, rows: Sequence[Row], **names: str) -> str:
    """A list as JSONL."""
    path.write_text("".join(f"{json.dumps(_named(row, names))}\n" for row in rows))
    return str(path)


def _named(row: Row, names: dict[str, str]) -> Row:
    return {names.get(key, key): value for key, value in row.items()}
