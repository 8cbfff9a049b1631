"""Parts of lines that a rule may cut: navigation ('Read more') and references ('[3]').

Sources: RefinedWeb (Penedo et al. 2023, appendix G.2) edits lines of at most ten words that match a
pattern at their start, at their end or anywhere; C4's code drops `[3]`, `[]`, `[edit]` and
`[citation needed]`.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from curation.arrow_text import Hashes, Ints
from curation.heuristics.line_facts_kernel import WORDS
from curation.heuristics.rule_phrases import PhraseGroup, lines_of
from curation.kernels import helper, njit
from curation.tokens.lines import BRACKETS, Lines
from curation.tokens.names_kernel import name_of
from curation.tokens.phrases import Matches
from curation.tokens.tokenise import ALPHABETIC, WORD, Tokens

MAX_NAVIGATION_WORDS = 10
_OPEN, _CLOSE = 0x5B, 0x5D
_MAX_REFERENCE = 2  # words


class Parts(NamedTuple):
    """Part p is tokens `firsts[p]` to `ends[p]` of line `lines[p]`; in the order of the text.

    It holds `words[p]` words; `navigation[p]` tells navigation from references.
    """

    lines: Ints
    firsts: Ints
    ends: Ints
    words: Ints
    navigation: npt.NDArray[np.bool_]


@cache
def _editorial() -> Hashes:
    return np.array([name_of(word) for word in ("edit", "citation", "needed")], np.uint64)


def find_parts(
    tokens: Tokens, lines: Lines, facts: npt.NDArray[np.int32], phrases: Matches
) -> Parts:
    """The parts of all lines."""
    is_navigation = (phrases.phrases >= PhraseGroup.NAVIGATION_START) & (
        phrases.phrases <= PhraseGroup.NAVIGATION
    )
    found = _navigation(
        tokens,
        lines,
        facts[:, WORDS],
        lines_of(lines, phrases)[is_navigation],
        phrases.phrases[is_navigation],
        phrases.firsts[is_navigation],
        phrases.ends[is_navigation],
    )
    referring = _references(tokens, lines, _editorial())
    both = [np.concatenate(pair) for pair in zip(found, referring, strict=True)]
    order = np.lexsort((both[1], both[0]))
    return Parts(*(values[order] for values in both))


@njit(cache=True, nogil=True)
def _navigation(
    tokens: Tokens,
    lines: Lines,
    words: npt.NDArray[np.int32],
    of_lines: Ints,
    groups: npt.NDArray[np.int32],
    firsts: Ints,
    ends: Ints,
) -> Parts:
    kept, held = np.zeros(len(of_lines), np.bool_), np.zeros(len(of_lines), np.int64)
    for i in range(len(of_lines)):
        line = of_lines[i]
        if words[line] > MAX_NAVIGATION_WORDS:
            continue
        start, end = lines.tokens[line], lines.tokens[line + 1]
        before = _count_words(tokens, start, firsts[i])
        after = _count_words(tokens, ends[i], end)
        at_start = before == 0 or groups[i] != PhraseGroup.NAVIGATION_START
        at_end = after == 0 or groups[i] != PhraseGroup.NAVIGATION_END
        kept[i] = at_start and at_end
        held[i] = _count_words(tokens, firsts[i], ends[i])
        if groups[i] == PhraseGroup.NAVIGATION_START:  # with the symbols around it
            firsts[i] = start
        elif groups[i] == PhraseGroup.NAVIGATION_END:
            ends[i] = end
    navigation = np.ones(kept.sum(), np.bool_)
    return Parts(of_lines[kept], firsts[kept], ends[kept], held[kept], navigation)


@helper
def _count_words(tokens: Tokens, first: int, end: int) -> int:
    words = 0
    for token in range(first, end):
        words += (tokens.kinds[token] & WORD) != 0
    return words


@njit(cache=True, nogil=True)
def _references(tokens: Tokens, lines: Lines, editorial: Hashes) -> Parts:
    most = lines.counts[:, BRACKETS].sum()
    found = Parts(
        np.empty(most, np.int64),
        np.empty(most, np.int64),
        np.empty(most, np.int64),
        np.empty(most, np.int64),
        np.zeros(most, np.bool_),
    )
    number = _find_references(tokens, lines, editorial, found)
    return Parts(
        found.lines[:number],
        found.firsts[:number],
        found.ends[:number],
        found.words[:number],
        found.navigation[:number],
    )


@helper
def _find_references(tokens: Tokens, lines: Lines, editorial: Hashes, found: Parts) -> int:
    number = 0
    for line in range(len(lines.starts)):
        if lines.counts[line, BRACKETS] < 2:
            continue
        last = lines.tokens[line + 1]
        for token in range(lines.tokens[line], last):
            if tokens.kinds[token] == 0 and tokens.data[tokens.starts[token]] == _OPEN:
                end = _end_of_reference(tokens, token + 1, last, editorial)
                if end > 0:
                    found.lines[number], found.firsts[number] = line, token
                    found.ends[number], found.words[number] = end, end - token - 2
                    number += 1
    return number


@helper
def _end_of_reference(tokens: Tokens, first: int, end: int, editorial: Hashes) -> int:
    """The token after the bracket that closes a reference; 0 where there is none."""
    for token in range(first, min(end, first + _MAX_REFERENCE + 1)):
        if tokens.data[tokens.starts[token]] == _CLOSE:
            is_box = token == first and tokens.starts[token] > tokens.ends[first - 1]  # [ ]
            return 0 if is_box else token + 1
        if tokens.kinds[token] & WORD == 0:
            return 0
        if tokens.kinds[token] & ALPHABETIC:
            known = False
            for name in editorial:
                known |= tokens.names[token] == name
            if not known:
                return 0
    return 0
