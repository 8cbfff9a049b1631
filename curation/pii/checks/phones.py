"""Telephone numbers, by libphonenumber's rules for the regions that a page may speak of.

With its country's prefix a number counts where it is valid. Without, it counts behind a word such
as 'Tel.' where it is valid in a region of the page, or near that word in groups of digits; and
without a word where it is valid in a region of the page, its area code is written as there, and it
looks as only telephone numbers do: an area in brackets, or a 0 and groups, or three groups as in
North America.

Source: ITU-T E.164 and E.123, libphonenumber (`phonenumbers`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from functools import lru_cache

import phonenumbers
from phonenumbers import NumberParseException

from curation.pii.candidates import Candidate
from curation.pii.checks.context import is_near, stands_before
from curation.pii.kinds import PiiType, Span

_LETTER = re.compile("[A-Za-z]")
_MOST_PIECES = 6  # of one candidate: each costs as much as all else
_MIN_DIGITS, _MAX_DIGITS = 7, 15
_EXTENSION = re.compile(
    r"[ ,;]{0,2}(?:x|ext\.?|extn\.?|extension|доб\.?|内線|内线|durchwahl|poste)[ .:]{0,2}\d{1,6}\b",
    re.IGNORECASE,
)
_DATE = re.compile(
    r"(?:1\d|20|21)\d\d([-./])\d\d?\1\d\d?(?:\b|$)|\d\d?([-./])\d\d?\2(?:1\d|20|21)\d\d(?:\b|$)"
)
_AS_TELEPHONE = re.compile(
    r"\(\d{1,5}\)[ ./-]{0,2}\d{2,8}(?:[ ./-]\d{2,8}){0,4}"
    r"|0\d{1,5}(?: ?[/-] ?| )\d{2,8}(?:[ -]\d{2,8}){0,4}"
    r"|0\d{1,5}(?:\.\d{2,8}){2,4}"
    r"|0\d{9,10}"
    r"|(?:1[-. ])?[2-9]\d\d([-. ])[2-9]\d\d\1\d{4}|[2-9]\d\d/[2-9]\d\d-\d{4}"
    r"|[2-9]\d\d[-. ]{0,2}\([2-9]\d\d\) ?[2-9]\d\d-\d{4}"
    r"|8[ -]?\(\d{3,5}\)[ -]?\d[\d -]{4,9}\d"
)
_IN_ONE = re.compile(r"0\d{9,10}")
_NUMBER_SIGNS = frozenset("$€£¥₹#=/\\^*~<>%")
_GLUE = frozenset("-_.")
_BEHIND = re.compile(
    r"[ ,;(-]{0,3}(?:fax|mobile|office|cell|home|work|text|handy|mobil)\b", re.IGNORECASE
)
_NO_NUMBER = re.compile(
    r"\d{5}-\d{4}"  # an American postal code
    r"|(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"  # a date
)
_NEAR = 25


def phones(candidate: Candidate) -> Iterator[Span]:
    """Telephone numbers among the digits of a candidate."""
    start, end = _with_prefix(candidate)
    text = candidate.window
    international = text[start] == "+" or text.startswith(("00", "011"), start)
    behind = bool(_BEHIND.match(text, _behind_extension(text, end)))
    named = behind or stands_before(candidate, "phone")
    near = behind or is_near(candidate, "phone", _NEAR)
    if international and (span := _international(candidate, start, end, named=named)):
        yield span
        return
    before = text[max(0, start - 1) : start]
    if (
        before in _GLUE
        or (before.isascii() and before.isalnum())
        or (before in _NUMBER_SIGNS and not named)
    ):
        return
    if candidate.in_code and not named:
        return
    for first, last in _pieces(text, start, end):
        if not named and (first, last) != (start, end):
            return
        if score := _score(text[first:last], candidate.page.regions, named=named, near=near):
            yield Span(first, _behind_extension(text, last), PiiType.PHONE, score)
            return


def _with_prefix(candidate: Candidate) -> tuple[int, int]:
    """The digits with a bracket or plus sign before them."""
    text, start = candidate.window, candidate.start
    if start and text[start - 1] == "(":
        start -= 1
    if start and text[start - 1] == "+":
        start -= 1
    elif start > 1 and text[start - 2 : start] == "+ ":
        start -= 2
    if start and text[start - 1] == "(" and ")" in text[start : candidate.end]:
        start -= 1
    letter = _LETTER.search(text, candidate.start, candidate.end)
    return start, letter.start() if letter else candidate.end


def _international(candidate: Candidate, start: int, end: int, *, named: bool) -> Span | None:
    text = candidate.window
    for first, last in _pieces(text, start, end):
        if first != start:
            break
        number = _parse(re.sub(r"^\(?(?:\+|00|011)[ (]?", "+", text[first:last]), None)
        if number is None:
            continue
        if phonenumbers.is_valid_number(number):
            score = 0.9 if text[first] in "+(" or named else 0.7
            if text[first] in "+(" or named or re.match(r"(?:00|011) ?\d+[ -]", text[first:last]):
                return Span(first, _behind_extension(text, last), PiiType.PHONE, score)
        elif named and phonenumbers.is_possible_number(number):
            return Span(first, _behind_extension(text, last), PiiType.PHONE, 0.6)
    return None


def _pieces(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """The whole, then parts between blanks that may be a number, the longest first."""
    words = [(m.start(), m.end()) for m in re.finditer(r"[^ ]+", text[start:end])]
    count, tried = len(words), 0
    for size in range(count, 0, -1):
        for at in range(count - size + 1):
            first, last = start + words[at][0], start + words[at + size - 1][1]
            digits = sum(c.isdigit() for c in text[first:last])
            if _MIN_DIGITS <= digits <= _MAX_DIGITS:
                yield first, last
                tried += 1
                if tried == _MOST_PIECES:
                    return


def _score(text: str, regions: tuple[str, ...], *, named: bool, near: bool) -> float:
    if _DATE.search(text) or _NO_NUMBER.fullmatch(text):
        return 0.0
    looks = _AS_TELEPHONE.fullmatch(text)
    if (
        looks
        and (named or not _IN_ONE.fullmatch(text))
        and _is_valid(text, regions, as_written=not named)
    ):
        return 0.8 if named else 0.6
    if not named:
        return 0.0
    if _is_valid(text, regions):
        return 0.75
    return 0.5 if near and _is_plausible(text) else 0.0


def _is_plausible(text: str) -> bool:
    """Groups as people write them: two and more, or one long one."""
    groups = re.findall(r"\d+", text)
    if all(group.endswith("00") for group in groups):
        return False
    return len(groups) <= 6 and (len(groups) > 1 or len(groups[0]) >= _MIN_DIGITS)


@lru_cache(4096)
def _is_valid(text: str, regions: tuple[str, ...], *, as_written: bool = False) -> bool:
    """Whether it is a number of one of the regions; `as_written` with its area code apart."""
    return any(
        (number := _parse(text, region)) is not None
        and phonenumbers.is_valid_number_for_region(number, region)
        and (not as_written or _first_group(text) == _first_group(_national(number)))
        for region in regions
    )


def _national(number: phonenumbers.PhoneNumber) -> str:
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL)


def _first_group(text: str) -> str:
    groups = re.findall(r"\d+", text)
    return groups[1] if groups[0] == "1" and len(groups) > 1 else groups[0]


@lru_cache(4096)
def _parse(text: str, region: str | None) -> phonenumbers.PhoneNumber | None:
    try:
        return phonenumbers.parse(text, region)
    except NumberParseException:
        return None


def _behind_extension(text: str, end: int) -> int:
    match = _EXTENSION.match(text, end)
    return match.end() if match else end
