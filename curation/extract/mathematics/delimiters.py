r"""Formulas in the text of a page: `\( \)`, `\[ \]`, `$$ $$`, `$ $`, `\begin{align} \end{align}`.

In: an element whose own text may hold delimiters. Out: for each formula a new `<span>` around it,
in the tree. A formula may run over `<br>` and over inline elements without children of their own,
never into another block. Invariant: the page's text stays as it was; the time is linear in it.

`$` is money, a shell's variable and the end of a regular expression, too. So a formula between
single ones must look like one, and on a page that does not say that `$` is a delimiter there, it
must be TeX without doubt. Nor may prose or regular expressions stand between the others, on a page
that loads no library for formulas.
"""

from __future__ import annotations

import re
from bisect import bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

import lxml.html
from lxml.html import HtmlElement

from curation.extract.mathematics.tex import names
from curation.extract.mathematics.tex_source import has_commands

_LONGEST, _TRIES = 10_000, 20
_TOKEN = re.compile(r"\\\\|\\[()\[\]{}$]|\\(?:begin|end)\{([A-Za-z]{1,20}\*?)\}|\$+|[{}]")
_CLOSING = {r"\(": r"\)", r"\[": r"\]", "$$": "$$", "$": "$"}
_ENVIRONMENTS = names("environments")
_INLINE = names("inline")
_SCRIPTED = re.compile(r"[\w)}\]|'][ ]?[_^][ ]?[{\\\w*+-]")
_CLEARLY = re.compile(r"[_^]\{|[A-Za-z)\]}][_^][A-Za-z0-9\\](?![A-Za-z0-9])")
_WORDS = re.compile(
    r"(?<![\\A-Za-z])[a-z]{3,}[,;:]?[ \n]+(?:[a-z]+[,;]?[ \n]+)?[a-z]{3,}(?![A-Za-z])",
    re.IGNORECASE,
)
_IN_TEXT = re.compile(
    r"\\(?:text\w*|mbox|mathrm|mathit|operatorname|label|tag|hbox)\*?\s*\{[^{}]*\}"
)
_NO_TEX = re.compile(
    r"""\.\*|\[\^|\][*+?]|\)[*?]|\\[dswbDSWB](?![A-Za-z])|\\e\[|\\033|\\x1b|^\?[:=!<]|^[.*+?^]
    |(?:^|\s)--?[a-z]{3,}\s|=>|->|::|&&|[=!]==?["'=]|["'];|https?:|//""",
    re.VERBOSE,
)


@dataclass(frozen=True)
class Habits:
    """What a page says of its formulas: it loads a library for them; `$` is a delimiter."""

    library: bool
    dollars: bool


@dataclass(frozen=True)
class _Piece:
    """Some text in a stretch: an element's own (behind `child`, or first), or that of a `child`."""

    start: int
    child: HtmlElement | None
    is_own: bool


@dataclass(frozen=True)
class Delimited:
    """A formula in a text; `content` is without delimiters, but environments keep theirs."""

    start: int
    end: int
    content: str
    display: bool


def wrap_formulas(
    parent: HtmlElement, habits: Habits, taken: set[HtmlElement]
) -> Iterator[tuple[HtmlElement, Delimited]]:
    """The new elements around the formulas in `parent`'s own text; `taken` ones are left alone."""
    for pieces, text in list(_stretches(parent, taken)):
        formulas = [
            (first, last, formula)
            for formula in delimited(text, habits)
            if (first := _own_piece(pieces, formula.start))
            and (last := _own_piece(pieces, formula.end - 1))
        ]
        yield from _wrapped(parent, pieces, text, formulas)


def delimited(text: str, habits: Habits) -> Iterator[Delimited]:
    """Every formula in a text, none inside another."""
    tokens = list(_TOKEN.finditer(text))
    depths = _depths(tokens)
    closers: dict[str, list[int]] = {}
    for at, token in enumerate(tokens):
        closers.setdefault(token[0], []).append(at)
    at = 0
    while at < len(tokens):
        end = _closer(tokens, depths, closers, at)
        formula = _formula(text, tokens[at], tokens[end], habits) if end else None
        if formula:
            yield formula
        at = end + 1 if formula and end else at + 1


def _depths(tokens: list[re.Match[str]]) -> list[int]:
    """Of braces and environments, before each token and after the last."""
    depths = [0]
    for token in tokens:
        opens = token[0] == "{" or token[0].startswith(r"\begin")
        closes = token[0] == "}" or token[0].startswith(r"\end")
        depths.append(depths[-1] + opens - closes)
    return depths


def _closer(
    tokens: list[re.Match[str]], depths: list[int], closers: dict[str, list[int]], at: int
) -> int | None:
    """The token that ends the formula that begins at `at`, outside of braces opened in between."""
    mark, name = tokens[at][0], tokens[at][1]
    if name and mark.startswith(r"\begin") and name.removesuffix("*") in _ENVIRONMENTS:
        closing = rf"\end{{{name}}}"
    elif mark in _CLOSING:
        closing = _CLOSING[mark]
    else:
        return None
    places = closers.get(closing, [])
    again = closers[mark]
    following = bisect_right(again, at)
    limit = again[following] if mark in (r"\(", r"\[") and following < len(again) else len(tokens)
    nearest = bisect_right(places, at)
    for end in places[nearest : nearest + _TRIES]:
        if end > limit or tokens[end].start() - tokens[at].end() > _LONGEST:
            return None  # what begins again had not begun
        if depths[end] == depths[at + 1]:
            return end
    return None


def _formula(
    text: str, first: re.Match[str], last: re.Match[str], habits: Habits
) -> Delimited | None:
    content = text[first.end() : last.start()]
    if first[0] == "$":
        following = text[last.end() : last.end() + 1]
        accepted = _is_dollar_formula(content, following, habits)
    elif first[1]:
        accepted = bool(content.strip()) and (habits.library or not is_other_text(content))
    else:
        accepted = bool(content.strip()) and (habits.library or _is_surely_tex(content, first[0]))
    if not accepted:
        return None
    if first[1] and first[1].strip("*") not in ("equation", "displaymath", "math"):
        content = text[first.start() : last.end()]
    return Delimited(
        first.start(), last.end(), content, first[0] not in ("$", r"\(", r"\begin{math}")
    )


_WORD = re.compile(r"(?<![\\A-Za-z])[A-Za-z]{3}|\).*\(")
_RANGE = re.compile(r"\w-\w")
_OPERATION = re.compile(r"(?:^|[^\w])\w{1,2}\s*[=+<>/]\s*[\w\\(]")


def _is_dollar_formula(content: str, following: str, habits: Habits) -> bool:
    if not content.strip() or "\n\n" in content or following.isdigit() or is_other_text(content):
        return False
    is_close = content == content.strip()
    if habits.dollars:
        return is_close or bool(_SCRIPTED.search(content)) or has_commands(content)
    return is_close and (bool(_CLEARLY.search(content)) or has_commands(content))


def _is_surely_tex(content: str, mark: str) -> bool:
    r"""On a page without a library: `\[sic\]` and `\[1\]` are brackets escaped for Markdown."""
    if is_other_text(content):
        return False
    if has_commands(content) or _SCRIPTED.search(content) or _OPERATION.search(content):
        return True
    bare = content.strip()
    is_note = mark == r"\[" and bare.isdigit()
    return not (is_note or _WORD.search(bare) or _RANGE.fullmatch(bare))


def is_other_text(content: str) -> bool:
    """Prose, a regular expression or code between what would be delimiters in TeX."""
    if r"\|" in content and not has_commands(content):
        return True
    return bool(_WORDS.search(_IN_TEXT.sub("", content)) or _NO_TEX.search(content))


def _stretches(parent: HtmlElement, taken: set[HtmlElement]) -> Iterator[tuple[list[_Piece], str]]:
    """The text of an element between children that no formula runs over."""
    pieces, texts, at = [_Piece(0, None, True)], [parent.text or ""], len(parent.text or "")
    for child in parent:
        is_open = isinstance(child.tag, str) and (child.tag not in _INLINE or len(child))
        if is_open or child in taken:
            yield pieces, "".join(texts)
            pieces, texts, at = [], [], 0
        else:
            pieces.append(_Piece(at, child, False))
            texts.append("\n" if child.tag == "br" else _text(child))
            at += len(texts[-1])
        pieces.append(_Piece(at, child, True))
        texts.append(child.tail or "")
        at += len(texts[-1])
    yield pieces, "".join(texts)


def _text(child: HtmlElement) -> str:
    return (child.text or "") if isinstance(child.tag, str) else ""


def _own_piece(pieces: list[_Piece], offset: int) -> int:
    """The number of the piece at an offset plus one, if it is the element's own text; else 0."""
    at = bisect_right(pieces, offset, key=lambda piece: piece.start)
    return at if pieces[at - 1].is_own else 0


def _wrapped(
    parent: HtmlElement,
    pieces: list[_Piece],
    text: str,
    formulas: list[tuple[int, int, Delimited]],
) -> Iterator[tuple[HtmlElement, Delimited]]:
    ends = [*(piece.start for piece in pieces[1:]), len(text)]
    for at, (first, last, formula) in enumerate(formulas):
        before = formulas[at - 1] if at else None
        piece = pieces[first - 1]
        if before is None or before[1] != first:
            anchor, start = piece.child, piece.start
        _set_text(parent, anchor, "")
        span = _inserted(parent, anchor)
        _set_text(parent, anchor, text[start : formula.start])
        span.text = text[formula.start : min(formula.end, ends[first - 1])]
        for inner in pieces[first:last]:
            if not inner.is_own:
                span.append(inner.child)
        if last != first:
            behind = pieces[last - 1]
            _set_text(parent, behind.child, text[behind.start : formula.end])
        anchor, start = span, formula.end
        is_last = at + 1 == len(formulas) or formulas[at + 1][0] != last
        stop = ends[last - 1] if is_last else formulas[at + 1][2].start
        span.tail = text[start:stop]
        yield span, formula


def _inserted(parent: HtmlElement, anchor: HtmlElement | None) -> HtmlElement:
    span = lxml.html.Element("span")
    if anchor is not None:
        anchor.addnext(span)
    else:
        parent.insert(0, span)
    return span


def _set_text(parent: HtmlElement, anchor: HtmlElement | None, text: str) -> None:
    if anchor is None:
        parent.text = text
    else:
        anchor.tail = text
