"""Bank accounts, passports and identity numbers with letters.

Sources: ISO 13616 (IBAN, by python-stdnum), ICAO Doc 9303 (machine-readable zones).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from stdnum import iban as iban_number

from curation.pii.candidates import Candidate
from curation.pii.checks.context import stands_before
from curation.pii.checks.identities import identities
from curation.pii.kinds import PiiType, Span

_IBAN = re.compile(r"[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]{4}){2,7}(?:[ -]?[A-Z0-9]{1,3})?", re.IGNORECASE)
_SHORTEST_IBAN = 15  # of Norway
_PASSPORT = re.compile(
    r"(?<![\w-])(?:[A-Z]{1,2} ?\d{6,8}|[A-Z]\d{2}[A-Z]{2}\d{4}|\d{2}[A-Z]{2}\d{5}"
    r"|[CFGHJKLMNPRTVWXYZ][CFGHJKLMNPRTVWXYZ0-9]{7,8}\d?|[A-Z]\d{8}[A-Z]|[A-Z]{3}\d{6})(?![\w-])",
    re.ASCII,
)


def iban(candidate: Candidate) -> Iterator[Span]:
    """The longest stretch whose form and check digits are those of an account of its country."""
    start = candidate.start + 4 * (candidate.core[:4].upper() == "IBAN")
    match = _IBAN.match(candidate.window, start)
    if match is None:
        return
    for end in range(len(match[0]), _SHORTEST_IBAN - 1, -1):
        behind = candidate.window[match.start() + end : match.start() + end + 1]
        if behind.isdigit() or behind.islower() or not match[0][end - 1].isalnum():
            continue
        # Without the checks of single countries: they have no banks of late.
        if iban_number.is_valid(match[0][:end], check_country=False):
            yield Span(match.start(), match.start() + end, PiiType.IBAN, 1.0)
            return


def identifier(candidate: Candidate) -> Iterator[Span]:
    """A passport behind that word, or an identity number with letters."""
    yield from identities(candidate, "letters")
    if stands_before(candidate, "passport"):
        limit = min(candidate.end + 2, len(candidate.window))
        for match in _PASSPORT.finditer(candidate.window, max(0, candidate.start - 2), limit):
            yield Span(*match.span(), PiiType.PASSPORT, 0.92)


_MRZ_WEIGHTS = (7, 3, 1)


_ZONES = {
    length: re.compile(rf"[A-Z0-9<]{{{length}}}(?:\n[A-Z0-9<]{{{length}}}(?![A-Z0-9<])){{0,2}}")
    for length in (30, 36, 44)
}


def machine_readable(candidate: Candidate) -> Iterator[Span]:
    """Lines of a machine-readable zone, of which one has names or right check digits."""
    zone = _ZONES.get(len(candidate.core))
    found = zone.match(candidate.page.text, candidate.base + candidate.start) if zone else None
    if found and any(_has_names(line) or _has_check_digits(line) for line in found[0].split("\n")):
        yield Span(candidate.start, found.end() - candidate.base, PiiType.PASSPORT, 0.95)


def _has_names(line: str) -> bool:
    of_passport = re.fullmatch(r"[PIACV][A-Z<][A-Z<]{3}[A-Z<]+<<[A-Z<]+", line)
    return bool(of_passport or re.fullmatch(r"(?=.{30}$)[A-Z]+(?:<[A-Z]+)*<<[A-Z<]+", line))


def _has_check_digits(line: str) -> bool:
    fields = {
        44: ((0, 9), (13, 19), (21, 27)),
        36: ((0, 9), (13, 19), (21, 27)),
        30: ((0, 6), (8, 14)) if line[0].isdigit() else ((5, 14),),
    }[len(line)]
    return all(_mrz_digit(line[a:b]) == line[b] for a, b in fields)


def _mrz_digit(field: str) -> str:
    values = [0 if c == "<" else int(c, 36) for c in field]
    return str(sum(v * _MRZ_WEIGHTS[i % 3] for i, v in enumerate(values)) % 10)
