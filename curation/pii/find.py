"""Personal data and secrets in texts: a scan for candidates, checks of these, overlaps settled.

In: texts with their languages, and what else is known of their pages. Out: spans of characters, in
order, none within another. A text without candidates costs the scan alone.
"""

from __future__ import annotations

from bisect import bisect
from collections.abc import Callable, Iterable, Iterator, Sequence
from functools import cache

import pyarrow as pa

from curation.kernels import compile_once
from curation.pii.candidates import Candidate, Page, Place, candidate, places_of
from curation.pii.checks import addresses, documents, keys, numbers, wallets
from curation.pii.kinds import PiiType, Span
from curation.pii.regions import regions_of
from curation.pii.scan import Group

MIN_SCORE = 0.5
MOST_PLACES = 50_000
"""Candidates of a page that a run looks at: a page of nothing but numbers would take minutes."""
_ORDER = {kind: at for at, kind in enumerate(PiiType)}


def _of_token(place: Candidate) -> Iterator[Span]:
    yield from wallets.wallet(place)
    yield from keys.key(place)


Check = Callable[[Candidate], Iterator[Span]]
_CHECKS: dict[Group, Check] = {
    Group.NUMBER: numbers.number,
    Group.IDENTIFIER: documents.identifier,
    Group.IBAN: documents.iban,
    Group.TOKEN: _of_token,
    Group.AT: addresses.at_sign,
    Group.AT_WORD: addresses.at_word,
    Group.IPV4: addresses.ipv4,
    Group.IPV6: addresses.ipv6,
    Group.PRIVATE_KEY: keys.private_key,
    Group.MACHINE_READABLE: documents.machine_readable,
}


def find(
    text: str,
    *,
    language: str | None = None,
    host: str | None = None,
    line_kinds: str | None = None,
    min_score: float = MIN_SCORE,
) -> list[Span]:
    """The spans of a text, in order: `text[start:end]` in characters.

    `language` (a label of lid.176) and the page's `host` tell which telephone numbers it may have,
    `line_kinds` which lines are code, where examples are no finds. Persons are not looked for.
    """
    found = find_batch(
        pa.array([text.encode("utf-8", "replace").decode()], pa.string()),
        [language],
        hosts=[host],
        line_kinds=pa.array([line_kinds], pa.string()),
        min_score=min_score,
    )
    return found[0]


def find_batch(
    texts: pa.StringArray,
    languages: Sequence[str | None],
    line_kinds: pa.StringArray | None = None,
    *,
    hosts: Sequence[str | None] | None = None,
    min_score: float = MIN_SCORE,
) -> list[list[Span]]:
    """The spans of each text; none for a null one."""
    places = scan(texts)
    return check_places(places, texts, languages, line_kinds, hosts=hosts, min_score=min_score)


def scan(texts: pa.StringArray) -> list[list[Place]]:
    """The places of each text at which something could be."""
    _compile()
    rows: list[list[Place]] = [[] for _ in range(len(texts))]
    for row, places in places_of(texts):
        rows[row] = places
    return rows


def check_places(  # noqa: PLR0913 - what is known of texts, one by one
    places: Sequence[Sequence[Place]],
    texts: pa.StringArray,
    languages: Sequence[str | None],
    line_kinds: pa.StringArray | None = None,
    *,
    hosts: Sequence[str | None] | None = None,
    min_score: float = MIN_SCORE,
) -> list[list[Span]]:
    """The spans of each text at its `places`."""
    if len(languages) != len(texts):
        raise ValueError(f"{len(languages)} languages for {len(texts)} texts")
    found: list[list[Span]] = [[] for _ in range(len(texts))]
    for row, of_row in enumerate(places):
        if not of_row:
            continue
        page = Page(
            texts[row].as_py(),
            regions_of(languages[row], hosts[row] if hosts else None),
            line_kinds[row].as_py() if line_kinds is not None else None,
        )
        found[row] = settle(span for span in _spans(page, of_row) if span.score >= min_score)
    return found


@cache
def _compile() -> None:
    def call() -> None:
        for _ in places_of(pa.array(["once"], pa.string())):
            pass

    compile_once("pii", call)


def _spans(page: Page, places: Iterable[Place]) -> Iterator[Span]:
    key_end = 0
    for groups, start, end in places:
        if start < key_end:  # each line of a private key is a token
            continue
        place = candidate(page, start, end)
        for check in _checks_of(groups):
            for found in check(place):
                span = found._replace(start=found.start + place.base, end=found.end + place.base)
                key_end = span.end if span.type == PiiType.PRIVATE_KEY else key_end
                yield span


@cache
def _checks_of(groups: int) -> tuple[Check, ...]:
    return tuple(check for group, check in _CHECKS.items() if groups & group)


def settle(spans: Iterable[Span]) -> list[Span]:
    """The spans without overlaps: the best score stays, then the longest, by kind, by place."""
    ranked = sorted(set(spans), key=lambda s: (-s.score, s.start - s.end, _ORDER[s.type], s.start))
    taken: list[Span] = []
    for span in ranked:
        at = bisect(taken, span)
        behind_last = at == 0 or taken[at - 1].end <= span.start
        if behind_last and (at == len(taken) or span.end <= taken[at].start):
            taken.insert(at, span)
    return taken
