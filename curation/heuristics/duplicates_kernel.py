"""Lines and paragraphs that a text repeats.

Two lines are equal where their words and symbols are, whatever their case and the blanks between
them. A paragraph is what stands between blank lines.
"""

from __future__ import annotations

import numpy as np

from curation.arrow_text import Hashes, Ints
from curation.kernels import helper, inlined, njit
from curation.tokens.lines import CHARACTERS, Lines
from curation.tokens.names_kernel import finish
from curation.tokens.tokenise import Tokens
from curation.tokens.vocabulary import Numbers, first_slot, table_size

(LINES, LINE_CHARACTERS, PARAGRAPHS, PARAGRAPH_CHARACTERS, OF_PARAGRAPHS) = range(5)
N_DUPLICATES = 5
_PRIME = np.uint64(0x100000001B3)


@njit(cache=True, nogil=True)
def count_duplicates(tokens: Tokens, lines: Lines) -> Ints:
    """Of each row, shape (rows, N_DUPLICATES): repeated lines, repeated paragraphs, all paragraphs.

    Every occurrence after the first counts, with its characters (line breaks aside).
    """
    most = 0
    for row in range(len(lines.rows) - 1):
        most = max(most, lines.rows[row + 1] - lines.rows[row])
    names = np.empty(most, np.uint64)
    slots = np.empty(table_size(most), np.int32)
    counts = np.zeros((len(lines.rows) - 1, N_DUPLICATES), np.int64)
    _count(tokens, lines, names, slots, counts)
    return counts


@helper
def _count(tokens: Tokens, lines: Lines, names: Hashes, slots: Numbers, counts: Ints) -> None:
    for row in range(len(lines.rows) - 1):
        first, end = lines.rows[row], lines.rows[row + 1]
        mask, found = table_size(end - first) - 1, 0
        slots[: mask + 1] = -1
        for line in range(first, end):
            if lines.tokens[line] < lines.tokens[line + 1]:
                name = _name(tokens, lines, line, line + 1)
                if _is_new(name, tokens.secret, found, names, slots, mask):
                    found += 1
                else:
                    counts[row, LINES] += 1
                    counts[row, LINE_CHARACTERS] += lines.counts[line, CHARACTERS]
        _count_paragraphs(tokens, lines, row, names, slots, counts)


@helper
def _count_paragraphs(
    tokens: Tokens, lines: Lines, row: int, names: Hashes, slots: Numbers, counts: Ints
) -> None:
    line, end, found = lines.rows[row], lines.rows[row + 1], 0
    mask = table_size(end - line) - 1
    slots[: mask + 1] = -1
    while line < end:
        first, characters = line, 0
        while line < end and lines.tokens[line] < lines.tokens[line + 1]:
            characters += lines.counts[line, CHARACTERS]
            line += 1
        if line > first:
            counts[row, OF_PARAGRAPHS] += 1
            name = _name(tokens, lines, first, line)
            if _is_new(name, tokens.secret, found, names, slots, mask):
                found += 1
            else:
                counts[row, PARAGRAPHS] += 1
                counts[row, PARAGRAPH_CHARACTERS] += characters
        line += 1


@helper
def _name(tokens: Tokens, lines: Lines, first: int, end: int) -> np.uint64:
    """The name of lines `first` to `end`; where a line ends is part of it."""
    name = np.uint64(1)
    for line in range(first, end):
        for token in range(lines.tokens[line], lines.tokens[line + 1]):
            name = (name ^ tokens.names[token]) * _PRIME
        name = finish(name)
    return name


@inlined
def _is_new(
    name: np.uint64, secret: int, found: int, names: Hashes, slots: Numbers, mask: int
) -> bool:
    """Whether the name is not among the `found` ones; it is then the next of them."""
    at = first_slot(name, secret, mask)
    while slots[at] >= 0 and names[slots[at]] != name:
        at = (at + 1) & mask
    new = slots[at] < 0
    if new:
        slots[at], names[found] = found, name
    return new
