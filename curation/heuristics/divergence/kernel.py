"""The divergence of each text from a reference, and the words that make most of it."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from curation.arrow_text import Hashes, Ints
from curation.kernels import helper, inlined, int64, njit
from curation.tokens.lines import Lines
from curation.tokens.tokenise import ALPHABETIC, NUMERIC, WORD, Tokens
from curation.tokens.vocabulary import Numbers, Vocabulary

Floats = npt.NDArray[np.float64]
STRETCH = 200
"""Words."""
NUMBER = np.uint64(0x6E756D626572)
"""The name that all numbers have in a reference."""
N_OUTLIERS = 10
_LOGARITHMS = np.log(np.maximum(np.arange(64), 1))


class Logarithms(NamedTuple):
    """The natural logarithms of the probabilities in some references, one after another.

    Those of reference r are a hash table in slots `starts[r]` to `starts[r + 1]`, by the names of
    words; empty slots are NaN. `unseen[r]` is that of any word that is not in it.
    """

    starts: Ints
    names: Hashes
    values: npt.NDArray[np.float32]
    unseen: npt.NDArray[np.float32]


class Divergence(NamedTuple):
    """Of each row: its divergence in nats, and the tokens of its outliers.

    `outliers` has shape (rows, N_OUTLIERS): a token of each, from the one that contributes most on;
    -1 where there are fewer.
    """

    values: Floats
    outliers: Ints


class _Scratch(NamedTuple):
    """Room for one row, indexed by the words of its vocabulary.

    `types[w]` is the word that w counts as; of that one `logarithms`, `counts` in the stretch, and
    `parts` of the divergence. `stretch` lists the types in it; in the end, those that count most.
    """

    types: Numbers
    logarithms: Floats
    counts: Numbers
    parts: Floats
    stretch: Numbers


@inlined
def slot(
    name: np.uint64, first: int, end: int, names: Hashes, values: npt.NDArray[np.float32]
) -> int:
    """Where `name` is in the table from `first` to `end`, or would be."""
    mask = end - first - 1
    at = int64(name) & mask
    while not np.isnan(values[first + at]) and names[first + at] != name:
        at = (at + 1) & mask
    return first + at


@njit(cache=True, nogil=True)
def diverge(
    tokens: Tokens,
    lines: Lines,
    vocabulary: Vocabulary,
    counted: npt.NDArray[np.bool_],
    words: Ints,
    references: Ints,
    logarithms: Logarithms,
) -> Divergence:
    """The divergence of each row from reference `references[r]`; NaN where that is -1.

    Only lines that are `counted` are read; row r has `words[r]` words in them.
    """
    rows, room = len(references), 0
    for row in range(rows):
        room = max(room, vocabulary.rows[row + 1] - vocabulary.rows[row])
    found = Divergence(np.full(rows, np.nan), np.full((rows, N_OUTLIERS), -1, np.int64))
    scratch = _Scratch(
        np.empty(room, np.int32),
        np.empty(room, np.float64),
        np.empty(room, np.int32),
        np.empty(room, np.float64),
        np.empty(max(room + 1, N_OUTLIERS), np.int32),
    )
    for row in range(rows):
        if references[row] >= 0 and words[row]:
            _look_up(row, tokens, vocabulary, references[row], logarithms, scratch)
            found.values[row] = _diverge(
                row, tokens, lines, vocabulary, counted, words[row], scratch
            )
            _take_largest(row, vocabulary, scratch, found.outliers)
    return found


@helper
def _diverge(
    row: int,
    tokens: Tokens,
    lines: Lines,
    vocabulary: Vocabulary,
    counted: npt.NDArray[np.bool_],
    words: int,
    scratch: _Scratch,
) -> float:
    stretches = max(1, (words + STRETCH // 2) // STRETCH)
    read, start, stretch, held, total = 0, 0, 0, 0, 0.0
    end = words // stretches
    for line in range(lines.rows[row], lines.rows[row + 1]):
        for token in range(lines.tokens[line], lines.tokens[line + 1] if counted[line] else 0):
            if tokens.kinds[token] & WORD == 0:
                continue
            word = scratch.types[vocabulary.words[token]]
            scratch.stretch[held] = word  # without a branch: which words are new can't be foreseen
            held += scratch.counts[word] == 0
            scratch.counts[word] += 1
            read += 1
            if read == end:
                total += _add_stretch(end - start, held, stretches, scratch)
                start, stretch, held = end, stretch + 1, 0
                end = words * (stretch + 1) // stretches
    return total


@helper
def _look_up(
    row: int,
    tokens: Tokens,
    vocabulary: Vocabulary,
    reference: int,
    logarithms: Logarithms,
    scratch: _Scratch,
) -> None:
    start, first_number = vocabulary.rows[row], -1
    for word in range(vocabulary.rows[row + 1] - start):
        name, kind = vocabulary.names[start + word], tokens.kinds[vocabulary.firsts[start + word]]
        scratch.types[word], scratch.counts[word], scratch.parts[word] = word, 0, 0.0
        if kind & (NUMERIC | ALPHABETIC) == NUMERIC:
            name = NUMBER
            first_number = word if first_number < 0 else first_number
            scratch.types[word] = first_number
        at = slot(
            name,
            logarithms.starts[reference],
            logarithms.starts[reference + 1],
            logarithms.names,
            logarithms.values,
        )
        value = logarithms.values[at]
        scratch.logarithms[word] = logarithms.unseen[reference] if np.isnan(value) else value


@helper
def _add_stretch(words: int, held: int, stretches: int, scratch: _Scratch) -> float:
    """The share of a stretch in the divergence; makes its counts 0 again."""
    total, scale, of_all = 0.0, 1 / (words * stretches), np.log(words)
    for i in range(held):
        word = scratch.stretch[i]
        count = scratch.counts[word]
        of_count = _LOGARITHMS[count] if count < len(_LOGARITHMS) else np.log(count)
        part = count * scale * (of_count - of_all - scratch.logarithms[word])
        scratch.counts[word] = 0
        scratch.parts[word] += part
        total += part
    return total


@helper
def _take_largest(row: int, vocabulary: Vocabulary, scratch: _Scratch, outliers: Ints) -> None:
    """The first tokens of the words that contribute most; of equal ones, the one seen first."""
    start, held, largest = vocabulary.rows[row], 0, scratch.stretch
    for word in range(vocabulary.rows[row + 1] - start):
        part = scratch.parts[word]
        if part <= 0 or (held == N_OUTLIERS and part <= scratch.parts[largest[held - 1]]):
            continue
        held = min(held + 1, N_OUTLIERS)
        rank = held - 1
        while rank > 0 and scratch.parts[largest[rank - 1]] < part:
            largest[rank] = largest[rank - 1]
            rank -= 1
        largest[rank] = word
    for rank in range(held):
        outliers[row, rank] = vocabulary.firsts[start + largest[rank]]
