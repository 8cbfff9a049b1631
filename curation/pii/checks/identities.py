"""Identity numbers of states, by the table `identities.yaml`: a form, and a check by python-stdnum.

A number is one where a word before it says so, and its check digits are right; without a word only
where its form is one that nothing else has.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cache, partial
from importlib import import_module, resources
from typing import NamedTuple

import yaml

from curation.pii.candidates import Candidate
from curation.pii.checks.context import split_words, stand_before, stands_before
from curation.pii.checks.presidio import is_valid as of_presidio
from curation.pii.kinds import PiiType, Span
from curation.pii.scan import NORMAL


@dataclass(frozen=True)
class _Identity:
    pattern: re.Pattern[str]
    alone: re.Pattern[str] | None
    is_valid: Callable[[str], bool]
    words: frozenset[str]
    parts: tuple[str, ...]


class _Table(NamedTuple):
    """All identities of a kind; what needs no word, and every word, of any of them."""

    identities: Sequence[_Identity]
    alone: re.Pattern[str]
    words: frozenset[str]
    parts: tuple[str, ...]


_BOUNDED = r"(?<![\w.])(?<![\w.][-/])(?:{})(?!\w|[-/]\w|\.\d)"


@cache
def _table(kind: str) -> _Table:
    """Those of digits, or of letters and digits."""
    file = resources.files("curation.pii.checks").joinpath("identities.yaml")
    rows = yaml.safe_load(file.read_text("utf-8"))[kind]
    found = [
        _Identity(
            re.compile(_BOUNDED.format(row["form"]), re.IGNORECASE | re.ASCII),
            re.compile(row["alone"], re.IGNORECASE | re.ASCII) if "alone" in row else None,
            _check(row),
            *split_words(row["words"].translate(NORMAL)),
        )
        for row in rows
    ]
    alone = "|".join(f"(?:{row['alone']})" for row in rows if "alone" in row)
    return _Table(
        found,
        re.compile(_BOUNDED.format(alone), re.IGNORECASE | re.ASCII),
        frozenset(word for identity in found for word in identity.words),
        tuple(part for identity in found for part in identity.parts),
    )


def _check(row: dict[str, str]) -> Callable[[str], bool]:
    if "number" in row:
        is_valid: Callable[[str], bool] = import_module(f"stdnum.{row['number']}").is_valid
        return is_valid
    if "check" in row:
        return {"snils": _is_snils}[row["check"]]
    return partial(of_presidio, row["presidio"])


def _is_snils(text: str) -> bool:
    """Of Russia's pension fund: nine digits by their weights, modulo 101."""
    digits = [int(character) for character in text if character.isdigit()]
    total = sum(digit * (9 - at) for at, digit in enumerate(digits[:9]))
    return total % 101 % 100 == digits[9] * 10 + digits[10]


def identities(candidate: Candidate, kind: str = "digits") -> Iterator[Span]:
    """Numbers of the table in a candidate, with 0.9 after a word that says so, else 0.75."""
    table = _table(kind)
    window = candidate.window
    # With the letters that a blank keeps apart: AB 12 34 56 C.
    start, end = max(0, candidate.start - 3), min(candidate.end + 3, len(window))
    named = stands_before(candidate, "identity")
    known = named or stand_before(candidate, table.words, table.parts)
    if not known and not table.alone.search(window, start, end):
        return
    for identity in table.identities:
        told = named or (known and stand_before(candidate, identity.words, identity.parts))
        if not told and identity.alone is None:
            continue
        for match in identity.pattern.finditer(window, start, end):
            if len(set(re.sub(r"\D", "", match[0]))) < 2 or not _is_valid(identity, match[0]):
                continue
            if told or (identity.alone and identity.alone.fullmatch(match[0])):
                yield Span(*match.span(), PiiType.NATIONAL_ID, 0.9 if told else 0.75)


def _is_valid(identity: _Identity, text: str) -> bool:
    try:
        return identity.is_valid(text.replace(".", ""))
    except (ValueError, IndexError, KeyError):  # stdnum's own slips on odd input
        return False
