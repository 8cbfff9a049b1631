"""Opt-outs: what headers and `meta` elements say against training models on a page.

In: the HTTP headers of a response; the tree of its page. Out: statements, `OptOut` -> whether it is
made. Invariant: what a page does not say is not there, so that whoever joins statements knows a `0`
from silence.

Read are: `noai` and `noimageai` (DeviantArt 2022) in `X-Robots-Tag` and in `meta` elements `robots`
or with that `http-equiv`; and `tdm-reservation` (TDMRep, W3C community group, final report of
2024-05-10), where `1` reserves, `0` does not, and anything else is no statement. What a page's
`meta` says of the reservation supersedes its header (section "Processing priority"); a `noai`
anywhere counts.

A directive for a bot that is named (`X-Robots-Tag: otherbot: noai`, `<meta name="googlebot">`)
holds for that bot alone and is not read. Out of reach are `robots.txt` and
`/.well-known/tdmrep.json`, which are no part of a page's record.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator, Mapping

from lxml.html import HtmlElement

from schemas.opt_out import OptOut

Statements = Mapping[OptOut, bool]
_ROBOTS, _ROBOTS_HEADER, _TDM = "robots", "x-robots-tag", "tdm-reservation"
_DIRECTIVES = {OptOut.NOAI, OptOut.NOIMAGEAI}
_RESERVED = {"1": True, "0": False}
_SEPARATOR = re.compile(r"[\s,;]+")
_BOT = re.compile(r"\S+")  # which the time of a day is not
_EVERY_BOT = {"*", _ROBOTS}
_WITH_VALUE = {
    *("unavailable_after", "max-snippet", "max-image-preview", "max-video-preview"),
    *("rating", "refresh", "noarchive", "noindex"),
}


def in_headers(headers: Iterable[tuple[str, str]]) -> Statements:
    """What the headers of a response say; names in any case, a name any number of times."""
    named = ((name.strip().lower(), value) for name, value in headers)
    return _gather(header for header in named if header[0] in (_ROBOTS_HEADER, _TDM))


def on_page(page: HtmlElement) -> Statements:
    """What the `meta` elements of a page say, wherever they stand."""
    return _gather(_meta(page))


def together(headers: Iterable[OptOut], page: Statements) -> list[OptOut]:
    """All that is opted out of, sorted, where `headers` are those that headers made."""
    said = {**dict.fromkeys(headers, True), **page}
    return made(said)


def made(said: Statements) -> list[OptOut]:
    """The statements that are made, sorted."""
    return sorted(name for name, is_made in said.items() if is_made)


def _meta(page: HtmlElement) -> Iterator[tuple[str, str]]:
    for element in page.iter("meta"):
        content = element.get("content") or ""
        name = (element.get("name") or "").strip().lower()
        if name in (_ROBOTS, _TDM):
            yield name, content
        elif (element.get("http-equiv") or "").strip().lower() == _ROBOTS_HEADER:
            yield _ROBOTS_HEADER, content


def _gather(said: Iterable[tuple[str, str]]) -> Statements:
    found: dict[OptOut, bool] = {}
    for name, value in said:
        if name == _TDM and value.strip() in _RESERVED:
            # Of two that contradict each other the reservation counts.
            reserved = _RESERVED[value.strip()]
            found[OptOut.TDM_RESERVATION] = found.get(OptOut.TDM_RESERVATION, False) or reserved
        elif name == _ROBOTS:
            found.update(dict.fromkeys(_DIRECTIVES & set(_SEPARATOR.split(value.lower())), True))
        elif name == _ROBOTS_HEADER:
            found.update(dict.fromkeys(_DIRECTIVES & set(_for_every_bot(value.lower())), True))
    return found


def _for_every_bot(value: str) -> Iterator[str]:
    """The directives of a header, without those behind the name of a bot."""
    for_all = True
    for part in re.split("[,;]", value):
        bot, colon, directives = part.partition(":")
        if colon and _BOT.fullmatch(bot.strip()) and bot.strip() not in _WITH_VALUE:
            for_all = bot.strip() in _EVERY_BOT
        if for_all:
            yield from _SEPARATOR.split(directives if colon else part)
