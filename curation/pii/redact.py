"""Finds replaced: by placeholders such as `<EMAIL>`, or by values that are nobody's.

In: a text and its spans. Out: the text with something else in their place, in as many lines as
before. A surrogate is drawn from the page's doc_id, the kind and a count, never from the value
alone, so that the same address on two pages gets two, and nobody can go back.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable
from typing import NamedTuple

import xxhash

from curation.pii.kinds import PiiType, Span


class Redacted(NamedTuple):
    """A text, and the characters behind each replacement."""

    text: str
    ends: list[int]


def redact(text: str, spans: Iterable[Span], replace: Callable[[Span, str], str]) -> Redacted:
    """`text` with `replace(span, value)` for each of `spans`, which are in order and apart.

    A span of several lines leaves as many: the replacement, and empty ones.
    """
    parts: list[str] = []
    ends: list[int] = []
    at, length = 0, 0
    for span in spans:
        value = text[span.start : span.end]
        new = [text[at : span.start], replace(span, value), "\n" * value.count("\n")]
        parts += new
        length += sum(map(len, new))
        ends.append(length)
        at = span.end
    return Redacted("".join([*parts, text[at:]]), ends)


def placeholder(span: Span, value: str = "") -> str:  # noqa: ARG001
    """`<EMAIL>` and its like."""
    return f"<{span.type}>"


class Surrogates:
    """Values in place of a page's own: the same value gets the same one, on this page."""

    def __init__(self, doc_id: str) -> None:
        self._doc_id = doc_id
        self._given: dict[tuple[PiiType, str], str] = {}
        self._counts: dict[PiiType, int] = {}
        self._known: dict[PiiType, set[str]] = {}

    def __call__(self, span: Span, value: str) -> str:
        """The surrogate of a value; a placeholder for kinds that have none."""
        if span.type not in _MAKERS:
            return placeholder(span)
        if self.is_one(span, value):
            return value
        key = span.type, value
        if key not in self._given:
            count = self._counts.get(span.type, 0)
            self._counts[span.type] = count + 1
            self._given[key] = self._make(span.type, count, wide=":" in value)
        return self._given[key]

    def is_one(self, span: Span, value: str) -> bool:
        """Whether a value is a surrogate of this page already, as when it was redacted before."""
        kind = span.type
        if kind not in _MAKERS or not _LIKE_ONE.match(value):
            return False
        if kind not in self._known:
            self._known[kind] = {
                self._make(kind, count, wide=wide)
                for count in range(_MOST_KNOWN)
                for wide in (False, True)
            }
        return value in self._known[kind]

    def _make(self, kind: PiiType, count: int, *, wide: bool) -> str:
        drawn_from = f"{self._doc_id} {kind} {count % _MOST_KNOWN}"
        return _MAKERS[kind](xxhash.xxh3_64_intdigest(drawn_from.encode()), wide)


def _ip_address(number: int, wide: bool) -> str:
    if wide:  # RFC 3849
        return f"2001:db8:{number >> 16 & 0xFFFF:x}::{number & 0xFFFF:x}"
    return f"{('192.0.2', '198.51.100', '203.0.113')[number % 3]}.{number // 3 % 254 + 1}"


_LIKE_ONE = re.compile(
    r"user\d{8}@example\.com$|\+1-\d{3}-555-01\d\d|192\.0\.2\.|198\.51\.100\.|203\.0\.113\."
    r"|2001:db8:|900-00-|XX00|0000"
)
_MOST_KNOWN = 1024
"""Surrogates of a kind on one page; whoever has more values gets some of them again."""
_MAKERS: dict[PiiType, Callable[[int, bool], str]] = {
    PiiType.EMAIL: lambda n, _: f"user{n % 10**8:08d}@example.com",  # RFC 2606
    # Kept free for works of fiction by the North American Numbering Plan.
    PiiType.PHONE: lambda n, _: f"+1-{n % 8 + 2}0{n // 8 % 9 + 1}-555-01{n // 72 % 100:02d}",
    PiiType.IP_ADDRESS: _ip_address,  # RFC 5737
    PiiType.US_SSN: lambda n, _: f"900-00-{n % 10**4:04d}",  # not given out
    PiiType.IBAN: lambda n, _: f"XX00{n % 10**16:016d}",  # no country, no check digits
    PiiType.CREDIT_CARD: lambda n, _: f"0000{n % 10**12:012d}",  # no issuer
}
