"""Candidates of the scan as windows of text, in characters.

In: a batch of texts. Out: for each row that has any, its candidates in order. In a window every
character that `NORMAL` knows is the ASCII one that it stands for: one for one, so offsets hold.
"""

from __future__ import annotations

import re
from bisect import bisect
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import pyarrow as pa

from curation.arrow_text import Bytes, Ints, text_view
from curation.pii.kinds import PiiType
from curation.pii.scan import NORMAL, find_candidates
from schemas.line_kind import LineKind

_BEFORE, _AFTER = 60, 40
_MOST = 8192  # of one candidate: what is longer is no key, but data
_ABBREVIATED = re.compile(r"\b[a-z]\.[a-z]\.")  # D.N.I.
_PLACEHOLDERS = re.compile(f"<?(?:{'|'.join(PiiType)})>")
_WORD = re.compile(r"[^\W\d_]+")


def words_in(text: str) -> frozenset[str]:
    """The words of a text in lower case; `d.n.i.` is `dni` too, `pass-nr` is `passnr`."""
    words = _WORD.findall(text)
    if _ABBREVIATED.search(text):
        words += _WORD.findall(text.replace(".", ""))
    if "-" in text:
        words += _WORD.findall(text.replace("-", ""))
    return frozenset(words)


@dataclass(frozen=True)
class Page:
    """A text, the regions whose telephone numbers it may have, and which of its lines are code."""

    text: str
    regions: tuple[str, ...] = ()
    line_kinds: str | None = None

    @cached_property
    def _line_ends(self) -> list[int]:
        return [match.start() for match in re.finditer("\n", self.text)]

    def is_code(self, at: int) -> bool:
        """Whether the character at `at` is in a line of code."""
        if self.line_kinds is None or LineKind.CODE not in self.line_kinds:
            return False
        line = int(np.searchsorted(self._line_ends, at))
        return line < len(self.line_kinds) and self.line_kinds[line] == LineKind.CODE


@dataclass(frozen=True)
class Candidate:
    """`window[start:end]` is the place; `base` is the window's first character in the text."""

    page: Page
    window: str
    start: int
    end: int
    base: int

    @property
    def core(self) -> str:
        """What stands at the place."""
        return self.window[self.start : self.end]

    @cached_property
    def in_code(self) -> bool:
        """Whether it stands in a line of code."""
        return self.page.is_code(self.base + self.start)

    @cached_property
    def before(self) -> str:
        """The 60 characters before it, in lower case.

        Placeholders say nothing of what follows, and bring nothing nearer: they count as blanks,
        about as many as what they are in place of.
        """
        text = self.window[: self.start]
        return (_PLACEHOLDERS.sub(" " * 16, text) if "<" in text else text).lower()

    @cached_property
    def words(self) -> frozenset[str]:
        """The words before it."""
        return words_in(self.before)


def candidate(page: Page, start: int, end: int) -> Candidate:
    """The window around characters `start` to `end` of a page."""
    base = max(0, start - _BEFORE)
    window = page.text[base : min(end, start + _MOST) + _AFTER]
    if not window.isascii():
        window = window.translate(NORMAL)
    return Candidate(page, window, start - base, min(end - base, len(window)), base)


Place = tuple[int, int, int]
"""Bits of `Group`, first character, last + 1."""


def is_beside(place: Place, changes: Sequence[int]) -> bool:
    """Whether one of `changes`, characters in order, is in the window of a place."""
    _, start, end = place
    at = bisect(changes, start)
    near_before = at > 0 and start - changes[at - 1] <= _BEFORE
    return near_before or (at < len(changes) and changes[at] - end <= _AFTER)


def places_of(texts: pa.StringArray) -> Iterator[tuple[int, list[Place]]]:
    """The rows that have candidates, each with these."""
    view = text_view(texts)
    found = find_candidates(view.data, view.offsets)
    rows, firsts = np.unique(found[:, 0], return_index=True)
    for row, first, end in zip(rows, firsts, np.append(firsts, len(found))[1:], strict=True):
        data = view.data[view.offsets[row] : view.offsets[row + 1]]
        bounds = _in_characters(data, found[first:end, 1:3] - view.offsets[row])
        starts, ends = bounds[:, 0].tolist(), bounds[:, 1].tolist()
        groups = found[first:end, 3].tolist()
        yield int(row), list(zip(groups, starts, ends, strict=True))


def _in_characters(data: Bytes, places: Ints) -> Ints:
    """Bytes as characters."""
    if data.tobytes().isascii():
        return places
    starts = (data & 0xC0) != 0x80
    before = np.concatenate([[0], np.cumsum(starts, dtype=np.int64)])
    characters: Ints = before[places]
    return characters
