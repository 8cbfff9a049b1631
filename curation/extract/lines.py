"""Lines: what an engine makes of a page, and what every step after it works on."""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice
from typing import NamedTuple

import lxml.etree
from lxml.html import HtmlElement

from schemas.line_kind import LineKind

_HEADINGS = ("h1", "h2", "h3", "h4", "h5", "h6")
_ITEMS = ("li", "dt", "dd")
_NESTED = frozenset(("ul", "ol", "dl", "p", "div", "pre", "table", "br"))
# Not all that Python takes for white space: U+0085 may be half of a letter, until that is repaired.
_BLANKS = re.compile("[ \t\n\r\f\v\u00a0]+")
_MAX_HEADING = 200  # characters; what is longer is a paragraph in large letters
_FIRST_NODES = 128  # of an element, for its first characters
_TOLD_APART_BY = 40  # characters of a heading or an item that tell it from other lines


class Line(NamedTuple):
    """One line of text, without its line break."""

    kind: LineKind
    text: str


class KindsOnPage:
    """Which lines of text are headings and list items on the page, whoever extracts them.

    Engines lose that in some of their ways; the words are the same.
    """

    def __init__(self, page: HtmlElement) -> None:
        self._kinds: dict[str, LineKind] = {}
        for element in page.iter(*_HEADINGS, *_ITEMS):
            kind = LineKind.HEADING if element.tag in _HEADINGS else LineKind.LIST_ITEM
            if start := _start_of(element):
                if kind is LineKind.HEADING:  # a table of contents has the same words
                    self._kinds[start] = kind
                self._kinds.setdefault(start, kind)

    def of(self, line: Line) -> Line:
        """The line with the kind that it has on the page."""
        if line.kind is LineKind.HEADING:
            return _heading(line.text)
        if line.kind is not LineKind.PROSE:
            return line
        start = "".join(line.text.split())[:_TOLD_APART_BY]
        kind = self._kinds.get(start, line.kind)
        return Line(kind, line.text) if kind is not LineKind.HEADING else _heading(line.text)


def _heading(text: str) -> Line:
    return Line(LineKind.HEADING if len(text) <= _MAX_HEADING else LineKind.PROSE, text)


def _start_of(element: HtmlElement) -> str:
    """The first characters, without blanks, of its first line: up to a list or block in it."""
    start = ""
    walk = lxml.etree.iterwalk(element, events=("start", "end"))
    for event, node in islice(walk, _FIRST_NODES):
        if event == "start":
            if start and node.tag in _NESTED:
                break
            text = node.text
        else:
            text = node.tail if node is not element else None
        start += "".join((text or "")[: 4 * _TOLD_APART_BY].split())
        if len(start) >= _TOLD_APART_BY:
            break
    return start[:_TOLD_APART_BY]


def one_spaced(text: str) -> str:
    """`text` with one blank for each run of white space, and none at its ends."""
    return _BLANKS.sub(" ", text).strip(" ")


def render(body: lxml.etree._Element, blocks: dict[str, LineKind | None]) -> list[Line]:
    """The lines of a tree.

    `blocks` names the elements that begin and end a line, and their kind; None takes the kind of
    the block around. Cells (`cell`) of one line each in a `row` are one line, `a | b`.
    """
    rendering = _Rendering()
    for event, element in lxml.etree.iterwalk(body, events=("start", "end")):
        is_block = element.tag in blocks
        if event == "start":
            if is_block:
                rendering.begin(element.tag, blocks[element.tag])
            rendering.add(element.text)
        else:
            if is_block:
                rendering.end(element.tag)
            if element is not body:
                rendering.add(element.tail)
    return rendering.lines


class _Rendering:
    """Text on its way into lines; `_cells` holds the lines of each cell while a row is open."""

    def __init__(self) -> None:
        self.lines: list[Line] = []
        self._held: list[str] = []
        self._kinds = [LineKind.PROSE]
        self._cells: list[list[Line]] = []
        self._open_rows = 0

    def add(self, text: str | None) -> None:
        if text:
            self._held.append(text)

    def begin(self, tag: str, kind: LineKind | None) -> None:
        self._flush()
        self._kinds.append(kind or self._kinds[-1])
        if tag == "row":
            self._open_rows += 1
        if self._open_rows == 1 and tag == "cell":
            self._cells.append([])

    def end(self, tag: str) -> None:
        self._flush()
        self._kinds.pop()
        if tag == "row":
            self._open_rows -= 1
            if self._open_rows == 0:
                self.lines += row(self._cells)
                self._cells = []

    def _flush(self) -> None:
        text = one_spaced("".join(self._held))
        self._held = []
        if text:
            target = self._cells[-1] if self._cells else self.lines
            target.append(Line(self._kinds[-1], text))


def row(cells: list[list[Line]]) -> Iterator[Line]:
    """A row of a table as one line; one that lays out a page as the lines it holds."""
    filled = sum(bool(cell) for cell in cells)
    if filled > 1 and all(len(cell) < 2 for cell in cells):
        yield Line(LineKind.TABLE, " | ".join(cell[0].text if cell else "" for cell in cells))
        return
    for cell in cells:
        yield from cell
