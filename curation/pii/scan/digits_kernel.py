"""What may start at a digit: the word that it is in, or digits and what separates them.

Each function takes the bytes, where the text begins and ends, and a place, and returns where the
scan goes on, the groups that the place could be of, and its first and last byte + 1.
"""

from __future__ import annotations

from curation.arrow_text import Bytes, Ints
from curation.kernels import helper, int64
from curation.pii.scan.characters import (
    CLASS,
    DIGIT,
    LETTERS_AND_DIGITS,
    LOWER,
    OTHER,
    UPPER,
    byte_set,
    is_alphanumeric,
    is_letter,
    normal_at,
)
from curation.pii.scan.groups import NOTHING, Group

MOST_GROUPS = 16
_NUMBER, _IDENTIFIER, _IBAN, _TOKEN, _IPV4 = (
    *(int(Group.NUMBER), int(Group.IDENTIFIER), int(Group.IBAN), int(Group.TOKEN)),
    int(Group.IPV4),
)
_IN_TOKEN = byte_set(LETTERS_AND_DIGITS + b"_-+/=.")
_MIN_DIGITS, _MAX_DIGITS = 7, 22
_MIN_PASSWORD, _MIN_TOKEN, _SHORT_TOKEN = 6, 12, 16
_IN_SIGHT = 256
"""Bytes before and behind a digit that tell whether it is in a token: more would not be linear."""
_DOT, _BLANK, _HYPHEN = 0x2E, 0x20, 0x2D
_SEPARATES = byte_set(b"-./()")

Found = tuple[int, int, int, int]


@helper
def from_digit(data: Bytes, floor: int, at: int, end: int, parts: Ints) -> Found:  # noqa: C901, PLR0911, PLR0912
    """The digit at `at`; what is before `floor` was looked at.

    `parts` is room to work in, of shape (4, MOST_GROUPS).
    """
    start = at
    while start > floor and start > at - _IN_SIGHT and _IN_TOKEN[data[start - 1]]:
        start -= 1
    stop, digits, letters, changes, last = start, int64(0), int64(0), int64(0), int64(OTHER)
    while stop < end and stop < at + _IN_SIGHT and _IN_TOKEN[data[stop]]:
        kind = int64(CLASS[data[stop]])
        digits += kind == DIGIT
        letters += is_letter(data[stop])
        changes += kind != last and last * kind != OTHER
        last = kind
        stop += 1
    if letters == 0:
        return _numbers(data, floor, at, end, parts)
    length = stop - start
    if length >= _MIN_PASSWORD and _is_password(data, floor, start):
        return stop, _TOKEN, start, stop
    word_start, word_stop = at, at
    while word_start > start and is_alphanumeric(data[word_start - 1]):
        word_start -= 1
    while word_stop < stop and is_alphanumeric(data[word_stop]):
        word_stop += 1
    if length >= _MIN_TOKEN and changes * (3 if length < _SHORT_TOKEN else 5) >= length:
        # All of it: a key is one word, and what is in it is nothing else.
        groups = _TOKEN
        while stop < end and _IN_TOKEN[data[stop]]:
            stop += 1
        if word_stop - word_start >= length - 1:
            groups |= _groups_of_word(data, word_start, word_stop, end)
            return stop, groups, word_start, max(word_stop, stop)
        return stop, groups, start, stop
    if letters <= 2 and digits >= _MIN_DIGITS and length <= 20:
        last_stop = stop
        while not is_alphanumeric(data[last_stop - 1]):
            last_stop -= 1
        if word_stop - word_start < last_stop - start:
            # 131052-308T, 555-123-4567x12, //93.184.216.34/a
            return stop, _IDENTIFIER | _NUMBER | _IPV4, start, last_stop
    if word_start == at and digits_only(data, at, word_stop):
        return _numbers(data, floor, at, end, parts)
    return word_stop, _groups_of_word(data, word_start, word_stop, end), word_start, word_stop


@helper
def _is_password(data: Bytes, floor: int, at: int) -> bool:
    """Whether what stands before is the end of `password`, `passwort`, `pass` or `pwd`."""
    place = at
    while place > floor and place > at - 6 and not is_alphanumeric(data[place - 1]):
        place -= 1
    if place == at or place < floor + 4:
        return False
    last, before, first = data[place - 1] | 0x20, data[place - 2] | 0x20, data[place - 3] | 0x20
    if last == 0x64 or last == 0x74:  # -ord, -ort, -swd, pwd
        return (before == 0x72 and first == 0x6F and data[place - 4] | 0x20 == 0x77) or (
            last == 0x64 and before == 0x77 and (first == 0x73 or first == 0x70)
        )
    return last == 0x73 and before == 0x73 and first == 0x61  # pass


@helper
def digits_only(data: Bytes, start: int, end: int) -> bool:
    """Whether no letter is among letters and digits."""
    for at in range(start, end):
        if is_letter(data[at]):
            return False
    return True


@helper
def _groups_of_word(data: Bytes, start: int, stop: int, end: int) -> int:
    """What a word of letters and digits could be."""
    digits, length, groups = int64(0), stop - start, NOTHING
    for at in range(start, stop):
        digits += CLASS[data[at]] == DIGIT
    head = start + 4 if length > 8 and _is_word_iban(data, start) else start
    is_iban = stop - head >= 4 and _starts_iban(data, head)
    if is_iban and (stop - head >= 15 or _goes_on(data, stop, end)):
        groups |= _IBAN
    # The shortest are a letter and six digits; with fewest digits, four, those of India's PAN.
    if 7 <= length <= 20 and digits >= 4 and length - digits <= 11:
        groups |= _IDENTIFIER
    return groups


@helper
def _is_word_iban(data: Bytes, at: int) -> bool:
    """`IBAN`, that a blank was lost behind."""
    return (
        data[at] | 0x20 == 0x69
        and data[at + 1] | 0x20 == 0x62
        and data[at + 2] | 0x20 == 0x61
        and data[at + 3] | 0x20 == 0x6E
    )


@helper
def _starts_iban(data: Bytes, at: int) -> bool:
    return (
        is_letter(data[at])
        and CLASS[data[at]] == CLASS[data[at + 1]]
        and CLASS[data[at + 2]] == DIGIT
        and CLASS[data[at + 3]] == DIGIT
    )


@helper
def _goes_on(data: Bytes, at: int, end: int) -> bool:
    """Whether four letters or digits follow behind a blank or hyphen."""
    if at >= end:
        return False
    symbol, length = normal_at(data, at, end)
    if (symbol != _BLANK and symbol != _HYPHEN) or at + length + 4 > end:
        return False
    for place in range(at + length, at + length + 4):
        if not is_alphanumeric(data[place]):
            return False
    return True


@helper
def _separator(data: Bytes, at: int, end: int) -> tuple[int, int]:
    """What stands between digits from `at` on: its first character but blanks, and its bytes.

    No bytes where no digit follows.
    """
    kind, place, seen = int64(0), at, int64(0)
    while place < end and seen < 4:
        symbol, length = normal_at(data, place, end)
        if 0x30 <= symbol < 0x3A:
            return (kind if kind else int64(_BLANK)), place - at  # noqa: FURB110
        if _SEPARATES[symbol]:
            kind = kind if kind else symbol  # noqa: FURB110
        elif symbol != _BLANK:
            break
        place += length
        seen += 1
    return int64(0), int64(0)


@helper
def _numbers(data: Bytes, floor: int, at: int, end: int, parts: Ints) -> Found:
    """Groups of digits from `at` on, with what separates them."""
    lengths, values, kinds, starts = parts[0], parts[1], parts[2], parts[3]
    groups, digits, stop = int64(0), int64(0), at
    while True:
        starts[groups] = stop
        stop, lengths[groups], values[groups] = _read_digits(data, stop, end)
        groups, digits = groups + 1, digits + lengths[groups]
        kind, size = _separator(data, stop, end)
        if size == 0:
            break
        if groups == MOST_GROUPS or digits > _MAX_DIGITS:
            # A table, or numbers one after another: the next stretch takes half of this along.
            found = _IPV4 | _NUMBER if _has_ipv4(lengths, kinds, groups) else _NUMBER
            return max(starts[groups // 2], starts[1]) if groups > 1 else stop, found, at, stop
        if _is_in_word(data, stop + size, end):
            break
        kinds[groups - 1] = kind
        stop += size
    found = _IPV4 if _has_ipv4(lengths, kinds, groups) else NOTHING
    if digits - _digits_of_dates(lengths, values, groups) >= _MIN_DIGITS:
        found |= _NUMBER
    elif _is_nino(data, floor, at, lengths, groups):
        found |= _IDENTIFIER
    return stop, found, at, stop


@helper
def _read_digits(data: Bytes, at: int, end: int) -> tuple[int, int, int]:
    """Where the digits from `at` on end, how many they are, and their value; -1 of more than 9."""
    value, length = int64(0), int64(0)
    while at < end:
        symbol, size = normal_at(data, at, end)
        if symbol < 0x30 or symbol > 0x39:
            break
        value = value * 10 + symbol - 0x30 if value >= 0 and length < 9 else int64(-1)
        length += 1
        at += size
    return at, length, value


@helper
def _has_ipv4(lengths: Ints, kinds: Ints, groups: int) -> bool:
    """Four groups of up to three digits somewhere, joined by dots."""
    dots = int64(0)
    for group in range(groups):
        if lengths[group] > 3:
            dots = int64(0)
        elif dots == 3:
            return True
        dots = dots + 1 if group < groups - 1 and kinds[group] == _DOT else int64(0)
    return False


@helper
def _is_nino(data: Bytes, floor: int, at: int, lengths: Ints, groups: int) -> bool:
    """The digits of a British national insurance number, AB 12 34 56 C."""
    pairs = groups >= 3 and lengths[0] == 2 and lengths[1] == 2 and lengths[2] == 2
    return pairs and at >= floor + 3 and data[at - 1] == _BLANK and CLASS[data[at - 2]] == UPPER


@helper
def _is_in_word(data: Bytes, at: int, end: int) -> bool:
    """Whether the digits at `at` go on as a word with letters, which is looked at by itself.

    Not as an extension (`x123`), nor as a word with a capital that a blank was lost before.
    """
    while at < end and CLASS[data[at]] == DIGIT:
        at += 1
    if at + 1 >= end:
        return at < end and CLASS[data[at]] == LOWER
    if CLASS[data[at]] != LOWER:
        return False
    return not (data[at] == 0x78 and CLASS[data[at + 1]] == DIGIT)


@helper
def _is_year(value: int) -> bool:
    return 1600 <= value < 2150


@helper
def _digits_of_dates(lengths: Ints, values: Ints, groups: int) -> int:
    """How many digits are those of dates, or of two years."""
    if groups == 2 and lengths[0] == 4 and lengths[1] == 4:
        return int64(8) if _is_year(values[0]) and _is_year(values[1]) else int64(0)
    digits, at = int64(0), int64(0)
    while at + 2 < groups:
        if _is_date(lengths, values, at):
            digits += lengths[at] + lengths[at + 1] + lengths[at + 2]
            at += 2
        at += 1
    return digits


@helper
def _is_date(lengths: Ints, values: Ints, at: int) -> bool:
    """Three groups: a year first or last, and two that are days or months."""
    if lengths[at + 1] > 2 or values[at + 1] > 31:
        return False
    year_first = lengths[at] == 4 and _is_year(values[at])
    year_last = lengths[at + 2] == 4 and _is_year(values[at + 2])
    return (year_first and lengths[at + 2] <= 2 and values[at + 2] <= 31) or (
        year_last and lengths[at] <= 2 and values[at] <= 31
    )
