"""Kernels: where texts are cut into words, so that tokens of words are those of the text.

A cut is before a blank that follows what is none: patterns of tokenizers end a piece there whatever
comes, and look at nothing that was before.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from curation.arrow_text import Bytes, Ints
from curation.kernels import helper, njit

SPACES, BLANKS, LINES = 0, 1, 2
"""Where cuts are: before spaces; before tabs and line breaks too; before spaces, behind lines, and
where letters and digits of ASCII end."""
_TAB, _LINE_FEED, _RETURN, _SPACE, _APOSTROPHE, _SLASH = 9, 10, 13, 32, 39, 47


@helper
def _is_wide_blank(first: int, second: int, third: int) -> bool:
    """White space of three bytes."""
    if first == 0xE2:
        return (second == 0x80 and (third <= 0x8A or third in (0xA8, 0xA9, 0xAF))) or (
            second == 0x81 and third == 0x9F
        )
    if first == 0xE1:
        return second == 0x9A and third == 0x80
    return first == 0xE3 and second == 0x80 and third == 0x80


@helper
def _blank_ends(data: Bytes, start: int, at: int) -> bool:
    """Whether what ends before `at` is white space."""
    last = data[at - 1]
    if last < 0x80:
        return last == _SPACE or _TAB <= last <= _RETURN
    if at - start >= 2 and data[at - 2] == 0xC2 and last in (0x85, 0xA0):
        return True
    return at - start >= 3 and _is_wide_blank(data[at - 3], data[at - 2], last)


@helper
def _blank_begins(data: Bytes, at: int, end: int) -> bool:
    first = data[at]
    if first < 0x80:
        return first == _SPACE or _TAB <= first <= _RETURN
    if first == 0xC2 and at + 1 < end:
        return data[at + 1] == 0x85 or data[at + 1] == 0xA0
    return at + 2 < end and _is_wide_blank(first, data[at + 1], data[at + 2])


@helper
def _is_letter(byte: int) -> bool:
    """Whether it is a letter or digit of ASCII."""
    return 48 <= byte <= 57 or 65 <= byte <= 90 or 97 <= byte <= 122


@helper
def _is_cut(data: Bytes, start: int, at: int, end: int, rule: int) -> bool:
    byte = data[at]
    if byte == _SPACE or (rule == BLANKS and byte in (_TAB, _LINE_FEED, _RETURN)):
        return not _blank_ends(data, start, at)
    if rule != LINES:
        return False
    last = data[at - 1]
    if _is_letter(last):  # "'s" may belong to what is before it
        return byte < 0x80 and byte != _APOSTROPHE and not _is_letter(byte)
    # A slash may belong to line breaks before it (o200k).
    return last == _LINE_FEED and byte != _SLASH and not _blank_begins(data, at, end)


@njit(cache=True, nogil=True)
def word_ends(data: Bytes, offsets: Ints, rule: int) -> tuple[npt.NDArray[np.int32], Ints]:
    """Where each word ends; and before each text, and behind the last, how many there are.

    Words follow each other without gaps from `offsets[0]` on; an empty text has none.
    """
    ends = np.empty(max(16, (offsets[-1] - offsets[0]) // 2), np.int32)
    firsts = np.zeros(len(offsets), np.int64)
    found = 0
    for row in range(len(offsets) - 1):
        start, end = offsets[row], offsets[row + 1]
        for at in range(start + 1, end + 1):
            if at == end or _is_cut(data, start, at, end, rule):
                if found == len(ends):
                    ends = np.concatenate((ends, np.empty_like(ends)))
                ends[found] = at
                found += 1
        firsts[row + 1] = found
    return ends[:found].copy(), firsts
