"""Lines by Python's own strings: what the kernels are compared with."""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Iterable

from curation.pii.kinds import PiiType

_PLACEHOLDERS = re.compile("|".join(f"<{kind}>" for kind in PiiType))


def form(line: str) -> str:
    """The normal form of a line; empty where it is not compared."""
    kept = (_stands_for(character) for character in _PLACEHOLDERS.sub("", line))
    return " ".join("".join(kept).split())


def _stands_for(character: str) -> str:
    category = unicodedata.category(character)
    if character.isspace():
        return " "
    if category[0] == "P" or category in ("Cc", "Cf"):
        return ""
    if category == "Nd":
        return "0"
    for folded in (character.casefold(), character.lower()):
        if len(folded) == 1:
            return folded
    return character


def left(pages: Iterable[tuple[object, str, str, str | None]], *, max_count: int = 6) -> list[str]:
    """The texts of pages (bucket, language, text, line kinds) less lines that occur too often."""
    pages = list(pages)
    counts: Counter[tuple[object, str, str]] = Counter()
    for bucket, language, text, kinds in pages:
        for key in _keys(text, kinds):
            counts[bucket, language, key] += 1
    return [
        "\n".join(
            line
            for line, key in zip(text.split("\n"), _keys(text, kinds), strict=True)
            if not key or counts[bucket, language, key] <= max_count
        )
        for bucket, language, text, kinds in pages
    ]


def _keys(text: str, kinds: str | None) -> list[str]:
    lines = text.split("\n")
    of_lines = kinds or "p" * len(lines)
    return ["" if kind in "ctm" else form(line) for line, kind in zip(lines, of_lines, strict=True)]
