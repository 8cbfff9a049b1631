"""Where a word ends: the default word boundaries of Unicode.

Source: UAX #29 (Unicode 15.0), section 4.1, the rules WB3 to WB999 by their numbers.
"""

from __future__ import annotations

import numpy as np

from curation.arrow_text import Bytes, decode_at
from curation.kernels import helper, inlined, int64
from curation.tokens.names_kernel import NAME, extend, extend_plain
from curation.tokens.unicode import (
    ALETTER,
    BREAK,
    CR,
    DIGIT,
    DOUBLE_QUOTE,
    EXTEND,
    EXTEND_NUM_LET,
    HEBREW_LETTER,
    KATAKANA,
    LETTER,
    LF,
    LOWER,
    MID_LETTER,
    MID_NUM,
    MID_NUM_LET,
    NEWLINE,
    NUMBER,
    NUMERIC,
    PICTURE,
    REGIONAL_INDICATOR,
    SINGLE_QUOTE,
    UPPER,
    W_SEG_SPACE,
    ZWJ,
    CodePoints,
    word_of,
)


@helper
def end_of_word(  # noqa: C901 - the rules of one table
    data: Bytes, at: int, end: int, points: CodePoints
) -> tuple[int, int, int, np.uint64]:
    """The segment that starts at byte `at`.

    Gives its end, its number of characters, all their properties, and its name, not yet finished.
    """
    code, size = decode_at(data, at, end)
    word = word_of(code, points)
    left, properties, characters = word & BREAK, word, 1
    name = extend(NAME, code, word, points)
    at += size
    if left == CR and at < end and data[at] == 0x0A:  # WB3
        return at + 1, 2, properties, name
    if left == CR or left == LF or left == NEWLINE:  # WB3a
        return at, 1, properties, name
    after_zwj, looked_past, odd_indicators = left == ZWJ, False, left == REGIONAL_INDICATOR
    while at < end:
        code, size = decode_at(data, at, end)
        word = word_of(code, points)
        right = word & BREAK
        if right == ALETTER and left == ALETTER:  # WB5, which is nearly always the one
            looked_past = False
        elif EXTEND <= right <= ZWJ:  # WB4: the class of what they extend stays
            after_zwj = right == ZWJ
            right = EXTEND if left == W_SEG_SPACE else left
        else:
            if looked_past:  # by the mark before: WB6, WB7, WB7b, WB7c, WB11, WB12
                looked_past = False
            elif right == REGIONAL_INDICATOR and left == REGIONAL_INDICATOR:  # WB15, WB16
                if not odd_indicators:
                    break
                odd_indicators = False
            elif not (
                _joins(left, right)
                or (after_zwj and word & PICTURE)  # WB3c
                or (right == W_SEG_SPACE and left == W_SEG_SPACE)  # WB3d
            ):
                wanted = _wanted(left, right)
                looked_past = wanted > 0 and _is_next(data, at + size, end, points, wanted)
                if not looked_past and not (left == HEBREW_LETTER and right == SINGLE_QUOTE):
                    break  # WB999; an apostrophe stays with a Hebrew letter: WB7a
            after_zwj = False
        left = right
        properties |= word
        name = extend(name, code, word, points)
        characters += 1
        at += size
    return at, characters, properties, name


@inlined
def end_of_plain_word(data: Bytes, at: int, end: int) -> tuple[int, int, int, np.uint64]:
    """What `end_of_word` gives, faster, for a word of ASCII letters alone, or of digits alone.

    Its end is `at` where the word may go on beyond them.
    """
    start, name, some, every, properties = at, NAME, int64(0), int64(0xFF), NUMBER | DIGIT
    while at < end:
        byte = int64(data[at])
        if not _is_ascii_letter(byte):
            break
        name = extend_plain(name, byte | 0x20)
        some |= byte
        every &= byte
        at += 1
    if at > start:
        properties = LETTER | (LOWER if some & 0x20 else 0) | (UPPER if not every & 0x20 else 0)
    else:
        while at < end and _is_ascii_digit(data[at]):
            name = extend_plain(name, int64(data[at]))
            at += 1
    if at < end and data[at] != 0x20 and _may_go_on(data, at, end):
        at = start
    return at, at - start, properties, name


@inlined
def is_plain_symbol(data: Bytes, at: int, end: int) -> bool:
    """Whether an ASCII character starts at byte `at` that is a word by itself whatever follows."""
    symbol = data[at] < 0x80 and not _is_ascii_letter(data[at]) and data[at] != 0x5F
    return symbol and not _is_ascii_digit(data[at]) and (at + 1 == end or data[at + 1] < 0x80)


@inlined
def _is_ascii_letter(byte: int) -> bool:
    return 0x61 <= byte | 0x20 <= 0x7A


@inlined
def _is_ascii_digit(byte: int) -> bool:
    return 0x30 <= byte <= 0x39


@inlined
def _may_go_on(data: Bytes, at: int, end: int) -> bool:
    """Whether byte `at`, or a mark there and what follows it, may belong to the word before it."""
    byte = data[at]
    if byte == 0x27 or byte == 0x2C or byte == 0x2E or byte == 0x3A or byte == 0x3B:
        byte = data[at + 1] if at + 1 < end else np.uint8(0x20)
    letter_or_digit = _is_ascii_letter(byte) or _is_ascii_digit(byte)
    return byte >= 0x80 or byte == 0x5F or letter_or_digit


@inlined
def _joins(left: int, right: int) -> bool:
    """WB5, WB8 to WB10, WB13 to WB13b: classes that are never parted."""
    left_letter = left == ALETTER or left == HEBREW_LETTER or left == NUMERIC
    if right == ALETTER or right == HEBREW_LETTER or right == NUMERIC:
        return left_letter or left == EXTEND_NUM_LET
    if right == KATAKANA:
        return left == KATAKANA or left == EXTEND_NUM_LET
    return right == EXTEND_NUM_LET and (left_letter or left == KATAKANA or left == EXTEND_NUM_LET)


@inlined
def _wanted(left: int, right: int) -> int:
    """The class that must follow the mark `right` for it to stay inside a word; 0 for none."""
    quote = right == MID_NUM_LET or right == SINGLE_QUOTE
    if (left == ALETTER or left == HEBREW_LETTER) and (quote or right == MID_LETTER):
        return ALETTER  # WB6
    if left == HEBREW_LETTER and right == DOUBLE_QUOTE:
        return HEBREW_LETTER  # WB7b
    return NUMERIC if left == NUMERIC and (quote or right == MID_NUM) else 0  # WB12


@helper
def _is_next(data: Bytes, at: int, end: int, points: CodePoints, wanted: int) -> bool:
    """Whether the next character that extends none is of the class; Hebrew letters are letters."""
    while at < end:
        code, size = decode_at(data, at, end)
        found = word_of(code, points) & BREAK
        if not EXTEND <= found <= ZWJ:
            return found == wanted or (wanted == ALETTER and found == HEBREW_LETTER)
        at += size
    return False
