"""Where blocks belong that are on the page and not among the engine's lines.

In: the page, and the lines that came of it. Out: for each block the line that it follows; none for
those in navigation. A block stands behind the text before it, or before the text after it, if one
of them was extracted; a picture only where both were, so that pictures beside the content stay out.
"""

from __future__ import annotations

import re
from bisect import bisect_left
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

from lxml import etree
from lxml.html import HtmlElement

from curation.extract.code.parts import is_hidden

_NAVIGATION = frozenset(("nav", "footer", "aside", "header", "menu", "dialog", "button"))
_ROLES = frozenset(("navigation", "banner", "contentinfo", "complementary", "search"))
_NAMED = re.compile(r"(?<![a-z])(?:comments|commentlist|respond|cookies?)(?![a-z])", re.IGNORECASE)
_WITHOUT_TEXT = frozenset(("script", "style", "noscript", "template", "head"))
_INLINE = frozenset(
    [
        *("a", "abbr", "b", "bdi", "bdo", "big", "cite", "code", "data", "del", "dfn", "em"),
        *("font", "i", "ins", "kbd", "mark", "q", "s", "samp", "small", "span", "strong", "sub"),
        *("sup", "time", "tt", "u", "var", "wbr"),
    ]
)
_ANCHOR = 24  # characters of a text that find its line again
_MIN_ANCHOR = 3


def _is_beside_content(element: HtmlElement) -> bool:
    if element.tag in _NAVIGATION or element.get("role") in _ROLES or is_hidden(element):
        return True
    return element.tag in ("div", "section", "ol", "ul") and bool(
        _NAMED.search(f"{element.get('class', '')} {element.get('id', '')}")
    )


class Anchors:
    """Lines, found by how they begin."""

    def __init__(self, lines: Sequence[str]) -> None:
        self._lines = lines
        self._starts = sorted((line[:_ANCHOR], at) for at, line in enumerate(lines))

    def find(self, text: str, *, after: int) -> int | None:
        """The first line behind line `after` that begins like `text`, or is it if it is short.

        A line further up only if it is long enough, and the only one that begins so.
        """
        start = " ".join(text[: 4 * _ANCHOR].split())[:_ANCHOR]
        if len(start) < _MIN_ANCHOR:
            return None
        at = bisect_left(self._starts, (start, after + 1))
        if self._is_there(start, at):
            return self._starts[at][1]
        first = bisect_left(self._starts, (start, -1))
        is_only = at == first + 1 and len(start) == _ANCHOR
        return self._starts[first][1] if is_only and self._is_there(start, first) else None

    def _is_there(self, start: str, at: int) -> bool:
        if at >= len(self._starts) or self._starts[at][0] != start:
            return False
        return len(start) == _ANCHOR or len(self._lines[self._starts[at][1]]) == len(start)


@dataclass
class Places:
    """Finds the places in one walk over the page.

    `pieces_in` gives the numbers of pieces whose placeholders are in a text; `lines_of` has the
    first and last lines of those that are placed already; blocks that are not are `lost`.
    """

    anchors: Anchors
    pieces_in: Callable[[str], Sequence[int]]
    lines_of: Mapping[int, tuple[int, int]]
    lost: set[int]
    pictures: Mapping[HtmlElement, int]
    behind: dict[int, list[int]] = field(default_factory=dict)
    _at: int = -1
    _navigation: int = 0
    _was_found: bool = False
    _waiting: list[int] = field(default_factory=list)
    _blocks: set[int] = field(default_factory=set)
    _text: list[str] = field(default_factory=list)

    def find(self, page: HtmlElement) -> dict[int, list[int]]:
        """By line (-1: before the first), the numbers of the blocks that follow it."""
        walker = etree.iterwalk(page, events=("start", "end"))
        for event, element in walker:
            if element.tag not in _INLINE:
                self._end_block()
            if _is_beside_content(element):
                self._navigation += 1 if event == "start" else -1
            if event == "end":
                self._text.append(element.tail or "")
            elif element in self.pictures:
                if not self._navigation:
                    self._waiting.append(self.pictures[element])
                walker.skip_subtree()
            elif element.tag in _WITHOUT_TEXT:
                walker.skip_subtree()
            else:
                self._text.append(element.text or "")
        self._end_block()
        self._give_up()
        return self.behind

    def _end_block(self) -> None:
        text = "".join(self._text)
        self._text.clear()
        if text and not text.isspace():
            self._read(text)

    def _read(self, text: str) -> None:
        holds_block = False
        for number in dict.fromkeys(self.pieces_in(text)):
            if number in self.lines_of:
                self._go_on(*self.lines_of[number])
            elif number in self.lost:
                holds_block = True
                self._place(number)
        line = self.anchors.find(text, after=self._at)
        if line is not None:
            self._go_on(line, line)
        elif len(text) > _ANCHOR and not holds_block:
            self._give_up()
            self._was_found = False

    def _place(self, number: int) -> None:
        self.lost.discard(number)
        self._blocks.add(number)
        if self._navigation:
            return
        if self._was_found:
            self.behind.setdefault(self._at, []).append(number)
        else:
            self._waiting.append(number)

    def _give_up(self) -> None:
        """The text before and after what waits is not there: code follows the last line that is."""
        blocks = [number for number in self._waiting if number in self._blocks]
        if blocks and self._at >= 0:
            self.behind.setdefault(self._at, []).extend(blocks)
        self._waiting.clear()

    def _go_on(self, first: int, last: int) -> None:
        """The page goes on at these lines; what waits for a text that was extracted, has it."""
        for number in self._waiting:
            if self._was_found or number in self._blocks:
                self.behind.setdefault(first - 1, []).append(number)
        self._waiting.clear()
        self._at, self._was_found = last, True
