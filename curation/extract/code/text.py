r"""The text that an element of code shows, as a browser would lay it out.

In: an element of the parsed page. Out: its lines, joined by `\n`; entities are resolved already.
`<br>` and the ends of blocks break lines, the white space of `<pre>` is kept and that of other
elements collapses, as HTML's `innerText` has it. What a highlighter adds is left out: line
numbers, buttons, tool bars; no-break spaces are blanks. Each node is visited once.
"""

from __future__ import annotations

import re
from collections.abc import Container
from enum import Enum
from itertools import islice
from typing import NamedTuple

from lxml import etree
from lxml.html import HtmlElement

from curation.extract.code.parts import (
    NAMES,
    class_names,
    first_child,
    is_blank,
    is_gutter,
    is_hidden,
    is_line,
    is_styled_number,
    is_tool,
    keeps_white_space,
)

VERBATIM_TAGS = frozenset({"pre", "listing", "xmp", "plaintext", "textarea"})
_EATS_FIRST_NEWLINE = frozenset({"pre", "listing", "textarea"})
_BLOCKS = NAMES["block_tags"]
_NOT_SHOWN = NAMES["tags_without_code"]
# Between the parts of these no white space shows, not even in a <pre>.
_STRUCTURE = frozenset({"table", "thead", "tbody", "tfoot", "tr", "ol", "ul"})
_STRUCTURE_PARTS = _STRUCTURE | {"td", "th", "li"}
_SPACES = re.compile("[ \t\n\r\f]+")
_LONE_ZERO_WIDTH_SPACE = re.compile("^\u200b$", re.MULTILINE)


class Mode(Enum):
    """What becomes of the text in an element: thrown away, shown with white space, or as it is."""

    DROPPED = 0
    COLLAPSED = 1
    VERBATIM = 2


class _Frame(NamedTuple):
    """How an open element treats the text directly in it."""

    mode: Mode
    in_pre: bool
    blanks_show: bool
    holds_lines: bool
    line_start: int | None


_LEFT_OUT = _Frame(Mode.DROPPED, False, False, False, None)


def shown_text(
    root: HtmlElement, mode: Mode, *, without: Container[HtmlElement] = frozenset()
) -> str:
    """The text of `root` as displayed, less one line break at its end.

    With `Mode.DROPPED` only text in `<pre>`, in table cells and in lines of code counts.
    """
    page = _Lines()
    frames = [_Frame(mode, in_pre=False, blanks_show=True, holds_lines=False, line_start=None)]
    if first_child(root) is None:
        page.add(_first_text(root), frames[0])
        return page.text()
    walker = etree.iterwalk(root, events=("start", "end"))
    for event, element in walker:
        if event == "start":
            if element is not root and (element in without or _is_left_out(element)):
                walker.skip_subtree()
                frames.append(_LEFT_OUT)
                continue
            frames.append(_open(element, frames[-1], page))
            page.add(_first_text(element), frames[-1])
            continue
        frame = frames.pop()
        if frame is not _LEFT_OUT:
            _close(element, frame, page)
        if element is not root:
            page.add(_tail(element), frames[-1])
    return page.text()


class _Lines:
    """The text so far."""

    def __init__(self) -> None:
        self.parts: list[str] = []
        self.at_line_start = True
        self._ended_by_block = False
        self._blank_due = False

    def add(self, text: str | None, frame: _Frame) -> None:
        if not text or frame.mode is Mode.DROPPED:
            return
        if not frame.blanks_show and is_blank(text):
            return
        if frame.mode is Mode.COLLAPSED:
            self._append_collapsed(_SPACES.sub(" ", text))
            return
        # The source's own line break behind a block that a highlighter made of its lines.
        if self._ended_by_block:
            text = text.removeprefix("\r").removeprefix("\n")
        if text:
            self._append(text)

    def break_line(self) -> None:
        self._append("\n")

    def break_cell(self) -> None:
        self._append("\t")

    def end_line(self) -> None:
        if not self.at_line_start:
            self.break_line()
            self._ended_by_block = True

    def has_only_filler_since(self, start: int) -> bool:
        """Highlighters put a blank where a line would have no height."""
        return len(self.parts) - start <= 1 and self.parts[start:] in ([], [" "], ["\xa0"])

    def empty_line(self, start: int) -> None:
        del self.parts[start:]
        self.break_line()

    def text(self) -> str:
        joined = "".join(self.parts).replace("\r\n", "\n").replace("\r", "\n").replace("\xa0", " ")
        return _LONE_ZERO_WIDTH_SPACE.sub("", joined.removesuffix("\n"))

    def _append(self, text: str) -> None:
        self._ended_by_block = self._blank_due = False
        self.parts.append(text)
        self.at_line_start = text[-1] == "\n"

    def _append_collapsed(self, text: str) -> None:
        """A blank shows only between what is on the same line."""
        words = text.strip(" ")
        blank_before = self._blank_due or text[0] == " "
        if words:
            self._append(" " + words if blank_before and not self.at_line_start else words)
        self._blank_due = text[-1] == " " or (not words and blank_before)


def _open(element: HtmlElement, parent: _Frame, page: _Lines) -> _Frame:
    tag = element.tag
    line = _is_row(element) or (parent.holds_lines and is_line(element))
    if tag == "br" and not parent.holds_lines and parent.mode is not Mode.DROPPED:
        page.break_line()
    elif line or tag in _BLOCKS:
        page.end_line()
    elif tag == "td" and not page.at_line_start:
        page.break_cell()
    in_pre = parent.in_pre or tag in VERBATIM_TAGS
    mode = _mode_in(element, parent.mode, shows=line or tag == "td", in_pre=in_pre)
    holds_lines = _holds_lines(element)
    blanks_show = not (holds_lines or _holds_structure(element, in_pre=in_pre))
    line_start = len(page.parts) if line and mode is not Mode.DROPPED else None
    return _Frame(mode, in_pre, blanks_show, holds_lines, line_start)


def _mode_in(element: HtmlElement, mode: Mode, *, shows: bool, in_pre: bool) -> Mode:
    if in_pre or (shows if mode is Mode.DROPPED else keeps_white_space(element)):
        return Mode.VERBATIM
    return mode


def _close(element: HtmlElement, frame: _Frame, page: _Lines) -> None:
    if frame.line_start is not None and page.has_only_filler_since(frame.line_start):
        page.empty_line(frame.line_start)
    elif frame.line_start is not None or element.tag in _BLOCKS:
        page.end_line()


def _is_row(element: HtmlElement) -> bool:
    """A row of headings is no line of code."""
    if element.tag == "tr":
        child = first_child(element)
        return child is not None and child.tag == "td"
    return bool(element.tag == "li")


def _first_text(element: HtmlElement) -> str | None:
    """HTML does not count a line break right behind the tag; libxml2 keeps it."""
    text = element.text
    if text and element.tag in _EATS_FIRST_NEWLINE:
        return text.removeprefix("\r").removeprefix("\n")
    return text


def _tail(element: HtmlElement) -> str | None:
    """Doxygen puts one blank between a number and its line."""
    tail = element.tail
    if tail and tail[0] in " \xa0" and "lineno" in class_names(element):
        line = element.getparent()
        if line.tag == "div" and "line" in class_names(line):
            return tail[1:]
    return tail


def _is_left_out(element: HtmlElement) -> bool:
    if element.tag in _NOT_SHOWN or is_tool(element) or is_gutter(element):
        return True
    return is_hidden(element) or is_styled_number(element)


def _holds_structure(element: HtmlElement, *, in_pre: bool) -> bool:
    """Whether the white space between the children is that of the markup."""
    if element.tag in _STRUCTURE:
        return True
    child = first_child(element)
    if child is None or not is_blank(element.text):
        return False
    return child.tag in (_STRUCTURE_PARTS if in_pre else _BLOCKS)


def _holds_lines(element: HtmlElement) -> bool:
    """Whether nothing stands between its children, and they are lines, each behind its number."""
    if not is_blank(element.text):
        return False
    if not any(is_line(child) for child in islice(element.iterchildren(), 2)):
        return False
    return all(is_blank(child.tail) for child in element.iterchildren())
