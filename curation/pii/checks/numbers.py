"""Digits: payment cards, social security and other identity numbers, passports, telephones.

Sources: ISO/IEC 7812 (issuers, Luhn), SSA (numbers that are not given out), python-stdnum and
Presidio for the check digits of identity numbers, libphonenumber.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from curation.pii.candidates import Candidate
from curation.pii.checks.context import is_near, stands_before
from curation.pii.checks.identities import identities
from curation.pii.checks.phones import phones
from curation.pii.checks.presidio import is_valid
from curation.pii.kinds import PiiType, Span

# A word with a capital may follow, for blanks get lost.
_BOUNDED = r"(?<![\w.])(?<![\w.]-)(?:{})(?![a-z\d_]|-\w|\.\d)"
_CARD = re.compile(
    _BOUNDED.format(
        r"(?:4\d{3}|5[0-8]\d\d|2[2-7]\d\d|6\d{3}|3[0-9]\d\d)(?P<a>[ -]?)\d{4}(?P=a)\d{4}(?P=a)\d{4}"
        r"(?:(?P=a)\d{3})?"
        r"|3[0-9]\d\d(?P<b>[ -]?)\d{6}(?P=b)\d{4,5}"
        r"|(?:4|1800|2131|5[0-8]|6)\d{10,14}|6\d{16,18}|1\d{14}"
    ),
    re.ASCII,
)
_ISSUED = re.compile(
    r"4(?:\d{12}|\d{15}|\d{18})$"  # Visa
    r"|5[1-5]\d{14}$|2(?:22[1-9]|2[3-9]\d|[3-6]\d\d|7[01]\d|720)\d{12}$"  # Mastercard
    r"|3[47]\d{13}$"  # American Express
    r"|3(?:0[0-59]|[689]\d)\d{11}$|3(?:0[0-5]|[689]\d)\d{13}$"  # Diners Club
    r"|6(?:011|4[4-9]\d|5\d\d|2\d\d)\d{12}(?:\d{3})?$"  # Discover, UnionPay
    r"|(?:352[89]|35[3-8]\d)\d{12}$|(?:1800|2131)\d{11}$"  # JCB
)
_RARELY_ISSUED = re.compile(r"(?:50|5[6-8]|6)\d{10,17}$|35\d{14}$|3\d{13}$")  # Maestro, old ones
_NEAR = 40
_LENGTHS_ALONE = (14, 15, 16)
_SSN = re.compile(_BOUNDED.format(r"\d{3}([- .])\d\d\1\d{4}|\d{9}|\d{5}-\d{4}"), re.ASCII)
_PASSPORT = re.compile(
    _BOUNDED.format(r"\d{8,10}|\d{2} \d{2} \d{6}|\d{2} \d{7}|\d{4} \d{6}"), re.ASCII
)


def number(candidate: Candidate) -> Iterator[Span]:
    """All that the digits may be; overlaps are settled by score."""
    window, start = candidate.window, candidate.start
    end = min(candidate.end + 1, len(window))
    for match in _CARD.finditer(window, start, end):
        digits = re.sub("[ -]", "", match[0])
        if _is_card(digits, candidate) and is_valid("CreditCardRecognizer", match[0]):
            yield Span(*match.span(), PiiType.CREDIT_CARD, 1.0)
    for match in _SSN.finditer(window, start, end):
        score = _score_of_ssn(match[0], candidate)
        if score > 0 and is_valid("UsSsnRecognizer", match[0]):
            yield Span(*match.span(), PiiType.US_SSN, score)
    if is_near(candidate, "passport", _NEAR):
        for match in _PASSPORT.finditer(window, start, end):
            yield Span(*match.span(), PiiType.PASSPORT, 0.92)
    yield from identities(candidate)
    yield from phones(candidate)


def _is_card(digits: str, candidate: Candidate) -> bool:
    """Whether an issuer has such numbers; rare, long and short ones need a word before them."""
    if len(set(digits)) == 1:
        return False
    named = stands_before(candidate, "card")
    if _ISSUED.match(digits):
        return named or len(digits) in _LENGTHS_ALONE
    return named and bool(_RARELY_ISSUED.match(digits))


def _score_of_ssn(text: str, candidate: Candidate) -> float:
    if stands_before(candidate, "ssn"):
        return 0.95
    area, separator = text[:3], text[3]
    if separator != "-" or text[3] != text[6:7] or area == "666" or area[0] == "9":
        return 0.0
    return 0.7
