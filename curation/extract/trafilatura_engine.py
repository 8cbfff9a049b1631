"""The `trafilatura` engine: the article's text by rules; precise, slow.

Source: Barbaresi 2021, Trafilatura: a web scraping library and command-line tool (ACL demo).
"""

from __future__ import annotations

import logging
from functools import cache

import lxml.etree
import lxml.html
from trafilatura import extract as trafilatura_extract
from trafilatura.utils import is_dubious_html, repair_faulty_html

# It logs a line for every page that it cannot use; we count those as rejects.
logging.getLogger("trafilatura").setLevel(logging.CRITICAL)

# What it is known to raise on hostile trees; anything else is a fault of ours and crashes.
FAILURES = (
    lxml.etree.LxmlError,
    RecursionError,
    AttributeError,
    IndexError,
    KeyError,
    TypeError,
    ValueError,
)


def run(html: str, *, url: str | None) -> tuple[str, str | None]:
    """The main text and the title of a page; an empty text where there is no content.

    Raises one of `FAILURES` where it cannot cope with the page.
    """
    _require_engine()
    tree = _parse(html)
    title = tree.findtext(".//head/title") or tree.findtext(".//title")
    text = trafilatura_extract(tree, url=url, include_comments=False)
    return text or "", " ".join(title.split()) if title else None


@cache
def _require_engine() -> None:
    """Crashes when the engine cannot extract any page: then `FAILURES` would reject them all."""
    prose = "The wheel turns when the sluice of the mill is open. " * 10
    page = f"<html><head><title>Mill</title></head><body><p>{prose}</p></body></html>"
    if "sluice" not in (trafilatura_extract(_parse(page), url=None, include_comments=False) or ""):
        raise RuntimeError("trafilatura does not extract a plain page: is it another version?")


def _parse(html: str) -> lxml.html.HtmlElement:
    """The page as trafilatura parses it, but to a depth of 2,048 rather than 256 tags.

    What is nested deeper is not read by libxml2, so it is an error rather than a shorter page.
    """
    parser = lxml.html.HTMLParser(
        encoding="utf-8", huge_tree=True, collect_ids=False, remove_comments=True, remove_pis=True
    )
    start = html[:50].lower()
    markup = repair_faulty_html(html, start).encode("utf-8", "replace")
    tree = lxml.html.document_fromstring(markup, parser=parser)
    if any("depth" in entry.message for entry in parser.error_log):
        raise ValueError("tags are nested too deeply")
    if is_dubious_html(start) and len(tree) < 2 and not len(tree[0]):
        raise ValueError("not HTML")
    return tree
