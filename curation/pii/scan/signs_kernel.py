"""What may start at a character that is no digit: @, a colon, hyphens, brackets, and a few letters.

The functions are as those of `digits_kernel.py`.
"""

from __future__ import annotations

import numpy as np

from curation.arrow_text import Bytes
from curation.kernels import helper, int64
from curation.pii.scan.characters import (
    CLASS,
    DIGIT,
    LETTERS_AND_DIGITS,
    UPPER,
    byte_set,
    is_alphanumeric,
)
from curation.pii.scan.digits_kernel import Found
from curation.pii.scan.groups import NOTHING, Group

_AT, _AT_WORD, _IPV6, _PRIVATE_KEY, _MACHINE_READABLE, _TOKEN = (
    *(int(Group.AT), int(Group.AT_WORD), int(Group.IPV6), int(Group.PRIVATE_KEY)),
    *(int(Group.MACHINE_READABLE), int(Group.TOKEN)),
)
_IN_LOCAL = byte_set(LETTERS_AND_DIGITS + b"._%+-'&", wide=True)  # before @
_IN_HOST = byte_set(LETTERS_AND_DIGITS + b".-", wide=True)
_IN_MRZ = byte_set(b"ABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789<")
_IS_HEX = byte_set(b"ABCDEFabcdef0123456789")
_CLOSES = byte_set(b")]}>")
_MAX_LOCAL, _MAX_HOST, _MAX_IPV6 = 128, 255, 60
_BLANK, _DOT, _SLASH, _COLON, _AT_SIGN, _LOW_LINE = 0x20, 0x2E, 0x2F, 0x3A, 0x40, 0x5F
_BEGIN = np.frombuffer(b"-----BEGIN ", np.uint8)


@helper
def from_at_sign(data: Bytes, begin: int, at: int, end: int, length: int) -> Found:
    """A word before @, of `length` bytes, and a host with a dot behind; or a password in a URL."""
    start, stop, first_dot = at, at + length, int64(-1)
    while start > begin and start > at - _MAX_LOCAL and _IN_LOCAL[data[start - 1]]:
        start -= 1
    while stop < end and stop < at + _MAX_HOST and _IN_HOST[data[stop]]:
        if data[stop] == _DOT and first_dot < 0:
            first_dot = stop
        stop += 1
    if start < at and 0 < first_dot < stop - 1:
        return at + length, _AT, start, stop
    if stop > at + length and _is_after_password(data, begin, at):
        return at + length, _AT, start, stop
    return at + length, NOTHING, start, stop


@helper
def _is_after_password(data: Bytes, begin: int, at: int) -> bool:
    """Whether what stands before @ could end a password in a URL, `//user:password@`."""
    place, has_colon = at, False
    while place > begin and place > at - _MAX_LOCAL and data[place - 1] > _BLANK:
        place -= 1
        has_colon = has_colon or data[place] == _COLON
        if data[place] == _SLASH:
            return has_colon and place > begin and data[place - 1] == _SLASH
    return False


@helper
def from_bracket(data: Bytes, begin: int, at: int, end: int) -> Found:
    """`(at)` and its like."""
    place = at + 1
    if place < end and data[place] == _BLANK:
        place += 1
    if place + 2 >= end or at == begin:
        return at + 1, NOTHING, at, at
    if (data[place] | 0x20) == 0x61 and (data[place + 1] | 0x20) == 0x74:
        place += 2
    elif data[place] == _AT_SIGN:
        place += 1
    else:
        return at + 1, NOTHING, at, at
    if place < end and data[place] == _BLANK:
        place += 1
    if place < end and _CLOSES[data[place]]:
        return place + 1, _AT_WORD, at, place + 1
    return at + 1, NOTHING, at, at


@helper
def from_colon(data: Bytes, begin: int, at: int, end: int) -> Found:
    """An IPv6 address has two colons together, or seven."""
    start = at
    while start > begin and start > at - 4 and _IS_HEX[data[start - 1]]:
        start -= 1
    stop, colons, double = at, int64(0), False
    while stop < end and stop < at + _MAX_IPV6:
        byte = data[stop]
        if byte == _COLON:
            double = double or (stop > at and data[stop - 1] == _COLON)
            colons += 1
        elif not _IS_HEX[byte] and byte != _DOT:
            break
        stop += 1
    if not double and colons != 7:
        return at + 1, NOTHING, start, stop
    in_word = start > begin and _is_of_name(data[start - 1])
    if in_word or (stop < end and _is_of_name(data[stop])):
        return at + 1, NOTHING, start, stop
    return stop, _IPV6, start, stop


@helper
def _is_of_name(byte: int) -> bool:
    return is_alphanumeric(byte) or byte == _LOW_LINE


@helper
def from_hyphen(data: Bytes, at: int, end: int) -> Found:
    """The first line of a private key."""
    stop = at
    while stop < end and data[stop] == _BEGIN[0]:
        stop += 1
    if stop - at != 5 or at + len(_BEGIN) > end:
        return stop, NOTHING, at, stop
    for place in range(5, len(_BEGIN)):
        if data[at + place] != _BEGIN[place]:
            return stop, NOTHING, at, stop
    return stop, _PRIVATE_KEY, at, stop


@helper
def from_fillers(data: Bytes, begin: int, at: int, end: int) -> Found:
    """A line of capitals, digits and `<`, as the machine-readable zone of a passport has them."""
    start, stop = at, at
    while start > begin and start > at - 45 and _IN_MRZ[data[start - 1]]:
        start -= 1
    while stop < end and _IN_MRZ[data[stop]]:
        stop += 1
    is_line = 30 <= stop - start <= 44
    return stop, _MACHINE_READABLE if is_line else NOTHING, start, stop


@helper
def from_capital(data: Bytes, at: int, end: int) -> Found:
    """An access key of AWS, AKIA or ASIA and 16 more, which may have no digit."""
    if (
        at + 20 > end
        or (data[at + 1] != 0x4B and data[at + 1] != 0x53)
        or data[at + 2] != 0x49
        or data[at + 3] != 0x41
    ):
        return at + 1, NOTHING, at, at
    for place in range(at, at + 20):
        if CLASS[data[place]] != UPPER and CLASS[data[place]] != DIGIT:
            return at + 1, NOTHING, at, at
    return at + 20, _TOKEN, at, at + 20


@helper
def from_low_line(data: Bytes, begin: int, at: int, end: int) -> Found:
    """A key of Hugging Face, hf_ and 34 letters, which seldom has a digit."""
    start = at - 2
    if start < begin or data[at - 1] != 0x66 or data[start] != 0x68:
        return at + 1, NOTHING, at, at
    if start > begin and is_alphanumeric(data[start - 1]):
        return at + 1, NOTHING, at, at
    stop = at + 1
    while stop < end and is_alphanumeric(data[stop]):
        stop += 1
    return stop, _TOKEN if stop > at + 30 else NOTHING, start, stop
