"""One pass over the bytes of texts: the few places at which something personal could start.

In: bytes and row offsets. Out: candidates, each a row, a byte range and a `Group`. A candidate is
no find: it says which checks are worth their cost there. Linear in the text: what was looked at as
part of a candidate is not looked at again but for bounded steps back.

Characters of other scripts that stand for digits, blanks, hyphens and brackets count as the ASCII
ones (`NORMAL`), as people write telephone numbers and addresses with them.
"""

from __future__ import annotations

from enum import IntEnum

import numpy as np
import numpy.typing as npt

from curation.arrow_text import Bytes, Ints, decode_at
from curation.kernels import helper, int64, njit


class Group(IntEnum):
    """What a candidate could be."""

    NUMBER = 0  # digits with what separates them: telephones, cards, identity numbers
    IDENTIFIER = 1  # a word of letters and digits: identity numbers, passports
    IBAN = 2
    TOKEN = 3  # a long word of mixed classes: keys, crypto addresses
    AT = 4  # @ within a word: e-mail addresses, credentials in URLs
    AT_WORD = 5  # (at) or [at]
    IPV4 = 6
    IPV6 = 7
    PRIVATE_KEY = 8
    MRZ = 9  # the machine-readable zone of a passport


NORMAL = {
    **{0xFF10 + n: 0x30 + n for n in range(10)},
    **{0x0660 + n: 0x30 + n for n in range(10)},
    **{0x06F0 + n: 0x30 + n for n in range(10)},
    **{0x0966 + n: 0x30 + n for n in range(10)},
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

_OTHER, _DIGIT, _UPPER, _LOWER, _WIDE = 0, 1, 2, 3, 4
_CLASS = np.zeros(256, np.uint8)
_CLASS[0x30:0x3A] = _DIGIT
_CLASS[0x41:0x5B] = _UPPER
_CLASS[0x61:0x7B] = _LOWER
_CLASS[0x80:] = _WIDE

# Bytes at which something may start; those of other scripts are the first of what NORMAL has.
_STARTS = np.zeros(256, np.bool_)
_STARTS[0x30:0x3A] = True
for _byte in (*b"@:-([{<A_", 0xD9, 0xDB, 0xE0, 0xEF):
    _STARTS[_byte] = True

_IN_TOKEN = np.zeros(256, np.bool_)
for _byte in b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-+/=.":
    _IN_TOKEN[_byte] = True
_IN_LOCAL = np.zeros(256, np.bool_)  # of the part of an e-mail address before @
for _byte in b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._%+-'&":
    _IN_LOCAL[_byte] = True
_IN_LOCAL[0x80:] = True
_IN_HOST = np.zeros(256, np.bool_)
for _byte in b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789.-":
    _IN_HOST[_byte] = True
_IN_HOST[0x80:] = True
_IS_HEX = np.zeros(256, np.bool_)
for _byte in b"ABCDEFabcdef0123456789":
    _IS_HEX[_byte] = True

_MIN_DIGITS, _MAX_DIGITS = 7, 22
_MAX_GROUPS = 16
_MIN_TOKEN, _SHORT_TOKEN = 12, 16
_MAX_LOCAL, _MAX_HOST = 128, 255
_MAX_IPV6 = 60
_MRZ_LINE = 30


@helper
def _normal_at(data: Bytes, at: int, end: int) -> tuple[int, int]:
    """The character at `at` as ASCII, with the number of its bytes; 0x80 for any other."""
    byte = data[at]
    if byte < 0x80:
        return int64(byte), int64(1)
    code, length = decode_at(data, at, end)
    plain = int64(0x80)
    if 0xFF10 <= code <= 0xFF19:
        plain = code - 0xFF10 + 0x30
    elif 0x0660 <= code <= 0x0669:
        plain = code - 0x0660 + 0x30
    elif 0x06F0 <= code <= 0x06F9:
        plain = code - 0x06F0 + 0x30
    elif 0x0966 <= code <= 0x096F:
        plain = code - 0x0966 + 0x30
    elif (
        code == 0x00A0
        or code == 0x2002
        or code == 0x2003
        or code == 0x2007
        or code == 0x2009
        or code == 0x200A
        or code == 0x202F
        or code == 0x3000
    ):
        plain = int64(0x20)
    elif (
        0x2010 <= code <= 0x2015
        or code == 0x2212
        or code == 0xFF0D
        or code == 0x30FC
        or code == 0xFF70
    ):
        plain = int64(0x2D)
    elif code == 0xFF08 or code == 0xFF09:
        plain = code - 0xFF08 + 0x28
    elif code == 0xFF0B:
        plain = int64(0x2B)
    elif code == 0xFF0E or code == 0xFF0F:
        plain = code - 0xFF0E + 0x2E
    elif code == 0xFF20:
        plain = int64(0x40)
    return plain, int64(length)


@helper
def _put(found: Ints, number: int, row: int, start: int, end: int, group: int) -> int:
    """Writes a candidate where there is room; returns how many there are."""
    if number < found.shape[0]:
        found[number, 0] = row
        found[number, 1] = start
        found[number, 2] = end
        found[number, 3] = group
    return number + 1


@njit(cache=True, nogil=True)
def scan(data: Bytes, offsets: Ints, found: Ints) -> int:
    """Writes candidates (row, start, end, group) to `found`, in the order of the text.

    `start` and `end` are bytes of `data`. Returns how many there are: where that is more than
    `found` has rows, the rest was not written.
    """
    number = int64(0)
    parts = np.zeros((4, _MAX_GROUPS), np.int64)
    for row in range(len(offsets) - 1):
        at, floor, end = offsets[row], offsets[row], offsets[row + 1]
        begin = at
        while at < end:
            byte = data[at]
            if not _STARTS[byte]:
                at += 1
                continue
            if byte < 0x3A and byte >= 0x30:
                at, number = _from_digit(data, begin, floor, at, end, row, found, number, parts)
                floor = at
            elif byte >= 0x80:
                code, length = _normal_at(data, at, end)
                if 0x30 <= code < 0x3A:
                    at, number = _numbers(data, begin, at, end, row, found, number, parts)
                    floor = at
                elif code == 0x40:
                    number = _at_sign(data, begin, at, end, int64(3), row, found, number)
                    at += 3
                else:
                    at += length
            elif byte == 0x40:
                number = _at_sign(data, begin, at, end, int64(1), row, found, number)
                at += 1
            elif byte == 0x3A:
                at, number = _colons(data, begin, at, end, row, found, number)
            elif byte == 0x5F:
                if _starts_hf(data, begin, at, end):
                    at, number = _token(data, at - 2, end, row, found, number)
                    floor = at
                else:
                    at += 1
            elif byte == 0x41:
                if _starts_aws(data, at, end):
                    number = _put(found, number, row, at, at + 20, Group.TOKEN)
                    at += 20
                    floor = at
                else:
                    at += 1
            elif byte == 0x2D:
                at, number = _hyphens(data, at, end, row, found, number)
            elif byte == 0x3C and at + 1 < end and data[at + 1] == 0x3C:
                at, number = _fillers(data, begin, at, end, row, found, number)
            else:
                number = _at_word(data, begin, at, end, row, found, number)
                at += 1
    return number


@helper
def _from_digit(
    data: Bytes,
    begin: int,
    floor: int,
    at: int,
    end: int,
    row: int,
    found: Ints,
    number: int,
    parts: Ints,
) -> tuple[int, int]:
    """What the word that has the digit at `at` could be; returns where to go on."""
    start = at
    while start > floor and _IN_TOKEN[data[start - 1]]:
        start -= 1
    stop, digits, letters, changes, last = start, int64(0), int64(0), int64(0), int64(_OTHER)
    while stop < end and _IN_TOKEN[data[stop]]:
        kind = int64(_CLASS[data[stop]])
        digits += kind == _DIGIT
        letters += kind == _UPPER or kind == _LOWER
        changes += kind != last and last != _OTHER and kind != _OTHER
        last = kind
        stop += 1
    if letters == 0:
        return _numbers(data, begin, at, end, row, found, number, parts)
    length = stop - start
    word_start, word_stop = at, at
    while word_start > start and _is_alphanumeric(data[word_start - 1]):
        word_start -= 1
    while word_stop < stop and _is_alphanumeric(data[word_stop]):
        word_stop += 1
    if length >= _MIN_TOKEN and changes * (3 if length < _SHORT_TOKEN else 5) >= length:
        # All of it: a key is one word, and what is in it is nothing else.
        number = _put(found, number, row, start, stop, Group.TOKEN)
        if word_stop - word_start >= length - 1:
            number = _identifier(data, word_start, word_stop, end, row, found, number)
        return stop, number
    if letters <= 3 and digits >= 7 and length <= 20 and word_stop - word_start < length:
        number = _put(found, number, row, start, stop, Group.IDENTIFIER)  # 131052-308T
    if word_start == at and not _has_letter(data, at, word_stop):
        return _numbers(data, begin, at, end, row, found, number, parts)
    number = _identifier(data, word_start, word_stop, end, row, found, number)
    return word_stop, number


@helper
def _starts_aws(data: Bytes, at: int, end: int) -> bool:
    """An access key of AWS, the one common key that may have no digit: AKIA, ASIA, 20 in all."""
    return (
        at + 20 <= end
        and (data[at + 1] == 0x4B or data[at + 1] == 0x53)
        and data[at + 2] == 0x49
        and data[at + 3] == 0x41
        and _is_upper_word(data, at, at + 20)
    )


@helper
def _starts_hf(data: Bytes, begin: int, at: int, end: int) -> bool:
    """A key of Hugging Face, which has no digits: hf_ and 34 letters."""
    return (
        at + 30 <= end
        and at >= begin + 2
        and data[at - 1] == 0x66
        and data[at - 2] == 0x68
        and (at == begin + 2 or not _is_alphanumeric(data[at - 3]))
        and _is_alphanumeric(data[at + 20])
    )


@helper
def _token(data: Bytes, start: int, end: int, row: int, found: Ints, number: int) -> tuple[int, int]:
    stop = start
    while stop < end and (_is_alphanumeric(data[stop]) or data[stop] == 0x5F):
        stop += 1
    return stop, _put(found, number, row, start, stop, Group.TOKEN)


@helper
def _is_upper_word(data: Bytes, start: int, end: int) -> bool:
    for at in range(start, end):
        if _CLASS[data[at]] != _UPPER and _CLASS[data[at]] != _DIGIT:
            return False
    return True


@helper
def _is_alphanumeric(byte: int) -> bool:
    return _CLASS[byte] == _DIGIT or _CLASS[byte] == _UPPER or _CLASS[byte] == _LOWER


@helper
def _has_letter(data: Bytes, start: int, end: int) -> bool:
    for at in range(start, end):
        if _CLASS[data[at]] == _UPPER or _CLASS[data[at]] == _LOWER:
            return True
    return False


@helper
def _identifier(
    data: Bytes, start: int, stop: int, end: int, row: int, found: Ints, number: int
) -> int:
    digits = int64(0)
    for at in range(start, stop):
        digits += _CLASS[data[at]] == _DIGIT
    length = stop - start
    if length >= 4 and _starts_iban(data, start) and (length >= 15 or _goes_on(data, stop, end)):
        number = _put(found, number, row, start, stop, Group.IBAN)
    # The shortest are a letter and seven digits; with fewest digits, four, those of India's PAN.
    if 7 <= length <= 20 and digits >= 4 and length - digits <= 11:
        number = _put(found, number, row, start, stop, Group.IDENTIFIER)
    return number


@helper
def _starts_iban(data: Bytes, at: int) -> bool:
    letter, other = _CLASS[data[at]], _CLASS[data[at + 1]]
    return (
        (letter == _UPPER or letter == _LOWER)
        and letter == other
        and _CLASS[data[at + 2]] == _DIGIT
        and _CLASS[data[at + 3]] == _DIGIT
    )


@helper
def _goes_on(data: Bytes, at: int, end: int) -> bool:
    """Whether four letters or digits follow behind a blank or hyphen."""
    if at + 5 > end:
        return False
    symbol, length = _normal_at(data, at, end)
    if symbol != 0x20 and symbol != 0x2D:
        return False
    at += length
    if at + 4 > end:
        return False
    for place in range(at, at + 4):
        if not _is_alphanumeric(data[place]):
            return False
    return True


@helper
def _separator(data: Bytes, at: int, end: int) -> tuple[int, int]:
    """What stands between digits from `at` on: its first character but blanks, and its bytes.

    No bytes where no digit follows.
    """
    kind, place, seen = int64(0), at, int64(0)
    while place < end and seen < 4:
        symbol, length = _normal_at(data, place, end)
        if 0x30 <= symbol < 0x3A:
            return (kind or int64(0x20)), place - at
        if symbol == 0x2D or symbol == 0x2E or symbol == 0x2F or symbol == 0x28 or symbol == 0x29:
            kind = kind or symbol
        elif symbol != 0x20:
            break
        place += length
        seen += 1
    return int64(0), int64(0)


@helper
def _numbers(
    data: Bytes, begin: int, at: int, end: int, row: int, found: Ints, number: int, parts: Ints
) -> tuple[int, int]:
    """Groups of digits from `at` on, with what separates them; returns where to go on."""
    lengths, values, kinds, starts = parts[0], parts[1], parts[2], parts[3]
    groups, digits, start, stop = int64(0), int64(0), at, at
    while True:
        value, length = int64(0), int64(0)
        starts[groups] = stop
        while stop < end:
            symbol, size = _normal_at(data, stop, end)
            if symbol < 0x30 or symbol > 0x39:
                break
            value = value * 10 + symbol - 0x30 if length < 9 else int64(-1)
            length += 1
            stop += size
        lengths[groups], values[groups] = length, value
        groups, digits = groups + 1, digits + length
        kind, size = _separator(data, stop, end)
        if size == 0:
            break
        if groups == _MAX_GROUPS or digits > _MAX_DIGITS:
            # A table, or numbers one after another: the next stretch takes half of this along.
            if groups > 1:
                number = _put(found, number, row, start, stop, Group.NUMBER)
                return max(starts[groups // 2], starts[1]), number
            break
        if _is_in_word(data, stop + size, end):
            break
        kinds[groups - 1] = kind
        stop += size
    if groups >= 4 and kinds[0] == 0x2E and kinds[1] == 0x2E and kinds[2] == 0x2E:
        widest = max(max(lengths[0], lengths[1]), max(lengths[2], lengths[3]))
        if (groups == 4 or kinds[3] != 0x2E) and widest <= 3:
            return stop, _put(found, number, row, start, stop, Group.IPV4)
    if digits - _digits_of_dates(lengths, values, groups) >= _MIN_DIGITS:
        number = _put(found, number, row, start, stop, Group.NUMBER)
    elif groups >= 3 and lengths[0] == 2 and lengths[1] == 2 and lengths[2] == 2:
        # The digits of a British national insurance number, AB 12 34 56 C.
        if start >= begin + 3 and data[start - 1] == 0x20 and _CLASS[data[start - 2]] == _UPPER:
            number = _put(found, number, row, start, stop, Group.IDENTIFIER)
    return stop, number


@helper
def _is_in_word(data: Bytes, at: int, end: int) -> bool:
    """Whether the digits at `at` go on as a word with letters, which is looked at by itself.

    Not as an extension (`x123`), nor as a word with a capital that a blank was lost before.
    """
    while at < end and 0x30 <= data[at] < 0x3A:
        at += 1
    if at + 1 >= end:
        return at < end and _CLASS[data[at]] == _UPPER
    first, second = _CLASS[data[at]], _CLASS[data[at + 1]]
    if first == _LOWER:
        return not (data[at] == 0x78 and second == _DIGIT)
    return first == _UPPER and second != _LOWER


@helper
def _is_year(value: int) -> bool:
    return 1600 <= value < 2150


@helper
def _digits_of_dates(lengths: Ints, values: Ints, groups: int) -> int:
    """How many digits are those of dates, or of two years."""
    if groups == 2 and lengths[0] == 4 and lengths[1] == 4:
        return int64(8) if _is_year(values[0]) and _is_year(values[1]) else int64(0)
    digits, at = int64(0), int64(0)
    while at < groups:
        if at + 2 < groups and lengths[at + 1] <= 2 and values[at + 1] <= 31:
            first_year = lengths[at] == 4 and _is_year(values[at])
            last_year = lengths[at + 2] == 4 and _is_year(values[at + 2])
            if (first_year and lengths[at + 2] <= 2 and values[at + 2] <= 31) or (
                last_year and lengths[at] <= 2 and values[at] <= 31
            ):
                digits += lengths[at] + lengths[at + 1] + lengths[at + 2]
                at += 3
                continue
        at += 1
    return digits


@helper
def _at_sign(
    data: Bytes, begin: int, at: int, end: int, length: int, row: int, found: Ints, number: int
) -> int:
    """A candidate where a word stands before and a host with a dot behind."""
    start = at
    while start > begin and start > at - _MAX_LOCAL and _IN_LOCAL[data[start - 1]]:
        start -= 1
    stop = at + length
    first_dot = int64(-1)
    while stop < end and stop < at + _MAX_HOST and _IN_HOST[data[stop]]:
        if data[stop] == 0x2E and first_dot < 0:
            first_dot = stop
        stop += 1
    has_url = start < at and data[start - 1] == 0x3A if start > begin else False
    if start < at and (0 < first_dot < stop - 1 or (has_url and stop > at + 1)):
        return _put(found, number, row, start, stop, Group.AT)
    if stop > at + 1 and _after_password(data, begin, at):
        return _put(found, number, row, at, stop, Group.AT)
    return number


@helper
def _after_password(data: Bytes, begin: int, at: int) -> bool:
    """Whether what stands before @ could end a password in a URL."""
    place = at
    while place > begin and place > at - _MAX_LOCAL and data[place - 1] > 0x20:
        place -= 1
        if data[place] == 0x2F:
            return place > begin and data[place - 1] == 0x2F
    return False


@helper
def _at_word(data: Bytes, begin: int, at: int, end: int, row: int, found: Ints, number: int) -> int:
    """`(at)` and its like."""
    place = at + 1
    if place < end and data[place] == 0x20:
        place += 1
    if place + 2 >= end or at == begin:
        return number
    if (data[place] | 0x20) == 0x61 and (data[place + 1] | 0x20) == 0x74:
        place += 2
    elif data[place] == 0x40:
        place += 1
    else:
        return number
    if place < end and data[place] == 0x20:
        place += 1
    if place < end and (data[place] == 0x29 or data[place] == 0x5D or data[place] == 0x7D):
        return _put(found, number, row, at, place + 1, Group.AT_WORD)
    if place < end and data[place] == 0x3E:
        return _put(found, number, row, at, place + 1, Group.AT_WORD)
    return number


@helper
def _colons(
    data: Bytes, begin: int, at: int, end: int, row: int, found: Ints, number: int
) -> tuple[int, int]:
    """An IPv6 address has two colons together, or seven."""
    start = at
    while start > begin and start > at - 4 and _IS_HEX[data[start - 1]]:
        start -= 1
    stop, colons, double, since = at, int64(0), False, int64(0)
    while stop < end and stop < at + _MAX_IPV6:
        byte = data[stop]
        if byte == 0x3A:
            double = double or (stop > at and data[stop - 1] == 0x3A)
            colons += 1
            since = int64(0)
        elif _IS_HEX[byte]:
            since += 1
        elif byte != 0x2E:
            break
        stop += 1
    if stop == at + 1:
        return stop, number
    in_word = start > begin and (_is_alphanumeric(data[start - 1]) or data[start - 1] == 0x5F)
    before_word = stop < end and (_is_alphanumeric(data[stop]) or data[stop] == 0x5F)
    if not in_word and not before_word and (double or colons == 7):
        return stop, _put(found, number, row, start, stop, Group.IPV6)
    return at + 1, number


_BEGIN = np.frombuffer(b"-----BEGIN ", np.uint8)


@helper
def _hyphens(data: Bytes, at: int, end: int, row: int, found: Ints, number: int) -> tuple[int, int]:
    """The first line of a private key."""
    stop = at
    while stop < end and data[stop] == 0x2D:
        stop += 1
    if stop - at != 5 or stop + 6 > end:
        return stop, number
    for place in range(5, 11):
        if data[at + place] != _BEGIN[place]:
            return stop, number
    return stop, _put(found, number, row, at, stop, Group.PRIVATE_KEY)


@helper
def _fillers(
    data: Bytes, begin: int, at: int, end: int, row: int, found: Ints, number: int
) -> tuple[int, int]:
    """A line of capitals, digits and `<`, as the machine-readable zone of a passport has them."""
    start, stop = at, at
    while start > begin and start > at - 45 and _in_mrz(data[start - 1]):
        start -= 1
    while stop < end and _in_mrz(data[stop]):
        stop += 1
    if _MRZ_LINE <= stop - start <= 44:
        number = _put(found, number, row, start, stop, Group.MRZ)
    return stop, number


@helper
def _in_mrz(byte: int) -> bool:
    return _CLASS[byte] == _UPPER or _CLASS[byte] == _DIGIT or byte == 0x3C


Candidates = npt.NDArray[np.int64]
"""Shape (candidates, 4): row, first byte, last byte + 1, group."""


def find_candidates(data: Bytes, offsets: Ints) -> Candidates:
    """All candidates of the rows of a `TextView`."""
    size = 64 + len(data) // 256
    while True:
        found = np.empty((size, 4), np.int64)
        number = scan(data, offsets, found)
        if number <= size:
            return found[:number]
        size = number
