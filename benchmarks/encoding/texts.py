"""Texts to measure with: of JSON lines (`text`), or of a Parquet file's column `text`."""

from __future__ import annotations

import json
from itertools import count
from pathlib import Path
from string import ascii_lowercase


def read_texts(path: Path, most: int | None) -> list[str]:
    """Those that are not empty, in their order."""
    if path.suffix == ".parquet":
        import pyarrow.parquet as pq  # not needed where texts come as JSON lines

        found = pq.read_table(path, columns=["text"]).column("text").to_pylist()
    else:
        with path.open(encoding="utf-8") as lines:
            found = [json.loads(line)["text"] for line in lines]
    return [text for text in found if text][:most]


def repeated(texts: list[str], times: int, *, new_words: float) -> list[str]:
    """The texts so many times, of which the first is as it is.

    In the others that share of the words is new: letters that no other word has are put behind it.
    """
    made, numbers = [*texts], count()
    step = round(1 / new_words) if new_words else 0
    for _ in range(times - 1):
        for text in texts:
            words = text.split(" ")
            for at in range(step // 2, len(words), step) if step else ():
                words[at] += _letters(next(numbers))
            made.append(" ".join(words))
    return made


def _letters(number: int) -> str:
    found = ""
    while number or not found:
        number, digit = divmod(number, len(ascii_lowercase))
        found += ascii_lowercase[digit]
    return f"q{found}x"
