"""Words before or behind a number that tell what it is, from `words.yaml`."""

from __future__ import annotations

from functools import cache
from importlib import resources

import yaml

from curation.pii.candidates import Candidate


@cache
def _words() -> dict[str, tuple[frozenset[str], tuple[str, ...]]]:
    """For each kind, words, and parts of text in scripts without spaces."""
    file = resources.files("curation.pii.checks").joinpath("words.yaml")
    kinds = yaml.safe_load(file.read_text("utf-8"))
    return {
        kind: (
            frozenset(word for word in words.split() if not _is_unspaced(word)),
            tuple(word for word in words.split() if _is_unspaced(word)),
        )
        for kind, words in kinds.items()
    }


def _is_unspaced(word: str) -> bool:
    """Whether words of the script are found as substrings: symbols, Thai, Han, Kana, Hangul."""
    return not word[0].isalpha() or word[0] > "\u0dff"


def stands_before(candidate: Candidate, kind: str) -> bool:
    """Whether a word of `kind` stands before a candidate."""
    words, parts = _words()[kind]
    if not words.isdisjoint(candidate.words):
        return True
    return not candidate.before.isascii() and any(part in candidate.before for part in parts)


def stands_behind(candidate: Candidate, kind: str) -> bool:
    """Whether a word of `kind` stands close behind it."""
    return not _words()[kind][0].isdisjoint(candidate.words_behind)
