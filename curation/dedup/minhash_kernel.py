"""From the tokens of texts to their shingles, minima and hashes.

In: the tokens of a batch (`curation.tokens.tokenise`). Out: 64-bit hashes of runs of words, the
minima of their images under many hash functions, and a hash of each whole text.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from curation.arrow_text import Bytes, Hashes, Ints
from curation.kernels import helper, inlined, njit
from curation.tokens.names_kernel import finish
from curation.tokens.tokenise import CAPITAL, LOWER_CASE, WORD, Tokens

Signatures = npt.NDArray[np.uint32]
_OPENS, _CLOSES = np.uint8(ord("<")), np.uint8(ord(">"))
_LARGEST = np.uint64(0xFFFFFFFFFFFFFFFF)
START = np.uint64(0x9E3779B97F4A7C15)
"""The hash, not yet finished, of nothing."""
_ODD, _OTHER_ODD = np.uint64(0xD6E8FEB86659FD93), np.uint64(0xA0761D6478BD642F)
_HALF = np.uint64(32)


class Shingles(NamedTuple):
    """The shingles of row r have the hashes `hashes[rows[r]:rows[r + 1]]`, in the text's order.

    `texts[r]` is the hash of all tokens of the row, symbols and placeholders too, in their order.
    """

    rows: Ints
    hashes: Hashes
    texts: Hashes


class Permutations(NamedTuple):
    """Function i takes x to `a[i] * x + b[i]` mod 2^64; `a[i]` is odd."""

    a: Hashes
    b: Hashes


@njit(cache=True, nogil=True)
def find_shingles(tokens: Tokens, weights: Hashes, placeholders: Bytes) -> Shingles:
    """Hashes of each `len(weights)` consecutive words; of all words where there are fewer.

    Symbols are left out, and so are words in angle brackets that are in `placeholders`, which is
    upper-case ASCII like `<ONE><OTHER>`. A hash is the sum of the words' names times `weights`, odd
    64-bit numbers, mod 2^64, finished as a name is: multilinear hashing (Lemire and Kaser, Strongly
    universal string hashing is fast, 2014).
    """
    longest = 0
    for row in range(len(tokens.rows) - 1):
        longest = max(longest, tokens.rows[row + 1] - tokens.rows[row])
    shingles = Shingles(
        np.zeros(len(tokens.rows), np.int64),
        np.empty(tokens.rows[-1], np.uint64),
        np.empty(len(tokens.rows) - 1, np.uint64),
    )
    _fill(tokens, weights, placeholders, np.empty(longest, np.uint64), shingles)
    return shingles


@helper
def _fill(
    tokens: Tokens, weights: Hashes, placeholders: Bytes, names: Hashes, shingles: Shingles
) -> None:
    end = 0
    for row in range(len(tokens.rows) - 1):
        shingles.texts[row] = _hash(tokens.names[tokens.rows[row] : tokens.rows[row + 1]])
        words = _gather(tokens, row, placeholders, names)
        ngram = min(len(weights), words)
        found = words - ngram + 1 if words else 0
        _combine(names, weights[:ngram], shingles.hashes[end : end + found])
        end += found
        shingles.rows[row + 1] = end


@helper
def _hash(names: Hashes) -> np.uint64:
    value, at = START, 0
    while at + 4 <= len(names):  # four at once, for each step waits for the one before
        four = (names[at] * _OTHER_ODD + names[at + 1]) * _OTHER_ODD + names[at + 2]
        value = absorb(value, four * _OTHER_ODD + names[at + 3])
        at += 4
    for rest in range(at, len(names)):
        value = absorb(value, names[rest])
    return finish(value)


@helper
def _gather(tokens: Tokens, row: int, placeholders: Bytes, names: Hashes) -> int:
    """Writes the names of the words of a row; returns how many they are."""
    first, last = tokens.offsets[row], tokens.offsets[row + 1]
    words = 0
    for token in range(tokens.rows[row], tokens.rows[row + 1]):
        names[words] = tokens.names[token]  # kept by a count, not a branch that can't be foreseen
        words += is_word(tokens, token, first, last, placeholders)
    return words


@inlined
def is_word(tokens: Tokens, token: int, first: int, last: int, placeholders: Bytes) -> bool:
    """Whether a token counts: it is a word, and no placeholder; its row has bytes first to last."""
    kind = tokens.kinds[token]
    counts = kind & WORD != 0
    if kind & (CAPITAL | LOWER_CASE) == CAPITAL:
        at, end = tokens.starts[token] - 1, tokens.ends[token]
        if at >= first and tokens.data[at] == _OPENS and end < last and tokens.data[end] == _CLOSES:
            counts = not is_in(placeholders, tokens.data, at, end + 1)
    return counts


@helper
def is_in(whole: Bytes, data: Bytes, at: int, end: int) -> bool:
    """Whether bytes `at` to `end` of `data` stand anywhere in `whole`."""
    for start in range(len(whole) - (end - at) + 1):
        same = 0
        while same < end - at and whole[start + same] == data[at + same]:
            same += 1
        if same == end - at:
            return True
    return False


@helper
def _combine(names: Hashes, weights: Hashes, hashes: Hashes) -> None:
    hashes[:] = 0
    for i in range(len(weights)):  # outside, so that the inner loop becomes vector instructions
        weight, others = weights[i], names[i : i + len(hashes)]
        for at in range(len(hashes)):
            hashes[at] += others[at] * weight
    for at in range(len(hashes)):
        hashes[at] = finish(hashes[at])


@njit(cache=True, nogil=True)
def write_minima(shingles: Shingles, permutations: Permutations, signatures: Signatures) -> None:
    """Writes the signature of each row, shape (rows, permutations); all ones where it is empty.

    The minima are those of 64 bits; their low 32 are written.
    """
    _write(shingles, permutations, np.empty(len(permutations.a), np.uint64), signatures)


@helper
def _write(
    shingles: Shingles, permutations: Permutations, minima: Hashes, signatures: Signatures
) -> None:
    for row in range(len(shingles.rows) - 1):
        minima[:] = _LARGEST
        _lower(minima, shingles.hashes[shingles.rows[row] : shingles.rows[row + 1]], permutations)
        for i in range(len(minima)):
            signatures[row, i] = np.uint32(minima[i])


@helper
def _lower(minima: Hashes, hashes: Hashes, permutations: Permutations) -> None:
    """Eight hashes at a time: a minimum is then read and written once for eight."""
    at = 0
    while at + 8 <= len(hashes):
        x0, x1, x2, x3 = hashes[at], hashes[at + 1], hashes[at + 2], hashes[at + 3]
        x4, x5, x6, x7 = hashes[at + 4], hashes[at + 5], hashes[at + 6], hashes[at + 7]
        for i in range(len(minima)):
            a, b = permutations.a[i], permutations.b[i]
            least = min(x0 * a + b, x1 * a + b, x2 * a + b, x3 * a + b)
            minima[i] = min(minima[i], least, x4 * a + b, x5 * a + b, x6 * a + b, x7 * a + b)
        at += 8
    for rest in range(at, len(hashes)):
        x = hashes[rest]
        for i in range(len(minima)):
            minima[i] = min(minima[i], x * permutations.a[i] + permutations.b[i])


@inlined
def absorb(value: np.uint64, more: np.uint64) -> np.uint64:
    """`value`, not yet finished, with one more number: one to one in either.

    The shift keeps this from being linear: sums of powers are equal for sequences that are easily
    found, whatever the base (Thue and Morse).
    """
    value = (value ^ more) * _ODD
    return value ^ (value >> _HALF)
