r"""The lines of each text, and what characters they are made of.

In: the tokens of a batch. Out: `Lines`. A line is what stands between two `\n`; a page of n line
breaks has n + 1 lines, blank ones among them, so that line i is the one of `line_kinds[i]`.
"""

from __future__ import annotations

from functools import cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from curation.arrow_text import Bytes, Hashes, Ints, decode_at
from curation.kernels import helper, inlined, int64, njit
from curation.tokens.tokenise import Tokens
from curation.tokens.unicode import (
    EMOJI,
    KIND_SHIFT,
    PICTURE,
    SPACE,
    SYMBOL_SHIFT,
    CodePoints,
    code_points,
    word_of,
)

(CHARACTERS, SPACES, LETTERS, NUMBERS, DIGITS, CAPITALS, BRACKETS, CURLY_BRACKETS) = range(8)
(HASHES, MARKS, EXCLAMATIONS, EMOJIS, URL_CHARACTERS, RUNS) = range(8, 14)
N_COUNTS = 14
_MIN_RUN = 5
_AS_PICTURE = 0xFE0F  # after a character that may be a picture
_FIELD_BITS, _FIELD = 10, 1023


def _tallies(bits: int) -> Hashes:
    """What to add for each combination of `bits` properties: 1 in the field of each."""
    fields = [
        sum((word >> bit & 1) << bit * _FIELD_BITS for bit in range(bits))
        for word in range(1 << bits)
    ]
    return np.array(fields, np.uint64)


# A branch for each property would be mispredicted too often; so characters are counted by adding
# up small fields, which are emptied before they fill.
_KINDS, _SYMBOLS = SYMBOL_SHIFT - KIND_SHIFT, EMOJIS - BRACKETS + 1
_KIND_TALLIES, _SYMBOL_TALLIES = _tallies(_KINDS), _tallies(_SYMBOLS)


class _Ascii(NamedTuple):
    """The tallies of ASCII characters, which most are."""

    kinds: Hashes
    symbols: Hashes


@cache
def _ascii() -> _Ascii:
    points = code_points()
    words = points.values[points.blocks[0] : points.blocks[0] + 0x80]
    return _Ascii(
        _KIND_TALLIES[words >> KIND_SHIFT & (1 << _KINDS) - 1],
        _SYMBOL_TALLIES[words >> SYMBOL_SHIFT & (1 << _SYMBOLS) - 1],
    )


class Lines(NamedTuple):
    r"""The lines of row r are `rows[r]` to `rows[r + 1]`.

    Line i is bytes `starts[i]` to `ends[i]` without its `\n`, and tokens `tokens[i]` to
    `tokens[i + 1]`. `counts[i]` are numbers of characters:

    - all; white space; letters; numbers; digits; upper case;
    - brackets; `{`; `#`; `?!,.`; exclamation marks; emojis; in URLs (http and https);
    - in runs of five and more of one character, white space aside.
    """

    rows: Ints
    starts: Ints
    ends: Ints
    tokens: Ints
    counts: npt.NDArray[np.int32]


def find_lines(tokens: Tokens) -> Lines:
    """The lines of each text."""
    return _find_lines(tokens, code_points(), _ascii())


@njit(cache=True, nogil=True)
def _find_lines(tokens: Tokens, points: CodePoints, plain: _Ascii) -> Lines:
    rows = _rows(tokens.data, tokens.offsets)
    number = rows[-1]
    lines = Lines(
        rows,
        np.empty(number, np.int64),
        np.empty(number, np.int64),
        np.empty(number + 1, np.int64),
        np.zeros((number, N_COUNTS), np.int32),
    )
    _fill(tokens, points, plain, lines)
    return lines


@njit(cache=True)
def _rows(data: Bytes, offsets: Ints) -> Ints:
    rows = np.zeros(len(offsets), np.int64)
    for row in range(len(offsets) - 1):
        breaks = 0
        for byte in data[offsets[row] : offsets[row + 1]]:
            breaks += byte == 0x0A
        rows[row + 1] = rows[row] + breaks + 1
    return rows


@helper
def _fill(tokens: Tokens, points: CodePoints, plain: _Ascii, lines: Lines) -> None:
    data, line, token = tokens.data, 0, 0
    for row in range(len(tokens.offsets) - 1):
        at, end = tokens.offsets[row], tokens.offsets[row + 1]
        while line < lines.rows[row + 1]:
            lines.starts[line], lines.tokens[line] = at, token
            at = _count(data, at, end, points, plain, lines.counts[line])
            lines.ends[line] = at
            while token < tokens.rows[row + 1] and tokens.starts[token] < at:
                token += 1
            at += 1
            line += 1
    lines.tokens[line] = token


@helper
def _count(
    data: Bytes,
    at: int,
    end: int,
    points: CodePoints,
    plain: _Ascii,
    counts: npt.NDArray[np.int32],
) -> int:
    """Counts the characters from byte `at` to the end of the line, which it returns."""
    before, run, start, url_end = int64(-1), 1, at, at
    while at < end and data[at] != 0x0A:
        kinds, symbols, characters = np.uint64(0), np.uint64(0), 0
        stop = min(end, at + _FIELD)
        while at < stop and data[at] != 0x0A:
            if data[at] < 0x80:
                code, size = int64(data[at]), 1
                kinds += plain.kinds[code]
                symbols += plain.symbols[code]
            else:
                code, size = decode_at(data, at, end)
                word = word_of(code, points)
                kinds += _KIND_TALLIES[word >> KIND_SHIFT & (1 << _KINDS) - 1]
                symbols += _SYMBOL_TALLIES[word >> SYMBOL_SHIFT & (1 << _SYMBOLS) - 1]
                if code == _AS_PICTURE and before >= 0:
                    counts[EMOJIS] += word_of(before, points) & (PICTURE | EMOJI) == PICTURE
            characters += 1
            if code == before:
                run += 1
                if run >= _MIN_RUN and word_of(code, points) & SPACE == 0:
                    counts[RUNS] += _MIN_RUN if run == _MIN_RUN else 1
            else:
                run = 1
            if code == 0x3A and at >= url_end:
                url_end = _count_url(data, start, at, end, counts)
            before = code
            at += size
        counts[CHARACTERS] += characters
        for field in range(_KINDS):
            counts[SPACES + field] += int64(kinds >> np.uint64(field * _FIELD_BITS)) & _FIELD
        for field in range(_SYMBOLS):
            counts[BRACKETS + field] += int64(symbols >> np.uint64(field * _FIELD_BITS)) & _FIELD
    return at


@helper
def _count_url(data: Bytes, start: int, at: int, end: int, counts: npt.NDArray[np.int32]) -> int:
    """Counts the characters of the URL whose colon is byte `at`; returns its end, or `at`.

    What a URL may hold is that of NeMo Curator's pattern: letters, digits, `$-_@.&+/:=?#~!*(),`
    and percent-encoded bytes.
    """
    first = _start_of_scheme(data, start, at)
    if first == at or at + 3 >= end or data[at + 1] != 0x2F or data[at + 2] != 0x2F:
        return at
    last = at + 3
    while last < end and _may_be_in_url(data, last, end):
        last += 1
    if last == at + 3:
        return at
    counts[URL_CHARACTERS] += last - first
    return last


@helper
def _start_of_scheme(data: Bytes, start: int, at: int) -> int:
    """Where `http` or `https` starts that ends before byte `at`; `at` for none."""
    first = at - 4
    if at > start and data[at - 1] | 0x20 == 0x73:
        first -= 1
    if first < start:
        return at
    http = data[first] | 0x20 == 0x68 and data[first + 3] | 0x20 == 0x70
    http = http and data[first + 1] | 0x20 == 0x74 and data[first + 2] | 0x20 == 0x74
    return first if http else at


@helper
def _may_be_in_url(data: Bytes, at: int, end: int) -> bool:
    byte = data[at]
    if byte == 0x25:
        return at + 2 < end and _is_hexadecimal(data[at + 1]) and _is_hexadecimal(data[at + 2])
    if byte >= 0x80 or byte <= 0x20 or byte == 0x7F:
        return False
    # All ASCII that is visible, but for these: "';<>[\\]^`{|}
    if byte == 0x22 or byte == 0x27 or byte == 0x3B or byte == 0x3C or byte == 0x3E:
        return False
    return not (0x5B <= byte <= 0x60 and byte != 0x5F) and not 0x7B <= byte <= 0x7D


@inlined
def _is_hexadecimal(byte: int) -> bool:
    return 0x30 <= byte <= 0x39 or 0x61 <= byte | 0x20 <= 0x66
