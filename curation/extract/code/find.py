"""Where a page shows code: its listings, and the code in its prose.

In: the tree that `page.parse` makes. Out: a `Found` for each piece, in document order, none inside
another. Invariant: the tree is not changed; the time is linear in the number of nodes. A `<pre>` is
verbatim text, code or not. Numbers, buttons and bars beside a listing are in its `others`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator
from itertools import islice, takewhile

from lxml import etree
from lxml.html import HtmlElement

from curation.extract.code.listings import listing_text, squeezed
from curation.extract.code.parts import (
    NAMES,
    class_names,
    first_child,
    is_blank,
    is_gutter,
    is_hidden,
    is_numbers,
    is_tool,
    keeps_white_space,
)
from curation.extract.code.text import VERBATIM_TAGS, Mode, shown_text
from curation.extract.page import Found

_PHRASES = frozenset({"code", "samp", "tt", "kbd"})
_CONTAINERS = frozenset({"div", "table", "ol"})
# What stands in an article and not in a line of code: a <code> around one of these was not closed.
_PROSE = NAMES["prose_tags"]
_BARS = NAMES["bar_classes"]
_LONGEST_BAR = 60
_CODE_NAME = re.compile(
    r"(?<![a-z])(?:code|highlight|prettyprint|snippet|source|syntax)", re.IGNORECASE
)
_LANGUAGE = re.compile(r"(?:^| )(?:lang(?:uage)?-|hljs|prettyprint|brush)", re.IGNORECASE)
_FIRST_TEXTS = 64
_WRAPPERS = 6
_SPACES = " \t\n\r\f"


def find_code(page: HtmlElement) -> list[Found]:
    """Every piece of code on the page; what is empty or hidden is none."""
    found: list[Found] = []
    around_prose: set[HtmlElement] = set()
    around_words: set[HtmlElement] = set()
    numbers: list[HtmlElement] = []
    walker = etree.iterwalk(page, events=("start",), tag=(*VERBATIM_TAGS, *_PHRASES, *_CONTAINERS))
    for _, element in walker:
        if element.tag not in _CONTAINERS and is_hidden(element):
            walker.skip_subtree()
        elif element.tag not in _PHRASES and _is_number_column(element, around_words):
            numbers.append(element)
            walker.skip_subtree()
        elif piece := _piece(element, around_prose):
            walker.skip_subtree()
            if is_blank(piece.text):
                continue
            if piece.display:
                piece = _with_others(piece, (*numbers, *_beside(element)))
                numbers.clear()
            found.append(piece)
    return list(_without_twins(found))


def _piece(element: HtmlElement, around_prose: set[HtmlElement]) -> Found | None:
    """The element's code, blank at times; None if code can only be found further down."""
    if element.tag in _PHRASES:
        return None if _wraps_prose(element, around_prose) else _phrase(element)
    text = listing_text(element)
    return None if text is None else Found(element, text, display=True)


def _is_number_column(element: HtmlElement, around_words: set[HtmlElement]) -> bool:
    if element in around_words or not is_gutter(element):
        return False
    for node in element.iter():
        if not (is_numbers(node.text) and (node is element or is_numbers(node.tail))):
            _add_between(element, node, around_words)
            return False
    return True


def _wraps_prose(phrase: HtmlElement, around_prose: set[HtmlElement]) -> bool:
    if first_child(phrase) is None:
        return False
    if phrase in around_prose:
        return True
    prose = next(phrase.iterdescendants(*_PROSE), None)
    if prose is not None:
        _add_between(phrase, prose, around_prose)
    return prose is not None


def _add_between(outer: HtmlElement, inner: HtmlElement, known: set[HtmlElement]) -> None:
    """What lies between need not be searched for what was found in it: that keeps time linear."""
    known.update(takewhile(lambda node: node is not outer, inner.iterancestors()))


def _phrase(element: HtmlElement) -> Found:
    block = _stands_for_listing(element)
    breaks = first_child(element) is not None and next(element.iter("br"), None) is not None
    verbatim = keeps_white_space(element) or (block and not breaks)
    text = shown_text(element, Mode.VERBATIM if verbatim else Mode.COLLAPSED)
    if block or "\n" in text:
        return Found(element, text.strip("\n"), display=True)
    return Found(element, text if verbatim else _with_outer_blanks(element, text), display=False)


def _stands_for_listing(phrase: HtmlElement) -> bool:
    """Alone in a block, and one of the two is named as code; style sheets make that a listing."""
    parent = phrase.getparent()
    if parent is None or not is_blank(parent.text) or not is_blank(phrase.tail):
        return False
    before, after = phrase.getprevious(), phrase.getnext()
    if not all(other is None or _is_bar(other) for other in (before, after)):
        return False
    if parent.tag in ("div", "figure") and _CODE_NAME.search(parent.get("class", "")):
        return True
    return bool(_LANGUAGE.search(phrase.get("class", ""))) and "\n" in "".join(phrase.itertext())


def _with_outer_blanks(phrase: HtmlElement, text: str) -> str:
    """A blank at an end of the element shows where none stands beside it already."""
    last = phrase[-1].tail if len(phrase) else phrase.text
    parent, before = phrase.getparent(), phrase.getprevious()
    outside = parent.text if before is None else before.tail
    if phrase.text and phrase.text[0] in _SPACES and outside and outside[-1] not in _SPACES:
        text = " " + text
    if last and last[-1] in _SPACES and phrase.tail and phrase.tail[0] not in _SPACES:
        text += " "
    return text


def _with_others(piece: Found, others: Iterable[HtmlElement]) -> Found:
    return Found(piece.element, piece.text, piece.display, (*piece.others, *others))


def _beside(listing: HtmlElement) -> Iterator[HtmlElement]:
    """Bars and buttons on both sides of the listing, and of what holds nothing else."""
    level = listing
    for _ in range(_WRAPPERS):
        sides = (level.itersiblings(preceding=True), level.itersiblings())
        alone = True
        for side in sides:
            for neighbour in side:
                if not _is_bar(neighbour):
                    alone = False
                    break
                yield neighbour
        level = level.getparent()
        if not alone or level is None or level.tag != "div":
            return


def _is_bar(element: HtmlElement) -> bool:
    named = is_tool(element) or not _BARS.isdisjoint(class_names(element))
    label = islice(element.itertext(), _FIRST_TEXTS)
    return named and sum(map(len, map(str.strip, label))) <= _LONGEST_BAR


def _without_twins(found: Iterable[Found]) -> Iterator[Found]:
    """A text area with the text of the listing beside it holds that listing's source."""
    last: Found | None = None
    for piece in found:
        if last is not None and _are_twins(last, piece):
            shown, source = (piece, last) if last.element.tag == "textarea" else (last, piece)
            last = Found(shown.element, source.text, True, (*last.others, *piece.others))
            last = _with_others(last, (source.element,))
            continue
        if last is not None:
            yield last
        last = piece
    if last is not None:
        yield last


def _are_twins(one: Found, other: Found) -> bool:
    tags = (one.element.tag, other.element.tag)
    one_is_source = tags.count("textarea") == 1 and one.display and other.display
    return one_is_source and squeezed(one.text) == squeezed(other.text)
