"""Words before or behind a number that tell what it is, from `words.yaml`."""

from __future__ import annotations

from functools import cache
from importlib import resources

import yaml

from curation.pii.candidates import Candidate, words_in
from curation.pii.scan import NORMAL


@cache
def _words() -> dict[str, tuple[frozenset[str], tuple[str, ...]]]:
    """For each kind, words, and parts of text in scripts without spaces."""
    file = resources.files("curation.pii.checks").joinpath("words.yaml")
    kinds = yaml.safe_load(file.read_text("utf-8").translate(NORMAL))
    return {kind: split_words(words) for kind, words in kinds.items()}


def split_words(text: str) -> tuple[frozenset[str], tuple[str, ...]]:
    """Words, and those that are found as parts of text."""
    words = text.split()
    return (
        frozenset(word for word in words if not _is_unspaced(word)),
        tuple(word for word in words if _is_unspaced(word)),
    )


def _is_unspaced(word: str) -> bool:
    """Whether it is found as a substring: a symbol, or of a script from Devanagari on.

    These have no blanks, or vowel signs that are no letters to `re`.
    """
    return not word[0].isalpha() or word[0] >= "\u0900"


def stands_before(candidate: Candidate, kind: str) -> bool:
    """Whether a word of `kind` stands before a candidate."""
    return stand_before(candidate, *_words()[kind])


def stand_before(candidate: Candidate, words: frozenset[str], parts: tuple[str, ...]) -> bool:
    """Whether one of `words` stands before a candidate, or a part of text."""
    if not words.isdisjoint(candidate.words):
        return True
    return not candidate.before.isascii() and any(part in candidate.before for part in parts)


def is_near(candidate: Candidate, kind: str, characters: int) -> bool:
    """Whether the last of such words is within so many characters before a candidate."""
    words, parts = _words()[kind]
    near = candidate.before[-characters:]
    return not words.isdisjoint(words_in(near)) or any(part in near for part in parts)
