r"""What stands over and under a base, as TeX: accents, limits, labelled arrows, or just a stack.

In: elements of MathML, and the TeX of their parts. Out: commands, or TeX with them.
"""

from __future__ import annotations

import re

from lxml.html import HtmlElement

from curation.extract.mathematics.mathml_tokens import (
    BIG,
    FUNCTIONS,
    INTEGRALS,
    LIMITS,
    core,
    local_name,
    text_of,
)
from curation.extract.mathematics.tex import CLOSE, LOOSE, by_character

_OVER, _UNDER, _ARROWS = by_character("over"), by_character("under"), by_character("arrows")
_LABELLED = ("\\overbrace", "\\underbrace", "\\overbracket", "\\underbracket")
_WORD = re.compile(
    rf"\\(?:(?:operatorname|mathrm)\{{([^{{}}]*)\}}|(?=(?:{'|'.join(FUNCTIONS)}){CLOSE}))"
)
_LETTERS = re.compile(r"[A-Za-z]+(?:\\,[A-Za-z]+)*")
_PADDING = (r"\,", r"\:", r"\;", r"\!", rf"\quad{CLOSE}", rf"\qquad{CLOSE}", " ", LOOSE)


def accent(element: HtmlElement) -> str:
    """The command of a `mover` or `munder` that is an accent; "" if it is none.

    An accent over one letter keeps its size, unless it is said to stretch.
    """
    mark = core(element[-1])
    char = text_of(mark)
    if local_name(element) == "munder":
        return _UNDER.get(char, "")
    if local_name(element) != "mover" or char not in _OVER:
        return ""
    stretchy = mark.get("stretchy") or ("false" if element.get("accent") == "true" else "")
    if not stretchy:
        stretchy = "true" if len(text_of(core(element[0]))) != 1 else "false"
    small, _, wide = _OVER[char].partition(" ")
    return wide if wide and stretchy == "true" else small


def with_limits(base: HtmlElement, tex: str) -> str:
    """The base as it is written before limits; "" if it is none that takes limits."""
    text = text_of(core(base))
    if text in BIG or tex.startswith(_LABELLED) or tex.strip("\\" + CLOSE) in LIMITS:
        return tex.strip("{}") if text else tex
    if text in INTEGRALS:
        return rf"{tex}\limits"
    word = _WORD.sub(r"\1", tex).replace(CLOSE, "").removeprefix("{").removesuffix("}")
    return rf"\operatorname*{{{word}}}" if len(word) > 1 and _LETTERS.fullmatch(word) else ""


def takes_space(element: HtmlElement) -> bool:
    """Whether a reader likes a space behind it and its scripts."""
    text = text_of(core(element))
    return text in BIG or text in INTEGRALS or text in FUNCTIONS


def stacked(base: HtmlElement, tex: str, *, below: str, above: str, is_label: bool) -> str:
    """A base with TeX under and over it; `is_label` if an arrow is as long as what is below."""
    below, above = unpadded(below), unpadded(above)
    arrow = _ARROWS.get(text_of(core(base)))
    if arrow and (above or is_label):
        return rf"\{arrow}{f'[{below}]' if below else ''}{{{above}}}"
    if below:
        tex = rf"\underset{{{below}}}{{{tex}}}"
    return rf"\overset{{{above}}}{{{tex}}}" if above else tex.removeprefix("{}")


def unpadded(tex: str) -> str:
    """Without space at both ends."""
    start, end = 0, len(tex)
    while found := next((pad for pad in _PADDING if tex.startswith(pad, start, end)), ""):
        start += len(found)
    while found := next((pad for pad in _PADDING if tex.endswith(pad, start, end)), ""):
        end -= len(found)
    return tex[start:end]
