"""Several captures of one URL: pages of the sample in, older and newer captures of them out.

Each `Case` names what URL deduplication should do; the captures of a case share one canonical URL
with the page in `debdoc.warc.gz`, however they spell it.
"""

from __future__ import annotations

import re
from collections.abc import Callable
from dataclasses import dataclass
from datetime import timedelta

from curation.sample.prose import page, paragraphs
from curation.sample.records import capture_time, http_response, response, warc_date
from curation.sample.selection import Source

_PARAGRAPH = re.compile(rb"<p\b[^>]*>[^<]{120}.*?</p>", re.DOTALL)
_PROSE = ("debian-handbook", "debian-faq", "installation-guide-amd64", "postgresql-doc-15")
_MIN_PARAGRAPHS = 3


@dataclass(frozen=True)
class Case:
    """Records of one URL, and in words what stays of them and of the page in debdoc.warc.gz."""

    url: str
    records: tuple[bytes, ...]
    expect: str


def version_cases(sources: list[Source]) -> list[Case]:
    """One case for each of the makers below, each with a page of its own."""
    usable = [s for s in sources if s.package in _PROSE and _is_prose(s)]
    makers = _makers()
    step = len(usable) // len(makers)
    return [make(source) for make, source in zip(makers, usable[::step], strict=False)]


def _makers() -> tuple[Callable[[Source], Case], ...]:
    return (
        _older,
        _newer,
        _five,
        _spelt("upper-case scheme and host", lambda u: re.sub(r"^https://[^/]+", _upper, u)),
        _spelt("the default port", lambda u: re.sub(r"^(https://[^/]+)", r"\1:443", u)),
        _spelt("a fragment", lambda u: f"{u}#top"),
        _spelt("tracking parameters", lambda u: f"{u}?utm_source=letter&utm_medium=mail"),
        _spelt("dot segments", lambda u: u.replace("/doc/", "/doc/./x/../", 1)),
        _query_order,
        _gone,
        _too_short,
        _equal_dates,
        _repeated,
        _unchanged,
        _without_date,
    )


def _is_prose(source: Source) -> bool:
    """Whether it is long enough for every rule, so that only its versions decide."""
    return len(_PARAGRAPH.findall(source.body)) >= _MIN_PARAGRAPHS


def _upper(match: re.Match[str]) -> str:
    return match[0].upper()


def _capture(source: Source, days: int, *, url: str = "", note: str = "", name: str = "") -> bytes:
    """The page `days` after its capture in debdoc.warc.gz, with a paragraph more."""
    at = capture_time(source.url) + timedelta(days=days)
    body = _revised(source.body, note or f"{warc_date(at)[:10]}{name}")
    return response(url or source.url, http_response(body), at=at, name=name)


def _revised(body: bytes, edition: str) -> bytes:
    text = (
        f"<p>This is the edition of {edition}. Since the one before it two sentences were"
        " shortened, a wrong page number was put right, and nothing else has changed.</p>"
    )
    first = _PARAGRAPH.search(body)
    at = first.end() if first else 0
    return body[:at] + text.encode() + body[at:]


def _older(source: Source) -> Case:
    records = (_capture(source, -30),)
    return Case(source.url, records, "debdoc.warc.gz has the newest: this one goes")


def _newer(source: Source) -> Case:
    records = (_capture(source, 25),)
    return Case(source.url, records, "this one is the newest: the one in debdoc.warc.gz goes")


def _five(source: Source) -> Case:
    records = tuple(_capture(source, days) for days in (-60, 40, -20, 10))
    return Case(source.url, records, "the second here is the newest: the other four go")


def _spelt(how: str, spell: Callable[[str], str]) -> Callable[[Source], Case]:
    def make(source: Source) -> Case:
        records = (_capture(source, 12, url=spell(source.url)),)
        expect = f"newest, its URL spelt with {how}: the one in debdoc.warc.gz goes"
        return Case(source.url, records, expect)

    return make


def _query_order(source: Source) -> Case:
    urls = (f"{source.url}?page=2&view=full", f"{source.url}?view=full&page=2")
    records = tuple(_capture(source, 15 + i, url=url) for i, url in enumerate(urls))
    expect = "one URL with its parameters in two orders: the second stays; so does the page"
    return Case(source.url, records, f"{expect} in debdoc.warc.gz, which has no parameters")


def _gone(source: Source) -> Case:
    body = page("Not found", ("There is no such page here.",)).encode()
    at = capture_time(source.url) + timedelta(days=30)
    records = (response(source.url, http_response(body, status="404 Not Found"), at=at),)
    return Case(source.url, records, "newest is a 404, no version: the one in debdoc.warc.gz stays")


def _too_short(source: Source) -> Case:
    body = page("Moved", ("This chapter is now part of the next one.",)).encode()
    at = capture_time(source.url) + timedelta(days=30)
    records = (response(source.url, http_response(body), at=at),)
    expect = "newest is a page too short to keep: nothing of this URL stays"
    return Case(source.url, records, expect)


def _equal_dates(source: Source) -> Case:
    records = tuple(_capture(source, 9, name=f", printing {name}") for name in "AB")
    return Case(source.url, records, "two newest with one date: one of them stays, by document id")


def _repeated(source: Source) -> Case:
    records = (_capture(source, 18),) * 2
    return Case(
        source.url, records, "newest, listed twice with one record id: one of the two stays"
    )


def _unchanged(source: Source) -> Case:
    at = capture_time(source.url) + timedelta(days=7)
    records = (response(source.url, http_response(source.body), at=at),)
    return Case(source.url, records, "newest, and not changed: the one in debdoc.warc.gz goes")


def _without_date(source: Source) -> Case:
    url = f"{source.url}?edition=undated"
    at = capture_time(source.url)
    body = page("Undated and dated", paragraphs(23)).encode()
    dated = response(url, http_response(body), at=at)
    undated = response(url, http_response(body), at=None, name="undated")
    expect = "two captures of a URL with a parameter, one with no date: the dated one stays"
    return Case(url, (undated, dated), expect)
