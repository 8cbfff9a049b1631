"""N-grams that repeat, for every n from 2 to 10 at the cost of little more than one.

An n-gram repeats only where the two (n-1)-grams in it do. So each n looks only at the places that
were left by n - 1, which in real text are few by n = 4. An n-gram is known exactly: by the number
of the (n-1)-gram that it starts with, and its last word.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from curation.arrow_text import Ints
from curation.kernels import helper, int64, njit
from curation.tokens.lines import Lines
from curation.tokens.tokenise import Tokens
from curation.tokens.vocabulary import Numbers, Vocabulary, first_slot, table_size

TOP_NGRAMS, DUPLICATE_NGRAMS = range(2, 5), range(5, 11)
N_NGRAMS = 9
"""Columns: the characters of the top 2-, 3- and 4-gram, and of duplicate 5- to 10-grams."""
_LAST_TOP, _LAST = 4, 10


class _Scratch(NamedTuple):
    """Room for one row, used again for the next.

    `candidates` are the tokens at which an n-gram may start that repeats, and `places` those at
    which one does; `grams[t]` is its number. Of n-gram g, `keys[g]` says what it is, `counts[g]`
    how often it occurs, and `seen[g]` whether it was met; `slots` is a hash table of them.
    """

    candidates: Ints
    places: Ints
    grams: Numbers
    counts: Numbers
    keys: Ints
    seen: npt.NDArray[np.bool_]
    slots: Numbers


@njit(cache=True, nogil=True)
def count_ngrams(
    tokens: Tokens, lines: Lines, vocabulary: Vocabulary, line_ngram: int
) -> tuple[Ints, Numbers]:
    """Characters in n-grams that repeat: of each row, shape (rows, N_NGRAMS), and of each line.

    A row's are those of its most frequent n-gram (blanks between words included; of several the
    first) times its frequency, for n = 2, 3, 4; and those of n-grams that were seen before in the
    row, read from left to right without overlap, for n = 5 to 10. A line's are those of its words
    that an n-gram covers, n = `line_ngram` (5 to 10), that lies in it and was seen before in the
    row.
    """
    longest = 0
    for row in range(len(tokens.rows) - 1):
        longest = max(longest, tokens.rows[row + 1] - tokens.rows[row])
    scratch = _Scratch(
        np.empty(longest, np.int64),
        np.empty(longest, np.int64),
        np.empty(longest, np.int32),
        np.empty(longest, np.int32),
        np.empty(longest, np.int64),
        np.empty(longest, np.bool_),
        np.empty(table_size(longest), np.int32),
    )
    of_rows = np.zeros((len(tokens.rows) - 1, N_NGRAMS), np.int64)
    of_lines = np.zeros(len(lines.starts), np.int32)
    _count(tokens, lines, vocabulary, line_ngram, scratch, of_rows, of_lines)
    return of_rows, of_lines


@helper
def _count(
    tokens: Tokens,
    lines: Lines,
    vocabulary: Vocabulary,
    line_ngram: int,
    scratch: _Scratch,
    of_rows: Ints,
    of_lines: Numbers,
) -> None:
    for row in range(len(tokens.rows) - 1):
        start, end = tokens.rows[row], tokens.rows[row + 1]
        words = vocabulary.words[start:end]
        characters = tokens.characters[start:end]
        candidates = _start(words, vocabulary.counts[vocabulary.rows[row] :], scratch)
        for n in range(2, _LAST + 1):
            _number_grams(n, words, candidates, tokens.secret, scratch)
            left, candidates, most = _keep_repeated(candidates, scratch)
            if n <= _LAST_TOP:
                of_rows[row, n - 2] = _top(n, left, most, characters, scratch)
            elif left:
                of_rows[row, n - 2] = _duplicate(n, left, characters, scratch)
                if n == line_ngram:
                    _cover(n, row, left, tokens, lines, scratch, of_lines)
            else:
                break


@helper
def _start(words: Numbers, counts: Numbers, scratch: _Scratch) -> int:
    """Takes each word for its own 1-gram; returns how many repeat, and the next one too."""
    candidates, before = 0, False
    for token in range(len(words)):
        scratch.grams[token] = words[token]
        repeats = counts[words[token]] > 1
        scratch.candidates[candidates] = token - 1
        candidates += repeats and before
        before = repeats
    return candidates


@helper
def _number_grams(n: int, words: Numbers, candidates: int, secret: int, scratch: _Scratch) -> None:
    """Goes on from (n-1)-grams to n-grams, and counts them."""
    mask, grams = table_size(candidates) - 1, 0
    scratch.slots[: mask + 1] = -1
    for i in range(candidates):
        place = scratch.candidates[i]
        key = int64(scratch.grams[place]) << 32 | int64(words[place + n - 1])
        at = first_slot(np.uint64(key), secret, mask)
        gram = scratch.slots[at]
        while gram >= 0 and scratch.keys[gram] != key:
            at = (at + 1) & mask
            gram = scratch.slots[at]
        if gram < 0:
            gram = grams
            grams += 1
            scratch.slots[at], scratch.keys[gram], scratch.counts[gram] = gram, key, 0
        scratch.counts[gram] += 1
        scratch.grams[place] = gram


@helper
def _keep_repeated(candidates: int, scratch: _Scratch) -> tuple[int, int, int]:
    """Finds the places of n-grams that repeat, and the candidates for n + 1: two such in a row.

    Returns how many both are, and the highest count. What is kept is written without a branch, for
    which way it goes can't be foreseen.
    """
    kept, next_candidates, most, last = 0, 0, 1, int64(-2)
    for i in range(candidates):
        place = scratch.candidates[i]
        count = scratch.counts[scratch.grams[place]]
        most = max(most, count)
        repeats = count > 1
        scratch.places[kept] = place
        kept += repeats
        scratch.candidates[next_candidates] = place - 1
        next_candidates += repeats and last == place - 1
        last = place if repeats else last
    return kept, next_candidates, most


@helper
def _top(n: int, left: int, most: int, characters: Numbers, scratch: _Scratch) -> int:
    if n > len(characters):
        return 0
    place = int64(0)
    for i in range(left):
        if scratch.counts[scratch.grams[scratch.places[i]]] == most:
            place = scratch.places[i]
            break
    length = n - 1
    for token in range(place, place + n):
        length += characters[token]
    return length * most


@helper
def _duplicate(n: int, left: int, characters: Numbers, scratch: _Scratch) -> int:
    _forget(left, scratch)
    length, end = 0, 0
    for i in range(left):
        place = scratch.places[i]
        if place < end:
            continue
        gram = scratch.grams[place]
        if scratch.seen[gram]:
            end = place + n
            for token in range(place, end):
                length += characters[token]
        scratch.seen[gram] = True
    return length


@helper
def _forget(left: int, scratch: _Scratch) -> None:
    for i in range(left):
        scratch.seen[scratch.grams[scratch.places[i]]] = False


@helper
def _cover(
    n: int,
    row: int,
    left: int,
    tokens: Tokens,
    lines: Lines,
    scratch: _Scratch,
    of_lines: Numbers,
) -> None:
    _forget(left, scratch)
    line, end, start = lines.rows[row], 0, tokens.rows[row]
    for i in range(left):
        place = scratch.places[i]
        gram = scratch.grams[place]
        while lines.tokens[line + 1] <= start + place:
            line += 1
        if scratch.seen[gram] and start + place + n <= lines.tokens[line + 1]:
            for token in range(start + max(place, end), start + place + n):
                of_lines[line] += tokens.characters[token]
            end = place + n
        scratch.seen[gram] = True
