"""Code, formulas and what images say, on their way around the engine.

Engines reflow code, lose formulas and drop what is short. So code and formulas leave the page
before the engine sees it, and a placeholder stands for each: a word that no engine takes apart.
Afterwards the text takes the placeholder's place, as it was. A block whose placeholder the engine
dropped comes back beside the text before or after it (`placing.py`). Pictures are only noted, for
they would mislead the engine, and come back where the text around them was kept.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from enum import StrEnum

import lxml.html
from lxml.html import HtmlElement

from curation.extract.code import find_code
from curation.extract.hygiene import cleaned
from curation.extract.images import bare, find_images
from curation.extract.lines import Line
from curation.extract.mathematics import find_formulas
from curation.extract.page import MARK, Found
from curation.extract.placing import Anchors, Places
from curation.extract.tidy import tidy, verbatim
from schemas.line_kind import LineKind

_PLACEHOLDER = re.compile(f"{MARK}(\\d{{1,9}})(?: [^{MARK}]*)?{MARK}")
# Engines judge text by its length: a long listing is a long run of its placeholder, and code and
# formulas in a sentence stand in theirs, for the engine to see.
_MAX_FILL, _FILL, _MAX_SHOWN = 100, 12, 200  # repetitions; characters for each; characters
_HOLD_NO_PARAGRAPH = frozenset(
    [
        *("p", "h1", "h2", "h3", "h4", "h5", "h6", "dt", "label", "center"),
        *("a", "span", "font", "b", "i", "u", "em", "strong", "small", "big"),
    ]
)
_NEAR, _COMPARED = 3, 60  # lines; characters
_ENVIRONMENT = re.compile(r"\\begin\{(?!array|matrix|[bpvV]matrix|cases|aligned|gathered|split)")


class What(StrEnum):
    """What is kept."""

    CODE = "code"
    FORMULA = "formulas"
    IMAGE = "images"


_KINDS = {
    What.CODE: LineKind.CODE,
    What.FORMULA: LineKind.MATHEMATICS,
    What.IMAGE: LineKind.PROSE,
}


@dataclass(frozen=True)
class _Piece:
    what: What
    is_block: bool
    text: str

    def inline(self) -> str:
        return f"${' '.join(self.text.split())}$" if self.what is What.FORMULA else self.text

    def lines(self) -> Iterator[Line]:
        text = self.text
        if self.what is What.FORMULA and not _ENVIRONMENT.match(text):
            text = f"$${text}$$"
        for line in text.split("\n"):
            yield Line(_KINDS[self.what], line)


@dataclass
class Kept:
    """All that was taken off a page, or noted on it; a piece's number is in its placeholder."""

    page: HtmlElement
    pieces: list[_Piece] = field(default_factory=list)
    pictures: dict[HtmlElement, int] = field(default_factory=dict)
    _in_sentences: list[tuple[HtmlElement, int]] = field(default_factory=list)

    def add(self, what: What, found: Found) -> None:
        """Puts a placeholder in the place of what was found."""
        text = _clean(what, found.text)
        if found.element.getparent() is None or not text.strip():
            return
        number = len(self.pieces)
        self.pieces.append(_Piece(what, found.display, text))
        if what is What.IMAGE and found.display:
            self.pictures[found.element] = number
            return
        parent = found.element.getparent()
        is_paragraph = found.display and parent.tag not in _HOLD_NO_PARAGRAPH
        replacement = lxml.html.Element("p" if is_paragraph else "span")
        repeated = min(_MAX_FILL, 1 + len(text) // _FILL) if found.display else 1
        replacement.text = " ".join([f"{MARK}{number}{MARK}"] * repeated)
        if not found.display and what is not What.IMAGE:
            self._in_sentences.append((replacement, number))
        replacement.tail, found.element.tail = found.element.tail, None
        parent.replace(found.element, replacement)
        for other in found.others:
            if other.getparent() is not None:
                other.drop_tree()

    def show(self) -> None:
        """Lets the engine see what stands in sentences, when nothing more is looked for."""
        for placeholder, number in self._in_sentences:
            shown = " ".join(self.pieces[number].text[:_MAX_SHOWN].replace(MARK, "").split())
            placeholder.text = f"{MARK}{number} {shown}{MARK}"

    def put_back(self, lines: Sequence[Line]) -> tuple[list[Line], set[str]]:
        """The engine's lines, with short placeholders, and every text in its place.

        Beside them what there is: `What`s, and `put_back` where a text had to find its place.
        """
        replaced = _Replaced(self.pieces, known={line.text for line in lines})
        for line in lines:
            replaced.add(line)
        done, lines_of = replaced.lines, replaced.lines_of
        flags: set[str] = {self.pieces[number].what for number in lines_of}
        blocks = {number for number, piece in enumerate(self.pieces) if piece.is_block}
        lost = blocks - set(lines_of) - set(self.pictures.values())
        if not lost and not self.pictures:
            return done, flags
        if not done:  # a page of nothing but code
            return [line for number in sorted(lost) for line in self.pieces[number].lines()], flags
        places = Places(
            anchors=Anchors([line.text for line in done]),
            pieces_in=_numbers,
            lines_of=lines_of,
            lost=lost,
            pictures=self.pictures,
        )
        behind = places.find(self.page)
        flags |= {self.pieces[number].what for numbers in behind.values() for number in numbers}
        return self._inserted(done, behind), flags | ({"put_back"} if behind else set())

    def _inserted(self, lines: Sequence[Line], behind: Mapping[int, Sequence[int]]) -> list[Line]:
        done: list[Line] = []
        for at in range(-1, len(lines)):
            done += lines[at : at + 1] if at >= 0 else []
            for number in behind.get(at, ()):
                piece = self.pieces[number]
                near = lines[max(0, at - _NEAR) : at + 1 + _NEAR]
                if piece.what is What.IMAGE:
                    done += [line for line in piece.lines() if not _is_told(line.text, near)]
                else:
                    done += piece.lines()
        return done


def _clean(what: What, text: str) -> str:
    """Code stays as it is; a formula is no prose, what an image says is."""
    if what is What.CODE:
        return verbatim(text)
    if what is What.FORMULA:
        return tidy(text)
    lines, _ = cleaned([Line(LineKind.PROSE, line) for line in text.split("\n")])
    return "\n".join(line.text for line in lines)


def take_out(page: HtmlElement) -> Kept:
    """Replaces code and formulas on `page` by placeholders, and notes its pictures."""
    kept = Kept(page)
    for what, find in (
        (What.CODE, find_code),
        (What.FORMULA, find_formulas),
        (What.IMAGE, find_images),
    ):
        for found in find(page):
            kept.add(what, found)
    kept.show()
    return kept


def _is_told(text: str, lines: Sequence[Line]) -> bool:
    """Whether a caption begins like a line near it: the engine kept it, or it is there twice."""
    start = bare(text[:_COMPARED])
    return any(start in bare(line.text[:_COMPARED]) for line in lines)


def shorten(lines: Sequence[Line]) -> list[Line]:
    """The lines with placeholders that hold nothing but their numbers: nothing to clean."""
    return [
        Line(kind, _PLACEHOLDER.sub(rf"{MARK}\1{MARK}", text)) if MARK in text else Line(kind, text)
        for kind, text in lines
    ]


class _Replaced:
    """Lines with texts for placeholders, and the first and last line that each number is on.

    A number is used once: a page may show placeholders of its own making.
    """

    def __init__(self, pieces: Sequence[_Piece], known: set[str]) -> None:
        self.lines: list[Line] = []
        self.lines_of: dict[int, tuple[int, int]] = {}
        self._pieces, self._known = pieces, known
        self._text = ""

    def add(self, line: Line) -> None:
        self._text, *rest = _PLACEHOLDER.split(line.text)
        for number, after in zip(map(int, rest[::2]), rest[1::2], strict=True):
            if number < len(self._pieces) and number not in self.lines_of:
                self._put(number, self._pieces[number], line.kind)
            self._text += after
        self._end_line(line.kind)

    def _put(self, number: int, piece: _Piece, kind: LineKind) -> None:
        if piece.is_block:
            self._end_line(kind)
            first = len(self.lines)
            self.lines += piece.lines()
            self.lines_of[number] = first, len(self.lines) - 1
        # An alt text that stands on the page as a line of its own would be there twice.
        elif piece.what is not What.IMAGE or piece.text not in self._known:
            self._text += piece.inline()
            self.lines_of[number] = len(self.lines), len(self.lines)

    def _end_line(self, kind: LineKind) -> None:
        text = " ".join(self._text.split())
        if kind is LineKind.TABLE and "|" in text:
            text = text.strip(" |")
        if text:
            self.lines.append(Line(kind, text))
        self._text = ""


def _numbers(text: str) -> list[int]:
    return [int(found[1]) for found in _PLACEHOLDER.finditer(text)] if MARK in text else []
