"""A column of texts without what is personal in them.

What stands before a number tells what it is, and a placeholder brings it nearer: so, where
something was replaced, a text is looked at again beside it, until nothing more is found.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc

from curation.pii.candidates import is_beside
from curation.pii.config import PiiConfig
from curation.pii.find import MOST_PLACES, check_places, find_batch, scan
from curation.pii.kinds import PiiType, Span
from curation.pii.names import find_persons, prepare
from curation.pii.redact import Surrogates, placeholder, redact

_MOST_PASSES = 16
_OF_URLS = frozenset({PiiType.EMAIL, PiiType.API_KEY})
_AT_IN_URL = re.compile("%40")


Replacer = Callable[[Span, str], str]


class Page(NamedTuple):
    """What is known of the page that a text is of, and what stands in place of finds on it."""

    language: str | None
    host: str | None
    replacer: Replacer


class Cleaned(NamedTuple):
    """Texts, null where they had too many places to look at; and of each, finds and their sizes."""

    texts: pa.StringArray
    found: list[list[tuple[PiiType, int]]]
    too_many: list[bool]


def clean(
    texts: pa.StringArray,
    pages: Sequence[Page],
    config: PiiConfig,
    *,
    line_kinds: pa.StringArray | None = None,
) -> Cleaned:
    """The texts redacted as the config says, and what was found."""
    if PiiType.PERSON in config.wanted:
        prepare()
    places = scan(texts)
    too_many = [len(of_text) > MOST_PLACES for of_text in places]
    if any(too_many):
        places = [[] if over else of_text for over, of_text in zip(too_many, places, strict=True)]
        texts = pc.if_else(pa.array(too_many), pa.scalar(None, pa.string()), texts)
    found: list[list[tuple[PiiType, int]]] = [[] for _ in pages]
    rows, at_hand = list(range(len(texts))), texts
    changed: dict[int, str] = {}
    for number in range(_MOST_PASSES):
        spans = check_places(
            places,
            at_hand,
            [pages[row].language for row in rows],
            line_kinds.take(pa.array(rows, pa.int64())) if line_kinds is not None else None,
            hosts=[pages[row].host for row in rows],
            min_score=config.min_score,
        )
        if number == 0 and PiiType.PERSON in config.wanted:
            spans = find_persons(texts, [page.language for page in pages], spans, config.names)
        done = {}
        for row, text, of_text in zip(rows, at_hand, spans, strict=True):
            new = _new(of_text, text, config, pages[row].replacer)
            found[row] += [(span.type, span.end - span.start) for span in new]
            if new and config.replacement != "none":
                done[row] = redact(text.as_py(), new, pages[row].replacer)
        changed.update({row: redacted.text for row, redacted in done.items()})
        if not done:
            break
        rows = list(done)
        at_hand = pa.array([redacted.text for redacted in done.values()], pa.string())
        places = [
            [place for place in of_text if is_beside(place, redacted.ends)]
            for of_text, redacted in zip(scan(at_hand), done.values(), strict=True)
        ]
    return Cleaned(_replaced(texts, changed), found, too_many)


def replacer_of(doc_id: str, config: PiiConfig) -> Replacer:
    """One for all that a page has, so that a value is replaced by the same throughout."""
    return Surrogates(doc_id) if config.replacement == "surrogate" else placeholder


def _new(
    spans: Sequence[Span], text: pa.Scalar, config: PiiConfig, replacer: Replacer
) -> list[Span]:
    """The spans that are wanted, and no surrogates."""
    wanted = [span for span in spans if span.type in config.wanted]
    if not wanted or not isinstance(replacer, Surrogates):
        return wanted
    whole = text.as_py()
    return [span for span in wanted if not replacer.is_one(span, whole[span.start : span.end])]


def clean_urls(urls: pa.StringArray, pages: Sequence[Page], config: PiiConfig) -> pa.StringArray:
    """URLs without addresses, with `@` or `%40`, and without keys; the rest as it was."""
    kinds = _OF_URLS & config.wanted
    if config.replacement == "none" or not kinds:
        return urls
    spelled = pc.replace_substring(urls, "%40", "@")
    changed = {}
    found = find_batch(spelled, [None] * len(urls), min_score=config.min_score)
    for row, spans in enumerate(found):
        if wanted := [span for span in spans if span.type in kinds]:
            url = urls[row].as_py()
            places = [_place_in(url, span) for span in wanted]
            changed[row] = redact(url, places, _unescaped(pages[row].replacer)).text
    return _replaced(urls, changed)


def _place_in(url: str, span: Span) -> Span:
    """A span of a URL in which each `%40` was one character."""
    escapes = [match.start() - 2 * at for at, match in enumerate(_AT_IN_URL.finditer(url))]
    start = span.start + 2 * sum(place < span.start for place in escapes)
    end = span.end + 2 * sum(place < span.end for place in escapes)
    return span._replace(start=start, end=end)


def _unescaped(replacer: Replacer) -> Replacer:
    return lambda span, value: replacer(span, value.replace("%40", "@"))


def _replaced(texts: pa.StringArray, changed: dict[int, str]) -> pa.StringArray:
    """With other texts in some rows."""
    if not changed:
        return texts
    others = pa.array([changed.get(row) for row in range(len(texts))], pa.string())
    return pc.coalesce(others, texts)
