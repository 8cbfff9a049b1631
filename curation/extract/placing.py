"""Where blocks belong that are on the page and not among the engine's lines.

In: the page, and the lines that came of it. Out: for each block the line that it follows; none for
those in navigation. A block follows the last line before it. A picture only stands where the texts
before and after it were extracted, so that pictures beside the content stay out.
"""

from __future__ import annotations

from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from lxml import etree
from lxml.html import HtmlElement

_NAVIGATION = frozenset(("nav", "footer", "aside", "header", "menu", "dialog"))
_WITHOUT_TEXT = frozenset(("script", "style", "noscript", "template", "head"))
_ANCHOR = 24  # characters of a text that find its line again
_MIN_ANCHOR = 3


class Anchors:
    """Lines, found by how they begin."""

    def __init__(self, lines: Sequence[str]) -> None:
        self._starts = sorted((line, at) for at, line in enumerate(lines) if len(line) > 2)

    def find(self, text: str) -> int | None:
        """The first line that begins like `text`, which may be a part of it."""
        start = " ".join(text[: 4 * _ANCHOR].split())[:_ANCHOR]
        if len(start) < _MIN_ANCHOR:
            return None
        at = bisect_left(self._starts, (start, -1))
        if at < len(self._starts) and self._starts[at][0].startswith(start):
            return self._starts[at][1]
        return None


@dataclass
class Places:
    """Finds the places in one walk over the page.

    `pieces_in` gives the numbers of pieces whose placeholders are in a text; `line_of` has the last
    lines of those that are placed already; blocks that are not are `lost`.
    """

    anchors: Anchors
    pieces_in: Callable[[str], Sequence[int]]
    line_of: Mapping[int, int]
    lost: set[int]
    pictures: Mapping[HtmlElement, int]
    behind: dict[int, list[int]] = field(default_factory=dict)
    _at: int = -1
    _navigation: int = 0
    _was_found: bool = False
    _waiting: list[int] = field(default_factory=list)

    def find(self, page: HtmlElement) -> dict[int, list[int]]:
        """By line (-1: before the first), the numbers of the blocks that follow it."""
        walker = etree.iterwalk(page, events=("start", "end"))
        for event, element in walker:
            if element.tag in _NAVIGATION:
                self._navigation += 1 if event == "start" else -1
            if event == "end":
                self._read(element.tail)
            elif element in self.pictures:
                self._waiting.append(self.pictures[element])
                walker.skip_subtree()
            elif element.tag in _WITHOUT_TEXT:
                walker.skip_subtree()
            else:
                self._read(element.text)
        return self.behind

    def _read(self, text: str | None) -> None:
        if not text or not text.strip():
            return
        for number in self.pieces_in(text):
            if number in self.lost and not self._navigation:
                self.behind.setdefault(self._at, []).append(number)
                self.lost.discard(number)
            self._at = self.line_of.get(number, self._at)
        line = self.anchors.find(text)
        if line is not None:
            for number in self._waiting if self._was_found else ():
                self.behind.setdefault(line - 1, []).append(number)
            self._at = line
        if line is not None or len(text) > _ANCHOR:
            self._waiting.clear()
            self._was_found = line is not None
