"""Texts to the tokens that our own classifiers read, as `classifiers.normalise` says.

In: the bytes and offsets of a batch, and what each code point is. Out: bytes and offsets, valid
UTF-8 whatever came in.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from curation.arrow_text import Bytes, Ints, decode_at
from curation.kernels import helper, inlined, int64, njit

WORD, LONE, ZERO, SYMBOL, END, MARK, NOTHING, GAP, LINE_BREAK = range(9)
"""What a code point is: a letter, one that stands alone, a digit, a symbol, a symbol that ends
sentences, a mark on a letter, nothing, white space or control, the end of a line."""

_BLANK, _TAB, _DOT, _DIGIT = (np.uint8(ord(character)) for character in " \t.0")
_A, _B, _C = (np.uint8(ord(character)) for character in "abc")
_INDENT, _RETURN = ord("⇥"), ord("⏎")
_SOME_WORDS, _MANY_WORDS = 4, 10
_LONGEST_RUN = 3
_ROOM_PER_BYTE, _ROOM_PER_ROW = 5, 16  # an indented line of one broken byte: 13 bytes for 2


class Characters(NamedTuple):
    """The kind of each code point, and the lower case of those below `len(lower)`."""

    kinds: npt.NDArray[np.uint8]
    lower: npt.NDArray[np.int32]


@njit(cache=True, nogil=True)
def write_tokens(data: Bytes, offsets: Ints, characters: Characters) -> tuple[Bytes, Ints]:
    """The bytes of all rows' tokens, and where each row ends, from 0 on."""
    rows = len(offsets) - 1
    # What is never written to takes no memory.
    room = (offsets[rows] - offsets[0]) * _ROOM_PER_BYTE + rows * _ROOM_PER_ROW
    written, ends = np.empty(room, np.uint8), np.zeros(rows + 1, np.int64)
    _write_rows(data, offsets, characters, written, ends)
    return written[: ends[rows]], ends


@helper
def _write_rows(
    data: Bytes, offsets: Ints, characters: Characters, written: Bytes, ends: Ints
) -> None:
    for row in range(len(offsets) - 1):
        text, start = data[offsets[row] : offsets[row + 1]], ends[row]
        at, to = 0, start
        while at < len(text):
            at, to = _write_line(text, at, characters, written, start, to)
        ends[row + 1] = to


@helper
def _write_line(
    text: Bytes, at: int, characters: Characters, written: Bytes, start: int, to: int
) -> tuple[int, int]:
    """Writes the tokens of the line at byte `at`; returns where the next one and they end."""
    line = to
    if text[at] == _TAB or (text[at] == _BLANK and at + 1 < len(text) and text[at + 1] == _BLANK):
        to = _write(_INDENT, written, _part(written, start, to))
    first = to
    words, before, symbol, run = 0, GAP, int64(0), 0
    last = GAP
    while at < len(text):
        code, size = int64(text[at]), 1
        if code >= 0x80:
            code, size = _decode(text, at)
        at += size
        kind = int64(characters.kinds[code])
        if kind == LINE_BREAK:
            break
        if kind == NOTHING or (kind == MARK and before != WORD and before != LONE):
            continue
        if kind == WORD or kind == LONE:
            if kind == LONE or before != WORD:
                to = _part(written, start, to)
                words += 1
            code = int64(characters.lower[code]) if code < len(characters.lower) else code
            to = _write(code, written, to)
        elif kind == MARK:
            to = _write(code, written, to)
            kind = before
        elif kind == ZERO:
            if before != ZERO:
                to = _part(written, start, to)
                written[to] = _DIGIT
                to += 1
        elif kind != GAP:
            if before != kind or code != symbol:
                to = _part(written, start, to)
                symbol, run = code, 0
            if run < _LONGEST_RUN:
                to = _write(code, written, to)
            run += 1
        last = kind if kind != GAP else last
        before = kind
    if to == first:
        return at, line
    return at, _end_line(words, last == END, written, to)


@helper
def _end_line(words: int, is_end: bool, written: Bytes, to: int) -> int:
    written[to] = _BLANK
    to = _write(_RETURN, written, to + 1)
    written[to] = _A if words < _SOME_WORDS else _B if words < _MANY_WORDS else _C
    written[to + 1] = _DOT
    return to + 1 + is_end


@helper
def _decode(text: Bytes, at: int) -> tuple[int, int]:
    """As `decode_at`, which does not mind surrogates and needlessly long forms."""
    code, size = decode_at(text, at, len(text))
    is_long = (size == 3 and code < 0x800) or (size == 4 and code < 0x10000)
    if is_long or 0xD800 <= code < 0xE000:
        return int64(0xFFFD), 1
    return code, size


@inlined
def _part(written: Bytes, start: int, to: int) -> int:
    """A blank, but in front of a row's first token."""
    if to > start:
        written[to] = _BLANK
        to += 1
    return to


@inlined
def _write(code: int, written: Bytes, to: int) -> int:
    """Writes a code point as UTF-8; returns where it ends."""
    if code < 0x80:
        written[to] = code
        return to + 1
    return _write_long(code, written, to)


@helper
def _write_long(code: int, written: Bytes, to: int) -> int:
    if code < 0x800:
        written[to] = 0xC0 | code >> 6
        written[to + 1] = 0x80 | code & 0x3F
        return to + 2
    if code < 0x10000:
        written[to] = 0xE0 | code >> 12
        written[to + 1] = 0x80 | code >> 6 & 0x3F
        written[to + 2] = 0x80 | code & 0x3F
        return to + 3
    written[to] = 0xF0 | code >> 18
    written[to + 1] = 0x80 | code >> 12 & 0x3F
    written[to + 2] = 0x80 | code >> 6 & 0x3F
    written[to + 3] = 0x80 | code & 0x3F
    return to + 4
