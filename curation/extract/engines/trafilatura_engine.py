"""The `trafilatura` engine: the article's text by rules; precise, slow.

Source: Barbaresi 2021, Trafilatura: a web scraping library and command-line tool (ACL demo).
"""

from __future__ import annotations

import logging
from functools import cache
from typing import Any

import lxml.etree
import lxml.html
from lxml.html import HtmlElement
from trafilatura import bare_extraction

from curation.extract.lines import Line, one_spaced, render
from curation.extract.page import ExtractionError
from schemas.line_kind import LineKind

# It logs a line for every page that it cannot use; we count those as rejects.
logging.getLogger("trafilatura").setLevel(logging.CRITICAL)

# What it is known to raise on hostile trees; anything else is a fault of ours and crashes.
_FAILURES = (
    lxml.etree.LxmlError,
    RecursionError,
    AttributeError,
    IndexError,
    KeyError,
    TypeError,
    ValueError,
)
_BLOCKS = {
    **dict.fromkeys(("body", "p", "quote", "list", "lb", "ab", "div", "table", "row", "cell")),
    **dict.fromkeys(("code", "graphic")),
    "head": LineKind.HEADING,
    "item": LineKind.LIST_ITEM,
}


def run(page: HtmlElement, *, url: str | None) -> list[Line]:
    """The main text of a page, without comments; none where there is no content.

    Leaves `page` as it is. Raises `ExtractionError` where trafilatura cannot cope with it.
    """
    _require_engine()
    try:
        body = _body(page, url)
    except _FAILURES as error:
        raise ExtractionError(f"{type(error).__name__}: {error}"[:200]) from error
    if body is None:
        return []
    if len(body) == 1 and not len(body[0]) and "\n" in (body[0].text or ""):
        # Its last resort gives all lines of a page in one element.
        texts = map(one_spaced, body[0].text.split("\n"))
        return [Line(LineKind.PROSE, text) for text in texts if text]
    return render(body, _BLOCKS)


def _body(page: HtmlElement, url: str | None) -> lxml.etree._Element | None:
    """The content in trafilatura's own elements, a kind of TEI."""
    document: Any = bare_extraction(page, url=url, include_comments=False)
    return document.body if document else None


@cache
def _require_engine() -> None:
    """Crashes when the engine cannot extract any page: then `_FAILURES` would reject them all."""
    prose = "The wheel turns when the sluice of the mill is open. " * 10
    page = f"<html><head><title>Mill</title></head><body><p>{prose}</p></body></html>"
    body = _body(lxml.html.document_fromstring(page), None)
    if body is None or "sluice" not in "".join(body.itertext()):
        raise RuntimeError("trafilatura does not extract a plain page: is it another version?")
