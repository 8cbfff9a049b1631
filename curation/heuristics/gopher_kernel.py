r"""The counts behind the Gopher quality rules, in one pass over each text's bytes.

A word is a maximal run of characters other than white space. In scripts without spaces, Han and
Kana count a word per two characters, Thai, Lao, Khmer and Myanmar a word per four; punctuation
that touches them is part of the last word. A line is what stands between two `\n`, if it is not
blank.
"""

from __future__ import annotations

import numpy as np

from curation.arrow_text import LETTER, PAIRED, SPACE, SYLLABIC, Bytes, Hashes, Ints, decode_at
from curation.kernels import njit

(WORDS, WORD_CHARACTERS, ALPHABETIC_WORDS, STOP_WORDS, HASHES, ELLIPSES) = range(6)
(LINES, BULLET_LINES, ELLIPSIS_LINES) = range(6, 9)
N_COUNTS = 9

BULLETS = np.array([ord(c) for c in "•‣◦▪●-"], np.int64)
_FNV_START, _FNV_PRIME = np.uint64(0xCBF29CE484222325), np.uint64(0x100000001B3)
_ELLIPSIS = 0x2026
_NO_WORD, _SPACED, _UNSPACED = 0, 1, 2


@njit(cache=True, nogil=True)
def count(
    data: Bytes, offsets: Ints, classes: Bytes, stop_words: Hashes, stop_ranges: Ints
) -> Ints:
    """Counts of each row, shape (rows, N_COUNTS).

    `stop_words` holds FNV-1a hashes of lower-case words; those of row i are
    `stop_words[stop_ranges[i, 0]:stop_ranges[i, 1]]`, at most 63.
    """
    counts = np.zeros((len(offsets) - 1, N_COUNTS), np.int64)
    for row in range(len(offsets) - 1):
        start, end = offsets[row], offsets[row + 1]
        words = stop_words[stop_ranges[row, 0] : stop_ranges[row, 1]]
        _count_words(data, start, end, classes, words, counts[row])
        _count_lines(data, start, end, classes, counts[row])
    return counts


@njit(cache=True, nogil=True)
def _count_words(  # noqa: C901, PLR0913, PLR0917 - one pass over the bytes is one loop
    data: Bytes, start: int, end: int, classes: Bytes, stop_words: Hashes, counts: Ints
) -> None:
    state, characters, alphabetic = _NO_WORD, 0, False
    name, name_at_letter, stop_bits, dots = _FNV_START, _FNV_START, np.uint64(0), 0
    at = start
    while at <= end:
        code, size = decode_at(data, at, end) if at < end else (0x20, 1)
        bits = classes[code] if code < len(classes) else np.uint8(0)
        unspaced = bits & (PAIRED | SYLLABIC)
        if state == _SPACED and (bits & SPACE or unspaced):
            counts[ALPHABETIC_WORDS] += alphabetic
            if alphabetic:
                stop_bits |= _find(stop_words, name_at_letter)
            state = _NO_WORD
        if bits & SPACE:
            state = _NO_WORD
        elif unspaced:
            length = 2 if bits & PAIRED else 4
            if state != _UNSPACED or characters % length == 0:
                counts[WORDS] += 1
                counts[ALPHABETIC_WORDS] += 1
            characters = characters + 1 if state == _UNSPACED else 1
            state = _UNSPACED
            counts[WORD_CHARACTERS] += 1
        else:
            if state == _NO_WORD or (state == _UNSPACED and bits & LETTER):
                counts[WORDS] += 1
                state, alphabetic, name = _SPACED, False, _FNV_START
            counts[WORD_CHARACTERS] += 1
            if state == _SPACED and (alphabetic or bits & LETTER):
                name = _extend(name, data, at, size)
                if bits & LETTER:
                    alphabetic, name_at_letter = True, name
        dots = dots + 1 if code == 0x2E else 0
        counts[ELLIPSES] += code == _ELLIPSIS or (dots > 0 and dots % 3 == 0)
        counts[HASHES] += code == 0x23
        at += size
    while stop_bits:
        stop_bits &= stop_bits - np.uint64(1)
        counts[STOP_WORDS] += 1


@njit(cache=True, inline="always")
def _extend(name: np.uint64, data: Bytes, at: int, size: int) -> np.uint64:
    """FNV-1a of one more character, ASCII letters lower-cased."""
    for i in range(at, at + size):
        byte = np.uint64(data[i])
        if np.uint64(0x41) <= byte <= np.uint64(0x5A):
            byte |= np.uint64(0x20)
        name = (name ^ byte) * _FNV_PRIME
    return name


@njit(cache=True, inline="always")
def _find(stop_words: Hashes, name: np.uint64) -> np.uint64:
    for i in range(len(stop_words)):
        if stop_words[i] == name:
            return np.uint64(1) << np.uint64(i)
    return np.uint64(0)


@njit(cache=True, nogil=True)
def _count_lines(data: Bytes, start: int, end: int, classes: Bytes, counts: Ints) -> None:
    first, dots, ellipsis_last = np.int64(-1), 0, False
    at = start
    while at <= end:
        code, size = decode_at(data, at, end) if at < end else (0x0A, 1)
        if code == 0x0A:
            if first >= 0:
                counts[LINES] += 1
                counts[ELLIPSIS_LINES] += ellipsis_last
                for bullet in BULLETS:
                    counts[BULLET_LINES] += first == bullet
            first, dots, ellipsis_last = np.int64(-1), 0, False
        elif not (code < len(classes) and classes[code] & SPACE):
            if first < 0:
                first = np.int64(code)
            dots = dots + 1 if code == 0x2E else 0
            ellipsis_last = code == _ELLIPSIS or dots >= 3
        at += size
