"""Identity numbers of states, by the table `identities.yaml`: a form, and a check by python-stdnum.

A number is one where a word before it says so, and its check digits are right; without a word only
where its form is one that nothing else has.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import cache
from importlib import import_module, resources

import yaml
from presidio_analyzer import predefined_recognizers

from curation.pii.candidates import Candidate
from curation.pii.checks.context import stands_before
from curation.pii.checks.presidio import check_of
from curation.pii.kinds import PiiType, Span


@dataclass(frozen=True)
class _Identity:
    pattern: re.Pattern[str]
    alone: re.Pattern[str] | None
    is_valid: Callable[[str], bool]


_BOUNDED = r"(?<![\w.])(?<![\w.][-/])(?:{})(?!\w|[-/]\w|\.\d)"


@cache
def _table(kind: str) -> tuple[list[_Identity], re.Pattern[str]]:
    """The identities of digits or of letters and digits, and whatever form needs no word."""
    file = resources.files("curation.pii.checks").joinpath("identities.yaml")
    rows = yaml.safe_load(file.read_text("utf-8"))[kind]
    found = [
        _Identity(
            re.compile(_BOUNDED.format(row["form"]), re.IGNORECASE),
            re.compile(row["alone"], re.IGNORECASE) if "alone" in row else None,
            _check(row),
        )
        for row in rows
    ]
    alone = "|".join(f"(?:{row['alone']})" for row in rows if "alone" in row)
    return found, re.compile(_BOUNDED.format(alone), re.IGNORECASE)


def _check(row: dict[str, str]) -> Callable[[str], bool]:
    if "number" in row:
        is_valid: Callable[[str], bool] = import_module(f"stdnum.{row['number']}").is_valid
        return is_valid
    recognizer = getattr(predefined_recognizers, row["presidio"])()
    return check_of(recognizer)


def identities(candidate: Candidate, kind: str = "digits") -> Iterator[Span]:
    """Numbers of the table in a candidate, with 0.9 after a word that says so, else 0.75."""
    table, alone = _table(kind)
    window, start, end = candidate.window, candidate.start, min(candidate.end + 3, len(candidate.window))
    named = stands_before(candidate, "identity")
    if not named and not alone.search(window, start, end):
        return
    for identity in table:
        if not named and identity.alone is None:
            continue
        for match in identity.pattern.finditer(window, start, end):
            if len(set(re.sub(r"\D", "", match[0]))) < 3 or not _is_valid(identity, match[0]):
                continue
            if named or (identity.alone and identity.alone.fullmatch(match[0])):
                yield Span(*match.span(), PiiType.NATIONAL_ID, 0.9 if named else 0.75)


def _is_valid(identity: _Identity, text: str) -> bool:
    try:
        return identity.is_valid(text)
    except (ValueError, IndexError, KeyError):  # stdnum's own slips on odd input
        return False
