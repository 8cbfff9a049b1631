"""From the tokens of texts to a hash, the length and the words of each line.

A line's normal form is written as UTF-8 and hashed eight bytes at a time.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from curation.arrow_text import Bytes, Hashes, Ints, decode_at
from curation.dedup.lines.characters import (
    BEHIND_BLANK,
    BLANK,
    LEFT_OUT,
    LOOK,
    STAYS,
    Characters,
    character_of,
)
from curation.dedup.minhash_kernel import START, absorb, is_in
from curation.kernels import helper, inlined, int64, njit
from curation.tokens.names_kernel import finish
from curation.tokens.tokenise import WORD, Tokens
from schemas.line_kind import LineKind

_BREAK, _OPENS, _CLOSES = (np.uint8(ord(character)) for character in "\n<>")
_CODE, _TABLE, _MATHEMATICS = (
    np.uint8(ord(kind)) for kind in (LineKind.CODE, LineKind.TABLE, LineKind.MATHEMATICS)
)
_LONGEST_NAME = 24
_MOST_WORDS = 0xFFFF
_WORD_BYTES = 8


class LineKeys(NamedTuple):
    """Those of row r are `rows[r]` to `rows[r + 1]`: a hash, 0 where the line is not compared.

    `sizes` are in bytes of UTF-8, without line breaks; `words` are 65,535 at most.
    """

    rows: Ints
    hashes: Hashes
    sizes: npt.NDArray[np.uint32]
    words: npt.NDArray[np.uint16]


@njit(cache=True, nogil=True)
def find_line_keys(
    tokens: Tokens, kinds: Bytes, kind_rows: Ints, characters: Characters
) -> LineKeys:
    """Of each line of each text; its kind is a letter of `kinds[kind_rows[r]:kind_rows[r + 1]]`.

    A row without letters is prose throughout.
    """
    rows, longest = _count_lines(tokens.data, tokens.offsets)
    keys = LineKeys(
        rows,
        np.zeros(rows[-1], np.uint64),
        np.empty(rows[-1], np.uint32),
        np.empty(rows[-1], np.uint16),
    )
    # What stands for a broken byte takes three; and there is room before and behind.
    words = np.zeros(3 * longest // _WORD_BYTES + 3, np.uint64)
    _fill(tokens, kinds, kind_rows, characters, words, words.view(np.uint8), keys)
    return keys


@njit(cache=True)
def _count_lines(data: Bytes, offsets: Ints) -> tuple[Ints, int]:
    """The lines before each row, and the bytes of the longest text."""
    rows, longest = np.zeros(len(offsets), np.int64), int64(0)
    for row in range(len(offsets) - 1):
        breaks = 0
        for byte in data[offsets[row] : offsets[row + 1]]:
            breaks += byte == _BREAK
        rows[row + 1] = rows[row] + breaks + 1
        longest = max(longest, offsets[row + 1] - offsets[row])
    return rows, longest


@helper
def _fill(
    tokens: Tokens,
    kinds: Bytes,
    kind_rows: Ints,
    characters: Characters,
    words: Hashes,
    form: Bytes,
    keys: LineKeys,
) -> None:
    data, line, token = tokens.data, 0, 0
    for row in range(len(tokens.offsets) - 1):
        at, end = tokens.offsets[row], tokens.offsets[row + 1]
        kind = kind_rows[row] - line
        has_kinds = kind_rows[row + 1] > kind_rows[row]
        while line < keys.rows[row + 1]:
            start = at
            if has_kinds and _is_masked(kinds[kind + line]):
                while at < end and data[at] != _BREAK:
                    at += 1
            else:
                at, size = _normalise(data, at, end, characters, form)
                keys.hashes[line] = _hash(words, size)
            keys.sizes[line] = at - start
            found = 0
            while token < tokens.rows[row + 1] and tokens.starts[token] < at:
                found += tokens.kinds[token] & WORD
                token += 1
            keys.words[line] = min(found, _MOST_WORDS)
            at += 1
            line += 1


@inlined
def _is_masked(kind: np.uint8) -> bool:
    return kind == _CODE or kind == _TABLE or kind == _MATHEMATICS


@helper
def _normalise(
    data: Bytes, at: int, end: int, characters: Characters, form: Bytes
) -> tuple[int, int]:
    """Writes the form of the line at byte `at` from byte 8 of `form` on, and zeros behind it.

    Returns where the line ends, and how many bytes its form has.

    A byte is written first and counted if it stays: a branch would be foreseen too seldom.
    """
    last, more = _WORD_BYTES, 0  # 1: more than a blank stands before
    while at < end:
        byte = characters.bytes[data[at]]
        if byte != LOOK:
            form[last] = byte & 0xFF
            last += byte >> STAYS + more & 1
            more = 1 - (byte >> BEHIND_BLANK + more & 1)
            at += 1
            continue
        if data[at] == _BREAK:
            break
        stop = _end_of_placeholder(data, at, end, characters.placeholders)
        if stop:
            at = stop
            continue
        original, length = decode_at(data, at, end)
        code = int64(character_of(original, characters))
        at += length
        if code != LEFT_OUT and (more or code != BLANK):
            last = _encode(code, form, last)
            more = 0 + (code != BLANK)
    last -= more == 0 and last > _WORD_BYTES
    for behind in range(last, last + _WORD_BYTES):
        form[behind] = 0
    return at, last - _WORD_BYTES


@helper
def _hash(words: Hashes, size: int) -> np.uint64:
    """The hash of the form of so many bytes that starts at the second of `words`."""
    if size == 0:
        return np.uint64(0)
    value = START ^ np.uint64(size)
    for word in words[1 : 1 + (size + _WORD_BYTES - 1) // _WORD_BYTES]:
        value = absorb(value, word)
    return max(finish(value), np.uint64(1))


@helper
def _end_of_placeholder(data: Bytes, at: int, end: int, placeholders: Bytes) -> int:
    """The end of the placeholder that starts at byte `at`, 0 for none."""
    if data[at] != _OPENS:
        return 0
    stop = at + 1
    while stop < min(end, at + _LONGEST_NAME) and data[stop] != _CLOSES:
        stop += 1
    if stop < end and data[stop] == _CLOSES and is_in(placeholders, data, at, stop + 1):
        return stop + 1
    return 0


@helper
def _encode(code: int, form: Bytes, at: int) -> int:
    """Writes a code point as UTF-8; returns the byte behind it."""
    if code < 0x80:
        form[at] = code
        return at + 1
    size = 2 + (code >= 0x800) + (code >= 0x10000)
    for byte in range(at + size - 1, at, -1):
        form[byte] = 0x80 | code & 0x3F
        code >>= 6
    form[at] = (0xF00 >> size) & 0xFF | code
    return at + size
