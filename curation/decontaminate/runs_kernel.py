"""Hashes of runs of words: the same for what is looked for and for what is looked at.

A run's hash is a polynomial of its words' names mod 2^64, finished as a name is, with its length.
Such a polynomial takes the next word in two steps, whatever the length. By itself it is weak: sums
of powers are equal for sequences that are easily found (Thue and Morse), but from two thousand
words on, and a run has 64 at most.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from curation.arrow_text import Bytes, Hashes, Ints
from curation.dedup.minhash_kernel import is_word
from curation.kernels import helper, inlined, njit
from curation.tokens.names_kernel import finish
from curation.tokens.tokenise import ALPHABETIC, UNSPACED_WORD, Tokens

BASE = np.uint64(0xA3B195354A39B70D)
_LENGTH = np.uint64(0x9E3779B97F4A7C15)


class Runs(NamedTuple):
    """Runs of words in the order of texts: of text `texts[i]`, with a hash and a length.

    `starts` are hashes of the first words of each, as many for all. A run is a list where no word
    in it tells something: all are numbers and single letters.
    """

    texts: Ints
    hashes: Hashes
    starts: Hashes
    lengths: Ints
    is_list: npt.NDArray[np.bool_]


@inlined
def run_hash(value: np.uint64, length: int) -> np.uint64:
    """What a run of words is known by, from their polynomial."""
    return finish(value ^ np.uint64(length) * _LENGTH)


@helper
def polynomial(names: Hashes, first: int, length: int) -> np.uint64:
    """Of `length` words from `first` on."""
    value = np.uint64(0)
    for word in range(first, first + length):
        value = value * BASE + names[word]
    return value


@helper
def gather_words(tokens: Tokens, row: int, placeholders: Bytes, names: Hashes, at: Ints) -> int:
    """Writes the names of the words of a row, and which tokens they are; returns how many."""
    first, last = tokens.offsets[row], tokens.offsets[row + 1]
    words = 0
    for token in range(tokens.rows[row], tokens.rows[row + 1]):
        names[words], at[words] = tokens.names[token], token  # kept by a count, not by a branch
        words += is_word(tokens, token, first, last, placeholders)
    return words


@njit(cache=True, nogil=True)
def most_tokens(rows: Ints) -> int:
    """Of a row."""
    most = 0
    for row in range(len(rows) - 1):
        most = max(most, rows[row + 1] - rows[row])
    return most


@njit(cache=True, nogil=True)
def count_words(tokens: Tokens, placeholders: Bytes) -> Ints:
    """The words of each row."""
    room = most_tokens(tokens.rows)
    names, at = np.empty(room, np.uint64), np.empty(room, np.int64)
    counts = np.empty(len(tokens.rows) - 1, np.int64)
    for row in range(len(counts)):
        counts[row] = gather_words(tokens, row, placeholders, names, at)
    return counts


@njit(cache=True, nogil=True)
def find_runs(tokens: Tokens, placeholders: Bytes, lengths: Ints, start: int) -> Runs:
    """All runs of `lengths[r]` words in row r, none where that is 0; `start` words tell a start."""
    room = most_tokens(tokens.rows)
    names, at = np.empty(room, np.uint64), np.empty(room, np.int64)
    every = Runs(
        np.empty(tokens.rows[-1], np.int64),
        np.empty(tokens.rows[-1], np.uint64),
        np.empty(tokens.rows[-1], np.uint64),
        np.empty(tokens.rows[-1], np.int64),
        np.empty(tokens.rows[-1], np.bool_),
    )
    count = 0
    for row in range(len(lengths)):
        length = lengths[row]
        words = gather_words(tokens, row, placeholders, names, at) if length else 0
        for first in range(words - length + 1 if length else 0):
            every.texts[count] = row
            every.hashes[count] = run_hash(polynomial(names, first, length), length)
            every.starts[count] = finish(polynomial(names, first, start))
            every.lengths[count] = length
            every.is_list[count] = not _tells(tokens, at[first : first + length])
            count += 1
    return Runs(
        every.texts[:count],
        every.hashes[:count],
        every.starts[:count],
        every.lengths[:count],
        every.is_list[:count],
    )


@helper
def _tells(tokens: Tokens, words: Ints) -> bool:
    """Whether one of the words has two letters, or is of a script where one may be a word."""
    for word in words:
        kind = tokens.kinds[word]
        if kind & UNSPACED_WORD or (kind & ALPHABETIC and tokens.characters[word] > 1):
            return True
    return False
