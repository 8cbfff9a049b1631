"""Presidio's recognizers as a pattern and a check, for a window rather than a text.

Their own `analyze` compiles results, explanations and logs for each pattern, which costs more than
all else that is done for a candidate. The package takes a second to import (spaCy is with it): who
needs a recognizer imports it when it is needed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from presidio_analyzer import PatternRecognizer


@dataclass(frozen=True)
class Recognizer:
    """Matches of `pattern` for which `is_valid` holds."""

    pattern: re.Pattern[str]
    is_valid: Callable[[str], bool]

    def matches(self, text: str, start: int, end: int) -> Iterator[tuple[int, int]]:
        """Where it matches between `start` and `end`."""
        for match in self.pattern.finditer(text, start, end):
            if self.is_valid(match[0]):
                yield match.span()


def of_presidio(recognizer: PatternRecognizer, pattern: str) -> Recognizer:
    """Matches of `pattern` that a recognizer of Presidio takes for its own."""
    return Recognizer(re.compile(pattern, re.ASCII), check_of(recognizer))


def check_of(recognizer: PatternRecognizer) -> Callable[[str], bool]:
    """Its check digits and its list of what is no such number."""

    def is_valid(text: str) -> bool:
        return recognizer.validate_result(text) is not False and not recognizer.invalidate_result(
            text
        )

    return is_valid
