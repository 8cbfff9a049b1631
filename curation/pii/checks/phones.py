"""Telephone numbers, by libphonenumber's rules for the regions that a page may speak of.

With its country's prefix a number counts where it is valid. Without, it counts behind a word such
as 'Tel.' where it is valid in a region of the page, or near that word in groups of digits; and
without a word where it is valid in a region of the page and is written as only telephone numbers
are: an area in brackets, three groups as in North America, or exactly as its region groups it.

Source: ITU-T E.164 and E.123, libphonenumber (`phonenumbers`).
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from enum import IntEnum
from functools import lru_cache
from itertools import pairwise

import phonenumbers
from phonenumbers import NumberParseException

from curation.pii.candidates import Candidate
from curation.pii.checks.context import is_near, stands_before
from curation.pii.kinds import PiiType, Span

_MIN_DIGITS, _MAX_DIGITS = 7, 15
_MOST_TRIED = 12  # parts of one candidate: each costs as much as all else
_NEAR, _BESIDE = 25, 16
_EXTENSION = re.compile(
    r"[ ,;]{0,2}(?:x|ext\.?|extn\.?|extension|доб\.?|内線|内线|durchwahl|poste)[ .:]{0,2}\d{1,6}\b",
    re.IGNORECASE,
)
_BEHIND = re.compile(
    r"[ ,;(-]{0,3}(?:fax|mobile|office|cell|home|work|text|handy|mobil)\b", re.IGNORECASE
)
_LIKE_NOTHING_ELSE = re.compile(
    r"(?:1[-. ])?(?:[2-9]\d\d([-. ])[2-9]\d\d\1\d{4}|[2-9]\d\d[/ ][2-9]\d\d-\d{4}"
    r"|\([2-9]\d\d\) ?-?[2-9]\d\d[-. ]?\d{4})"  # as in North America
    r"|\(\d{1,5}\)[ ./-]{0,2}\d{2,8}(?:[ ./-]\d{2,8}){0,4}"  # with an area in brackets
    r"|8[ -]?\(\d{3,5}\)[ -]?\d[\d -]{4,9}\d"
)
_WITH_TRUNK = re.compile(
    r"0\d{1,5}(?: ?[/-] ?| )\d{2,8}(?:[ -]\d{2,8}){0,4}|0\d{1,5}(?:\.\d{2,8}){2,4}|0\d{9,10}"
)
_IN_ONE = re.compile(r"\d+")
_NO_TELEPHONE = re.compile(
    r"\d{5}-\d{4}"  # an American postal code
    r"|(?:19|20)\d\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])"  # a date
    r"|.*(?<!\d)(?:(?:1\d|20|21)\d\d([-./])\d\d?\1\d\d?|\d\d?([-./])\d\d?\2(?:1\d|20|21)\d\d)"
    r"(?!\d).*"
)
_SPLITS = re.compile(r"\s*/\s*|\s+-\s+|(?<=\d\d\d)-(?=\(\d)|  +")
_GLUE = frozenset("-_.")
_NUMBER_SIGNS = frozenset("$€£¥₹=/\\^~<%+")
_LETTER = re.compile("[A-Za-z]")
_COMPOUNDS = ("telefon", "hotline", "telefonnummer", "phone", "handynummer")
"""Ends of words such as Buchungshotline."""


class _Word(IntEnum):
    """What stands before a number."""

    NONE = 0
    NUMBER = 1  # such as 'Art.' or 'item', which says that it is another number
    WEAK = 2  # such as 'call', which means other things too
    STRONG = 3


def phones(candidate: Candidate) -> Iterator[Span]:
    """Telephone numbers among the digits of a candidate."""
    start, end = _bounds(candidate)
    text = candidate.window
    word = _word(candidate, end)
    if candidate.in_code and word != _Word.STRONG and text[start] != "+":
        return
    if _is_glued(candidate, start, word):
        return
    yield from _Tries(candidate, word).numbers(start, end)


def _bounds(candidate: Candidate) -> tuple[int, int]:
    """The digits, with a bracket or plus sign before them, up to a letter."""
    text, start = candidate.window, candidate.start
    if text[start - 1 : start] == "(" and ")" in text[start : candidate.end]:
        start -= 1
    if text[start - 1 : start] == "+":
        start -= 1
    elif text[max(0, start - 2) : start] == "+ " and _is_named(candidate):
        start -= 2
    if text[start - 1 : start] == "(" and ")" in text[start : candidate.end]:
        start -= 1
    letter = _LETTER.search(text, candidate.start, candidate.end)
    return start, letter.start() if letter else candidate.end


def _word(candidate: Candidate, end: int) -> _Word:
    if _BEHIND.match(candidate.window, _behind_extension(candidate.window, end)):
        return _Word.STRONG
    if is_near(candidate, "other_number", _BESIDE) and not is_near(candidate, "phone", _BESIDE):
        return _Word.NUMBER
    if _is_named(candidate):
        return _Word.STRONG
    return _Word.WEAK if stands_before(candidate, "phone_weak") else _Word.NONE


def _is_named(candidate: Candidate) -> bool:
    if any(word.endswith(_COMPOUNDS) for word in candidate.words):
        return True
    return stands_before(candidate, "phone")


def _is_glued(candidate: Candidate, start: int, word: _Word) -> bool:
    """Whether it is a part of something longer, or of a sum."""
    before = candidate.window[max(0, start - 1) : start]
    if before == "_":  # emphasis, as in _212-555-0199_
        return candidate.window[max(0, start - 2) : start - 1].isalnum()
    if before == "-" and candidate.page.text[candidate.base + start - 1] in "–—":
        return False
    if before in _GLUE or (before.isascii() and before.isalnum()):
        return True
    in_tag = before == "<" or candidate.window[candidate.end : candidate.end + 1] == ">"
    return word < _Word.WEAK and before in _NUMBER_SIGNS and not in_tag


class _Tries:
    """Looks for numbers among the digits of one candidate, a bounded number of times."""

    def __init__(self, candidate: Candidate, word: _Word) -> None:
        self._candidate, self._text, self._word = candidate, candidate.window, word
        self._left = _MOST_TRIED

    def numbers(self, start: int, end: int) -> Iterator[Span]:
        """The whole; or parts that are set apart; or parts between blanks, the longest first."""
        if span := self._one(start, end):
            yield span
            return
        parts = _split(self._text, start, end)
        if len(parts) > 1:
            for part in parts:
                yield from self.numbers(*part)
            return
        for first, last in _runs(self._text, start, end):
            if self._left <= 0:
                return
            if (first, last) != (start, end) and (span := self._one(first, last)):
                yield from self.numbers(start, first - 1) if first > start else ()
                yield span
                yield from self.numbers(last + 1, end) if last < end else ()
                return

    def _one(self, start: int, end: int) -> Span | None:
        text = self._text[start:end]
        if not _MIN_DIGITS <= sum(map(str.isdigit, text)) <= _MAX_DIGITS or self._left <= 0:
            return None
        self._left -= 1
        whole = start <= self._candidate.start
        score = _international(text, self._word) or self._national(text, whole=whole)
        return (
            Span(start, _behind_extension(self._text, end), PiiType.PHONE, score) if score else None
        )

    def _national(self, text: str, *, whole: bool) -> float:
        if _NO_TELEPHONE.fullmatch(text):
            return 0.0
        regions, word = self._candidate.page.regions, self._word
        if word != _Word.NUMBER:
            alone = bool(_LIKE_NOTHING_ELSE.fullmatch(text))
            looks = alone or (_WITH_TRUNK.fullmatch(text) and not _is_counting(text))
            if looks and _is_valid(text, regions, as_written=not alone and word < _Word.WEAK):
                return 0.8 if word >= _Word.WEAK else 0.6
        if word < _Word.WEAK or not whole:
            return 0.0
        in_one = bool(_IN_ONE.fullmatch(text))
        if (word == _Word.STRONG or not in_one) and _is_valid(text, regions):
            return 0.75
        near = _NEAR if word == _Word.STRONG else _BESIDE
        kind = "phone" if word == _Word.STRONG else "phone_weak"
        is_told = is_near(self._candidate, kind, near) or bool(
            _BEHIND.match(self._text, _behind_extension(self._text, self._candidate.end))
        )
        plausible = _is_plausible(text) and not (in_one and word == _Word.WEAK)
        return 0.5 if is_told and plausible else 0.0


def _split(text: str, start: int, end: int) -> list[tuple[int, int]]:
    """Parts that are set apart."""
    parts, at = [], start
    for match in _SPLITS.finditer(text, start, end):
        if match.start() > at:
            parts.append((at, match.start()))
        at = match.end()
    return [*parts, (at, end)] if at < end else parts


def _runs(text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
    """Stretches between blanks that may be a number, the longest first."""
    words = [match.span() for match in re.finditer(r"[^ ]+", text[start:end])]
    for size in range(min(len(words), 6), 0, -1):
        for at in range(len(words) - size + 1):
            yield start + words[at][0], start + words[at + size - 1][1]


def _is_counting(text: str) -> bool:
    """Whether groups rise, as in 01 02 03 04 05 and in lots that were drawn."""
    groups = [int(group) for group in _groups(text)]
    return len(groups) > 3 and all(a < b for a, b in pairwise(groups))


def _international(text: str, word: _Word) -> float:
    match = re.match(r"\(?(\+|00|011)[ (]?(?=[1-9])", text)
    number = _parse("+" + text[match.end() :], None) if match else None
    if match is None or number is None:
        return 0.0
    if phonenumbers.is_valid_number(number):
        if match[1] == "+" or word >= _Word.WEAK:
            return 0.9
        return 0.7 if re.match(r"(?:00|011) ?\d+[ -]", text) else 0.0
    return 0.6 if word == _Word.STRONG and phonenumbers.is_possible_number(number) else 0.0


def _is_plausible(text: str) -> bool:
    """Groups as people write them: two and more, or one long one."""
    groups = _groups(text)
    if "000" in groups or all(group.endswith("00") for group in groups):
        return False
    return len(groups) <= 6 and (len(groups) > 1 or len(groups[0]) >= _MIN_DIGITS)


@lru_cache(4096)
def _is_valid(text: str, regions: tuple[str, ...], *, as_written: bool = False) -> bool:
    """Whether it is a number of one of the regions; `as_written`: in the groups of that region."""
    return any(
        (number := _parse(text, region)) is not None
        and phonenumbers.is_valid_number_for_region(number, region)
        and (not as_written or _groups(text) == _groups(_national_format(number)))
        for region in regions
    )


def _national_format(number: phonenumbers.PhoneNumber) -> str:
    return str(phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.NATIONAL))


def _groups(text: str) -> list[str]:
    return re.findall(r"\d+", text)


@lru_cache(4096)
def _parse(text: str, region: str | None) -> phonenumbers.PhoneNumber | None:
    try:
        return phonenumbers.parse(text, region)
    except NumberParseException:
        return None


def _behind_extension(text: str, end: int) -> int:
    match = _EXTENSION.match(text, end)
    return match.end() if match else end
