"""Bytes in, a parsed page out, and what is found on it that no engine may touch.

Everything that extraction does to a page it does on the one tree that `parse` makes.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

import lxml.html
from lxml.html import HtmlElement
from trafilatura.utils import is_dubious_html, repair_faulty_html

from curation.ingest.charset import find_charset

_UNREADABLE = re.compile("[\x00-\x08\x0e-\x1a\x1c-\x1f\x7f-\x84\x86-\x9f\ufffd]")
_SNIFFED = 1000
MARK = "\ua66e"
"""Marks places on a page: a word character, an o of one manuscript, and taken off pages."""
# libxml2 stops at NUL and drops what is white space in HTML.
_REPLACED = {"\0": "", "\f": "\n", "\v": "\n", MARK: "\u043e"}
# By Sphinx and its like, Javadoc, Jupyter, MediaWiki.
_SIGNS = (
    "//a[contains(concat(' ', @class, ' '), ' headerlink ')"
    " or contains(concat(' ', @class, ' '), ' anchor-link ')"
    " or contains(concat(' ', @class, ' '), ' viewcode-back ')]"
    "|//a[*[contains(concat(' ', @class, ' '), ' viewcode-link ')]]"
    "|//span[contains(concat(' ', @class, ' '), ' mw-editsection ')]"
)
# A cap on work that is the same in every run, before those on time. Of 5,800 real pages the one
# with most tags has 35,000.
_MAX_TAGS = 100_000


class ExtractionError(ValueError):
    """The page cannot be extracted; the message says why."""


@dataclass(frozen=True)
class Found:
    """A listing or a formula: the element that shows it, and the text to put in its place.

    `display` tells a block with lines of its own from what stands in a line of prose. `others` are
    elements that show or hold the same thing once more (a preview, a source, an image) and go.
    """

    element: HtmlElement
    text: str
    display: bool
    others: tuple[HtmlElement, ...] = ()


def parse(html: bytes, *, charset: str | None = None) -> HtmlElement:
    """The page as a tree, to a depth of 2,048 tags.

    `charset` is a Python codec; None finds it. Broken bytes become U+FFFD. Raises
    `ExtractionError` for what is not HTML, for too many tags, and for tags nested too deeply:
    libxml2 does not read what lies deeper, so that would be a shorter page in silence.
    """
    markup = html.decode(charset or find_charset(html), "replace")
    if len(_UNREADABLE.findall(markup, 0, _SNIFFED)) * 10 > len(markup[:_SNIFFED]):
        raise ExtractionError("binary data")
    for character, instead in _REPLACED.items():
        markup = markup.replace(character, instead)
    return _parse(markup.removeprefix("\ufeff"))


def _parse(markup: str) -> HtmlElement:
    parser = lxml.html.HTMLParser(
        encoding="utf-8", huge_tree=True, collect_ids=False, remove_comments=True, remove_pis=True
    )
    start = markup[:50].lower()
    markup_bytes = repair_faulty_html(markup, start).encode("utf-8", "replace")
    try:
        tree = lxml.html.document_fromstring(markup_bytes, parser=parser)
    except (lxml.etree.LxmlError, ValueError) as error:
        raise ExtractionError(f"{type(error).__name__}: {error}"[:200]) from error
    if any("depth" in entry.message for entry in parser.error_log):
        raise ExtractionError("tags are nested too deeply")
    if is_dubious_html(start) and len(tree) < 2 and not len(tree[0]):
        raise ExtractionError("not HTML")
    if (tags := int(tree.xpath("count(//*)"))) > _MAX_TAGS:
        raise ExtractionError(f"{tags:,} tags, over {_MAX_TAGS:,}")
    _tidy_up(tree)
    return tree


def _tidy_up(page: HtmlElement) -> None:
    """Signs for whoever edits or links a section go; quotation marks that styles add come."""
    for sign in page.xpath(_SIGNS):
        sign.drop_tree()
    for quote in page.iter("q"):
        quote.text = f"\u201c{quote.text or ''}"
        quote.tail = f"\u201d{quote.tail or ''}"
    lxml.etree.strip_tags(page, "q")
