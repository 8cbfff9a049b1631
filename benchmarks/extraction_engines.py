"""Everything that turns a page into text here, by name, and one page through several of them.

`winnow-ENGINE` is `curation.extract` with each engine that a recipe can name. Beside these the
tools alone, given the same markup: `trafilatura`, `resiliparse` (main content), and `all-text`
(resiliparse, all that is visible). What fails gives an empty text; its failure is noted.
"""

from __future__ import annotations

import gc
import logging
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import get_args

import lxml.etree
import trafilatura
from resiliparse.extract.html2text import extract_plain_text

from benchmarks.extraction_scores import Scores, score
from benchmarks.gold import GoldPage
from curation.extract import ExtractionError, extract
from curation.extract.config import Engine

# What tools raise on hostile pages. Ours may raise `ExtractionError` only: others are faults of it.
_TOOL_FAILURES = (
    AttributeError,
    LookupError,
    RuntimeError,
    TypeError,
    ValueError,
    lxml.etree.LxmlError,
)
_PROSE = "The wheel turns when the sluice of the mill is open. "
_PAGE = "<html><head><title>Mill</title></head><body><p>{}</p></body></html>"
# On a short page trafilatura tries all that it has.
_WARM_UP = (_PAGE.format(_PROSE), _PAGE.format(_PROSE * 10))


@dataclass(frozen=True)
class Outcome:
    """What an engine made of a page, in how many seconds of CPU time; `failure` names an error."""

    text: str
    cpu_s: float
    failure: str | None


@dataclass(frozen=True)
class Result:
    """The figures of an engine on a page."""

    chars: int
    cpu_s: float
    failure: str | None
    scores: Scores


@dataclass(frozen=True)
class Source:
    """A page as engines get it: as bytes and as decoded markup."""

    html: bytes
    charset: str
    markup: str
    url: str


def _winnow(engine: Engine) -> Callable[[Source], str]:
    return lambda page: extract(page.html, url=page.url, charset=page.charset, engine=engine).text


def _trafilatura(page: Source) -> str:
    return trafilatura.extract(page.markup, url=page.url, include_comments=False) or ""


def _resiliparse(page: Source) -> str:
    return extract_plain_text(page.markup, main_content=True, preserve_formatting=True)


def _all_text(page: Source) -> str:
    return extract_plain_text(page.markup, main_content=False, preserve_formatting=True)


ENGINES: Mapping[str, Callable[[Source], str]] = {
    **{f"winnow-{engine}": _winnow(engine) for engine in get_args(Engine)},
    "trafilatura": _trafilatura,
    "resiliparse": _resiliparse,
    "all-text": _all_text,
}


def warm_up(engines: Sequence[str]) -> None:
    """Has each engine load what it loads once. Raises `RuntimeError` if one finds no prose."""
    logging.getLogger("trafilatura").setLevel(logging.CRITICAL)
    for engine in engines:
        for page in _WARM_UP:
            outcome = run(engine, Source(page.encode(), "utf-8", page, "https://mill.example/"))
        if "sluice" not in outcome.text:
            raise RuntimeError(f"{engine} does not extract a plain page: {outcome.failure}")
    gc.collect()
    gc.freeze()  # so that looking for garbage after each page looks at little else


def run(engine: str, page: Source) -> Outcome:
    """One page through one engine."""
    expected = ExtractionError if engine.startswith("winnow-") else _TOOL_FAILURES
    text, failure = "", None
    start_s = time.process_time()
    try:
        text = ENGINES[engine](page)
    except expected as error:
        failure = f"{type(error).__name__}: {error}"[:200]
    cpu_s = time.process_time() - start_s
    gc.collect()  # else the next engine pays for it
    return Outcome(text, cpu_s, failure)


def read_source(page: GoldPage) -> Source:
    """The page from its archive."""
    html, charset = page.read()
    return Source(html, charset, html.decode(charset, "replace"), page.url)


def visit(page: GoldPage, engines: Sequence[str], *, first: int) -> dict[str, Result]:
    """One page through all engines, beginning with number `first`; figures in the given order.

    Engines share caches of trafilatura's, so none may always be first.
    """
    source = read_source(page)
    first %= len(engines)
    results = {}
    for engine in (*engines[first:], *engines[:first]):
        try:
            outcome = run(engine, source)
        except Exception as error:
            error.add_note(f"{engine}, page {page.id} ({page.url})")
            raise
        scores = score(outcome.text, page.gold)
        results[engine] = Result(len(outcome.text), outcome.cpu_s, outcome.failure, scores)
    return {engine: results[engine] for engine in engines}
