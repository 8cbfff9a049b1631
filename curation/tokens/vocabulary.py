"""The different words of each text, with how often each occurs.

In: the tokens of a batch. Out: `Vocabulary`. Symbols are among them: punctuation is part of what
repeats, and who counts words alone asks the kind of a token.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from curation.arrow_text import Hashes, Ints
from curation.kernels import helper, inlined, int64, njit
from curation.tokens.tokenise import Tokens

Numbers = npt.NDArray[np.int32]


class Vocabulary(NamedTuple):
    """The words of row r are `rows[r]` to `rows[r + 1]`, in the order of their first occurrence.

    Word w has the name `names[w]`, is first seen as token `firsts[w]` and occurs `counts[w]` times.
    Token t is word `rows[r] + words[t]`.
    """

    rows: Ints
    names: Hashes
    firsts: Ints
    counts: Numbers
    words: Numbers


@njit(cache=True, nogil=True)
def find_vocabulary(tokens: Tokens) -> Vocabulary:
    """The vocabulary of each text."""
    room = tokens.rows[-1]
    vocabulary = Vocabulary(
        np.zeros(len(tokens.rows), np.int64),
        np.empty(room, np.uint64),
        np.empty(room, np.int64),
        np.empty(room, np.int32),
        np.empty(room, np.int32),
    )
    longest = 0
    for row in range(len(tokens.rows) - 1):
        longest = max(longest, tokens.rows[row + 1] - tokens.rows[row])
    _fill(tokens, np.empty(table_size(longest), np.int32), vocabulary)
    return vocabulary


@inlined
def table_size(entries: int) -> int:
    """Slots of a hash table that at most half fills: a power of two."""
    size = 2
    while size < 2 * entries:
        size *= 2
    return size


@inlined
def first_slot(key: np.uint64, secret: int, mask: int) -> int:
    """Where a hash table looks first; nobody who does not know the secret can choose it."""
    half = np.uint64(32)  # the high bits of a product depend on all of the key
    return int64(((key * np.uint64(secret)) >> half) * np.uint64(mask + 1) >> half)


@helper
def _fill(tokens: Tokens, slots: Numbers, vocabulary: Vocabulary) -> None:
    end = 0
    for row in range(len(tokens.rows) - 1):
        start = end
        mask = table_size(tokens.rows[row + 1] - tokens.rows[row]) - 1
        slots[: mask + 1] = -1
        for token in range(tokens.rows[row], tokens.rows[row + 1]):
            name = tokens.names[token]
            at = first_slot(name, tokens.secret, mask)
            while slots[at] >= 0 and vocabulary.names[start + slots[at]] != name:
                at = (at + 1) & mask
            if slots[at] < 0:
                slots[at] = end - start
                vocabulary.names[end], vocabulary.firsts[end] = name, token
                vocabulary.counts[end] = 0
                end += 1
            vocabulary.words[token] = slots[at]
            vocabulary.counts[start + slots[at]] += 1
        vocabulary.rows[row + 1] = end
