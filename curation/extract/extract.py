r"""HTML in, text out: one page at a time.

In: bytes of markup. Out: text with `\n` as its only line break, and the kind of each line. Code and
formulas are as the page shows them, whatever the engine; prose is clean and without Markdown.
Invariant: a page comes out with text, or is rejected with a reason; it never disappears.
"""

from __future__ import annotations

from dataclasses import dataclass

from lxml.html import HtmlElement

from curation.extract.config import Engine
from curation.extract.engines import resiliparse_engine, trafilatura_engine
from curation.extract.hygiene import cleaned
from curation.extract.kept import shorten, take_out
from curation.extract.lines import KindsOnPage, Line
from curation.extract.markdown import without_markers
from curation.extract.page import parse
from curation.extract.pointers import without_pointers
from curation.safety.opt_outs import Statements, on_page
from schemas.line_kind import LineKind

_ENGINES = {"trafilatura": trafilatura_engine.run, "resiliparse": resiliparse_engine.run}


@dataclass(frozen=True)
class Extracted:
    r"""A page's text and title, and the engine that found them.

    `text` is empty for a page without content. `line_kinds` has a letter of `LineKind` for each of
    `text.split("\n")`. `opt_outs` are what its `meta` elements say. `flags`: `code`, `formulas`,
    `images` (the text has some), `put_back` (what the engine dropped is in the text), `mojibake`
    (some was repaired).
    """

    text: str
    line_kinds: str
    title: str | None
    engine: Engine
    flags: tuple[str, ...]
    opt_outs: Statements


def extract(
    html: bytes,
    *,
    url: str | None = None,
    charset: str | None = None,
    engine: Engine = "trafilatura",
) -> Extracted:
    """The main text of a page.

    `charset` is a Python codec; None finds it. Broken bytes become U+FFFD. Raises
    `ExtractionError`.
    """
    page = parse(html, charset=charset)
    title, opt_outs = _title(page), on_page(page)
    kept = take_out(page)
    kinds = KindsOnPage(page)
    lines = [kinds.of(line) for line in _ENGINES[engine](page, url=url)]
    lines, repaired = cleaned(shorten(lines))
    lines = without_pointers(without_markers(lines))
    lines, flags = kept.put_back(lines)
    shown = [at for at, line in enumerate(lines) if line.text.strip()]
    lines = lines[shown[0] : shown[-1] + 1] if shown else []
    return Extracted(
        text="\n".join(line.text for line in lines),
        line_kinds="".join(line.kind for line in lines),
        title=title,
        engine=engine,
        flags=tuple(sorted(flags | ({"mojibake"} if repaired else set()))),
        opt_outs=opt_outs,
    )


def _title(page: HtmlElement) -> str | None:
    titles = page.xpath("//title[not(ancestor::svg)]")
    title = "".join(titles[0].itertext()) if titles else ""
    lines, _ = cleaned([Line(LineKind.PROSE, title)])
    return lines[0].text if lines else None
