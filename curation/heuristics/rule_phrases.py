"""The phrases that rules name: `phrases.yaml`, by group."""

from __future__ import annotations

from enum import IntEnum
from functools import cache
from importlib import resources
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import yaml

from curation.tokens.lines import Lines
from curation.tokens.phrases import Matches, Phrases, find_phrases, phrase_trie
from curation.tokens.tokenise import Tokens
from curation.tokens.vocabulary import Vocabulary


class PhraseGroup(IntEnum):
    """The groups, in the order of the file."""

    JAVASCRIPT = 0
    POLICY = 1
    LOREM_IPSUM = 2
    COUNTER = 3
    NAVIGATION_START = 4
    NAVIGATION_END = 5
    NAVIGATION = 6
    APOLOGY = 7


class _RulePhrases(NamedTuple):
    trie: Phrases
    groups: npt.NDArray[np.int32]


@cache
def _rule_phrases() -> _RulePhrases:
    file = resources.files("curation.heuristics").joinpath("phrases.yaml")
    lists: dict[str, list[str]] = yaml.safe_load(file.read_text("utf-8"))
    phrases = [(phrase, group) for group in PhraseGroup for phrase in lists[group.name.lower()]]
    trie = phrase_trie([[phrase for phrase, _ in phrases]])
    return _RulePhrases(trie, np.array([group for _, group in phrases], np.int32))


def find_rule_phrases(tokens: Tokens, vocabulary: Vocabulary) -> Matches:
    """The matches in each row; `phrases` are numbers of `PhraseGroup`."""
    rows = len(tokens.rows) - 1
    known = _rule_phrases()
    found = find_phrases(tokens, vocabulary, np.zeros(rows, np.int32), known.trie)
    return found._replace(phrases=known.groups[found.phrases])


def count_in_lines(lines: Lines, found: Matches) -> npt.NDArray[np.int32]:
    """How many matches of each group start in each line, shape (lines, groups)."""
    counts = np.zeros((len(lines.starts), len(PhraseGroup)), np.int32)
    np.add.at(counts, (lines_of(lines, found), found.phrases), 1)
    return counts


def lines_of(lines: Lines, found: Matches) -> npt.NDArray[np.int64]:
    """The line in which each match starts."""
    return np.searchsorted(lines.tokens[1:], found.firsts, side="right")
