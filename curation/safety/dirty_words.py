"""Dirty words: how many of the list of its language a page has.

In: the tokens and vocabulary of a batch, and languages. Out: counts per row. Words and phrases
match on word borders, in any case; in Chinese, Japanese and Thai as substrings, for there the
borders are a guess. All words of all lists are looked for at once, in time linear in the text.

Counting decides, and different words: pages of news and medicine repeat one or two of them, at up
to one in twenty words, and what has four and more is seldom about anything else.

Source: the lists of LDNOOBW (CC BY 4.0, `ldnoobw/`), as in C4 (Raffel et al. 2020). The words that
mC4 allows, since they are parts of common ones, are left out (Xue et al. 2021).
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import cache
from importlib import resources
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from curation.arrow_text import Ints
from curation.tokens.phrases import Matches, Phrases, find_in_characters, find_phrases, phrase_trie
from curation.tokens.tokenise import Tokens
from curation.tokens.vocabulary import Vocabulary

_FILES = {"fr": ("fr", "fr-CA-u-sd-caqc"), "tl": ("fil",)}  # lists by labels of lid.176
_NO_LIST = {"LICENSE", "README.md", "fil", "fr-CA-u-sd-caqc"}
_MIN_DISTINCT = 4
_SUBSTRINGS = ("ja", "th", "zh")
_ALLOWED = {"ja": {"sm", "グロ", "女の子"}, "zh": {"性"}}


class DirtyWords(NamedTuple):
    """Of each row: occurrences, and different words; -1 where its language has no list."""

    counts: Ints
    distinct: Ints


class _Lists(NamedTuple):
    words: Phrases
    letters: Phrases
    roots: dict[str, int]
    letter_roots: dict[str, int]


def count_dirty_words(
    tokens: Tokens, vocabulary: Vocabulary, languages: Sequence[str | None]
) -> DirtyWords:
    """The dirty words of each row, by the list of its language."""
    lists = _lists()
    roots = _of_rows(lists.roots, languages)
    letter_roots = _of_rows(lists.letter_roots, languages)
    counts, distinct = _count(find_phrases(tokens, vocabulary, roots, lists.words))
    if (letter_roots >= 0).any():
        in_letters = find_in_characters(tokens.data, tokens.offsets, letter_roots, lists.letters)
        more = _count(in_letters)
        counts, distinct = counts + more[0], distinct + more[1]
    without = (roots < 0) & (letter_roots < 0)
    return DirtyWords(np.where(without, -1, counts), np.where(without, -1, distinct))


def languages_with_lists() -> list[str]:
    """The labels of lid.176 that have a list."""
    lists = _lists()
    return sorted({*lists.roots, *lists.letter_roots})


def _of_rows(roots: dict[str, int], languages: Sequence[str | None]) -> npt.NDArray[np.int32]:
    return np.array([-1 if code is None else roots.get(code, -1) for code in languages], np.int32)


def _count(found: Matches) -> tuple[Ints, Ints]:
    rows = len(found.rows) - 1
    of_rows = np.repeat(np.arange(rows), np.diff(found.rows))
    pairs = np.unique(np.stack([of_rows, found.phrases.astype(np.int64)]), axis=1)
    return np.diff(found.rows), np.bincount(pairs[0], minlength=rows)


@cache
def _lists() -> _Lists:
    folder = resources.files("curation.safety").joinpath("ldnoobw")
    labels = sorted({file.name for file in folder.iterdir()} - _NO_LIST | set(_FILES))
    words = [label for label in labels if label not in _SUBSTRINGS]
    return _Lists(
        phrase_trie([list(_read(label)) for label in words]),
        phrase_trie([list(_read(label)) for label in _SUBSTRINGS], by_character=True),
        {label: root for root, label in enumerate(words)},
        {label: root for root, label in enumerate(_SUBSTRINGS)},
    )


def _read(label: str) -> Iterator[str]:
    folder = resources.files("curation.safety").joinpath("ldnoobw")
    for name in _FILES.get(label, (label,)):
        for line in folder.joinpath(name).read_text("utf-8").splitlines():
            word = line.strip()
            if word and word not in _ALLOWED.get(label, ()):
                yield word


def dirty_word_columns(found: DirtyWords, words: Ints) -> dict[str, pa.Array]:
    """The columns of the document: counts, and the ratio that a rule looks at."""
    none = found.counts < 0
    decisive = found.distinct >= _MIN_DISTINCT
    ratio = found.counts * decisive / np.maximum(words, 1)
    return {
        "n_dirty_words": pa.array(found.counts.astype(np.int32), mask=none),
        "n_distinct_dirty_words": pa.array(found.distinct.astype(np.int32), mask=none),
        "dirty_words_ratio": pa.array(ratio.astype(np.float32), mask=none),
    }
