"""The `trafilatura` engine: the article's text by rules; precise, slow.

Source: Barbaresi 2021, Trafilatura: a web scraping library and command-line tool (ACL demo).
"""

from __future__ import annotations

import logging

import lxml.etree
from trafilatura import extract as trafilatura_extract
from trafilatura.utils import load_html

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
    tree = load_html(html)
    if tree is None:
        raise ValueError("not HTML")
    title = tree.findtext(".//head/title") or tree.findtext(".//title")
    text = trafilatura_extract(tree, url=url, include_comments=False)
    return text or "", " ".join(title.split()) if title else None
