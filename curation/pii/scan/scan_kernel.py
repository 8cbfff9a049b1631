"""One pass over the bytes of texts: the few places at which something personal could start.

In: bytes and row offsets. Out: candidates, each a row, a byte range and the `Group`s that it could
be of. A candidate is no find: it says which checks are worth their cost there. Linear in the text:
what was looked at as part of a candidate is not looked at again but for bounded steps back.
"""

from __future__ import annotations

import numpy as np

from curation.arrow_text import Bytes, Ints
from curation.kernels import int64, njit
from curation.pii.scan.characters import normal_at
from curation.pii.scan.digits_kernel import MOST_GROUPS, from_digit
from curation.pii.scan.groups import NOTHING
from curation.pii.scan.signs_kernel import (
    from_at_sign,
    from_bracket,
    from_capital,
    from_colon,
    from_fillers,
    from_hyphen,
    from_low_line,
)

# What a byte may start, and so who is asked.
_DIGIT, _WIDE, _AT_SIGN, _COLON, _HYPHEN, _LESS, _CAPITAL, _LOW_LINE, _BRACKET = range(1, 10)
_STARTS = np.zeros(256, np.uint8)
_STARTS[0x30:0x3A] = _DIGIT
_STARTS[list(b"@:-<A_([{")] = (
    *(_AT_SIGN, _COLON, _HYPHEN, _LESS, _CAPITAL, _LOW_LINE),
    *(_BRACKET, _BRACKET, _BRACKET),
)
_STARTS[[0xD9, 0xDB, 0xE0, 0xEF]] = _WIDE  # the first bytes of other scripts' digits and of ＠


@njit(cache=True, nogil=True)
def scan(data: Bytes, offsets: Ints, found: Ints) -> int:  # noqa: C901, PLR0912
    """Writes candidates (row, start, end, groups) to `found`, in the order of the text.

    `start` and `end` are bytes of `data`. Returns how many there are: where that is more than
    `found` has rows, the rest was not written.
    """
    number = int64(0)
    parts = np.zeros((4, MOST_GROUPS), np.int64)
    for row in range(len(offsets) - 1):
        begin, end = offsets[row], offsets[row + 1]
        at, floor = begin, begin
        while at < end:
            kind = _STARTS[data[at]]
            if kind == 0:
                at += 1
                continue
            groups, start, stop = NOTHING, at, at
            if kind == _DIGIT:
                at, groups, start, stop = from_digit(data, floor, at, end, parts)
                floor = at
            elif kind == _WIDE:
                symbol, length = normal_at(data, at, end)
                if 0x30 <= symbol < 0x3A:
                    at, groups, start, stop = from_digit(data, at, at, end, parts)
                    floor = at
                elif symbol == 0x40:
                    at, groups, start, stop = from_at_sign(data, begin, at, end, length)
                else:
                    at += length
            elif kind == _AT_SIGN:
                at, groups, start, stop = from_at_sign(data, begin, at, end, int64(1))
            elif kind == _COLON:
                at, groups, start, stop = from_colon(data, begin, at, end)
            elif kind == _HYPHEN:
                at, groups, start, stop = from_hyphen(data, at, end)
            elif kind == _LESS and at + 1 < end and data[at + 1] == data[at]:
                at, groups, start, stop = from_fillers(data, begin, at, end)
            elif kind == _CAPITAL:
                at, groups, start, stop = from_capital(data, at, end)
            elif kind == _LOW_LINE:
                at, groups, start, stop = from_low_line(data, begin, at, end)
            else:
                at, groups, start, stop = from_bracket(data, begin, at, end)
            if groups != NOTHING:
                floor = max(floor, at) if kind >= _CAPITAL else floor
                if number < len(found):
                    found[number, 0], found[number, 1] = row, start
                    found[number, 2], found[number, 3] = stop, groups
                number += 1
    return number


def find_candidates(data: Bytes, offsets: Ints) -> Ints:
    """All candidates of the rows of a `TextView`, shape (candidates, 4)."""
    size = 64 + len(data) // 256
    while True:
        found = np.empty((size, 4), np.int64)
        number = scan(data, offsets, found)
        if number <= size:
            return found[:number]
        size = number
