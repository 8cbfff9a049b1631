"""What a character is to the scan: its class, and the ASCII character that it stands for.

Characters of other scripts that stand for digits, blanks, hyphens and brackets count as the ASCII
ones (`NORMAL`), as people write telephone numbers and addresses with them.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from curation.arrow_text import Bytes, decode_at
from curation.kernels import helper, int64

NORMAL = {
    **{zero + n: 0x30 + n for zero in (0xFF10, 0x0660, 0x06F0, 0x0966) for n in range(10)},
    **dict.fromkeys((0x00A0, 0x2002, 0x2003, 0x2007, 0x2009, 0x200A, 0x202F, 0x3000), 0x20),
    **dict.fromkeys((*range(0x2010, 0x2016), 0x2212, 0xFF0D, 0x30FC, 0xFF70), 0x2D),
    0xFF08: 0x28,
    0xFF09: 0x29,
    0xFF0B: 0x2B,
    0xFF0E: 0x2E,
    0xFF0F: 0x2F,
    0xFF20: 0x40,
}
"""Code points by the ASCII character that they stand for, for `str.translate`."""

OTHER, DIGIT, UPPER, LOWER, WIDE = 0, 1, 2, 3, 4
CLASS = np.zeros(256, np.uint8)
CLASS[0x30:0x3A] = DIGIT
CLASS[0x41:0x5B] = UPPER
CLASS[0x61:0x7B] = LOWER
CLASS[0x80:] = WIDE


def byte_set(characters: bytes, *, wide: bool = False) -> npt.NDArray[np.bool_]:
    """Whether each byte is one of these, or with `wide` of a character beyond ASCII."""
    found = np.zeros(256, np.bool_)
    found[list(characters)] = True
    found[0x80:] = wide
    return found


LETTERS_AND_DIGITS = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789"
_BEYOND_ASCII = 0x80
_PLANE = 0x10000
_PLAIN = np.full(_PLANE, _BEYOND_ASCII, np.uint8)
for _code, _plain in NORMAL.items():
    _PLAIN[_code] = _plain


@helper
def normal_at(data: Bytes, at: int, end: int) -> tuple[int, int]:
    """The character at `at` as ASCII, with the number of its bytes; 0x80 for any other."""
    byte = data[at]
    if byte < _BEYOND_ASCII:
        return int64(byte), int64(1)
    code, length = decode_at(data, at, end)
    return int64(_PLAIN[code]) if code < _PLANE else int64(_BEYOND_ASCII), int64(length)


@helper
def is_alphanumeric(byte: int) -> bool:
    """Of ASCII."""
    return 0 < CLASS[byte] < WIDE


@helper
def is_letter(byte: int) -> bool:
    """Of ASCII."""
    return DIGIT < CLASS[byte] < WIDE
