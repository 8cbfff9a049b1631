"""The `resiliparse` engine: main content by rules over tags and class names; fast, less precise.

Source: Bevendorff et al. 2023, An Empirical Comparison of Web Content Extraction Algorithms
(SIGIR).
"""

from __future__ import annotations

from collections.abc import Iterator

import lxml.html
from lxml.html import HtmlElement
from resiliparse.extract.html2text import extract_plain_text

from curation.extract.lines import Line, one_spaced, row
from schemas.line_kind import LineKind

_BETWEEN_CELLS = "\t\t"


def run(page: HtmlElement, *, url: str | None) -> list[Line]:
    """The main text of a page; none where there is no content. Leaves `page` as it is."""
    del url
    text = extract_plain_text(
        lxml.html.tostring(page, encoding="unicode"),
        main_content=True,
        preserve_formatting=True,
        list_bullets=False,
        alt_texts=False,
    )
    return list(_lines(text))


def _lines(text: str) -> Iterator[Line]:
    for line in text.split("\n"):
        cells = [one_spaced(cell) for cell in line.split(_BETWEEN_CELLS)]
        yield from row([[Line(LineKind.PROSE, cell)] if cell else [] for cell in cells])
