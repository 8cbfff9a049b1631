"""Arrow string arrays as flat NumPy views, and the character classes that kernels share.

In: a string array, sliced or not, with nulls or not. Out: its bytes and the offsets of its rows,
without a copy. Kernels take these arrays and nothing else; they decode UTF-8 as they go.
"""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from curation.kernels import inlined

Bytes = npt.NDArray[np.uint8]
Ints = npt.NDArray[np.int64]
Hashes = npt.NDArray[np.uint64]

SPACE, LETTER, DIGIT = 1, 2, 4
# Scripts written without spaces. A run of them counts as words of the usual length in it.
PAIRED, SYLLABIC = 8, 16
_PAIRED_RANGES = (  # Kana, Han: two characters a word
    *((0x3005, 0x3007), (0x3041, 0x30FF), (0x31F0, 0x31FF), (0x3400, 0x4DBF), (0x4E00, 0x9FFF)),
    *((0xF900, 0xFAFF), (0xFF66, 0xFF9D), (0x20000, 0x323AF)),
)
_SYLLABIC_RANGES = (  # Thai, Lao, Myanmar, Khmer: four characters a word
    *((0x0E01, 0x0E4E), (0x0E81, 0x0ECD), (0x1000, 0x103F), (0x1050, 0x108F), (0x1780, 0x17D3)),
)
_TABLE_SIZE = 0x40000  # behind it there are no letters and no spaces


@dataclass(frozen=True)
class TextView:
    """Row i is `data[offsets[i]:offsets[i + 1]]`; a null row is empty."""

    data: Bytes
    offsets: Ints


def text_view(texts: pa.StringArray | pa.LargeStringArray) -> TextView:
    """The bytes and offsets of `texts`, honouring its slice. Offsets are copied to int64."""
    width = np.int64 if pa.types.is_large_string(texts.type) else np.int32
    _, offsets_buffer, data_buffer = texts.buffers()
    if len(texts) == 0 or offsets_buffer is None:
        return TextView(np.empty(0, np.uint8), np.zeros(len(texts) + 1, np.int64))
    offsets = np.frombuffer(offsets_buffer, width)[texts.offset : texts.offset + len(texts) + 1]
    data = np.frombuffer(data_buffer, np.uint8) if data_buffer else np.empty(0, np.uint8)
    if texts.null_count and np.any(np.diff(offsets)[texts.is_null().to_numpy(False)]):
        return text_view(texts.fill_null(""))  # Arrow lets a null row keep bytes: drop them
    return TextView(data, offsets.astype(np.int64))


@cache
def character_classes() -> Bytes:
    """Class bits of each code point below `_TABLE_SIZE`, from Python's Unicode data."""
    table = np.zeros(_TABLE_SIZE, np.uint8)
    for code in range(_TABLE_SIZE):
        character = chr(code)
        table[code] = (
            SPACE * character.isspace() | LETTER * character.isalpha() | DIGIT * character.isdigit()
        )
    for bit, ranges in ((PAIRED, _PAIRED_RANGES), (SYLLABIC, _SYLLABIC_RANGES)):
        for first, last in ranges:
            table[first : last + 1] |= np.uint8(bit)
    return table


@inlined
def decode_at(data: Bytes, at: int, end: int) -> tuple[np.int64 | int, int]:
    """The code point at byte `at` and its length; a broken byte is U+FFFD of length 1."""
    first = data[at]
    if first < 0x80:
        return np.int64(first), 1
    if 0xC2 <= first < 0xE0 and at + 1 < end and data[at + 1] & 0xC0 == 0x80:
        return (np.int64(first) & 0x1F) << 6 | (np.int64(data[at + 1]) & 0x3F), 2
    tail = at + 2 < end and data[at + 1] & 0xC0 == 0x80 and data[at + 2] & 0xC0 == 0x80
    if 0xE0 <= first < 0xF0 and tail:
        high = (np.int64(first) & 0x0F) << 12 | (np.int64(data[at + 1]) & 0x3F) << 6
        return high | (np.int64(data[at + 2]) & 0x3F), 3
    if 0xF0 <= first < 0xF5 and tail and at + 3 < end and data[at + 3] & 0xC0 == 0x80:
        high = (np.int64(first) & 0x07) << 18 | (np.int64(data[at + 1]) & 0x3F) << 12
        return high | (np.int64(data[at + 2]) & 0x3F) << 6 | (np.int64(data[at + 3]) & 0x3F), 4
    return 0xFFFD, 1


def fnv1a(word: bytes) -> int:
    """FNV-1a, 64 bits: how kernels name a word."""
    value = 0xCBF29CE484222325
    for byte in word:
        value = (value ^ byte) * 0x100000001B3 & 0xFFFFFFFFFFFFFFFF
    return value
