"""Why a line is not in a document: one enum, in the order in which the rules are tested.

A line that only loses a part (`NAVIGATION`, `REFERENCE`) stays, unless nothing else is in it.
"""

from __future__ import annotations

from enum import StrEnum


class CutReason(StrEnum):
    """Every reason."""

    REPEATED_NGRAMS = "repeated_ngrams"
    WORD_TOO_LONG = "word_too_long"
    NO_SENTENCE_END = "no_sentence_end"
    TOO_FEW_WORDS_IN_LINE = "too_few_words_in_line"
    JAVASCRIPT = "javascript"
    POLICY = "policy"
    MOSTLY_UPPER_CASE = "mostly_upper_case"
    ONLY_NUMBERS = "only_numbers"
    COUNTER = "counter"
    NAVIGATION = "navigation"
    REFERENCE = "reference"
