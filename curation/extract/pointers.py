"""Lines that only point to another page: 'Read more: how mills work'. They go.

They stand between the paragraphs of an article, where engines do not tell them from its text.
"""

from __future__ import annotations

import re
from functools import cache
from importlib import resources

from curation.extract.lines import Line
from schemas.line_kind import LineKind

_MAX_CHARACTERS = 200  # of the line: longer ones say something
_LABEL = re.compile(r"[\s>»*•→▶►\[(|-]*([^:：]{1,40}?)\s*[:：]")


def without_pointers(lines: list[Line]) -> list[Line]:
    """The lines without those that begin with a known label and a colon."""
    return [line for line in lines if not _points(line)]


def _points(line: Line) -> bool:
    if line.kind in (LineKind.TABLE, LineKind.CODE) or len(line.text) > _MAX_CHARACTERS:
        return False
    label = _LABEL.match(line.text)
    return label is not None and label[1].lower() in _labels()


@cache
def _labels() -> frozenset[str]:
    text = resources.files("curation.extract").joinpath("pointers.txt").read_text("utf-8")
    return frozenset(line for line in text.splitlines() if line and not line.startswith("#"))
