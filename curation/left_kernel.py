"""The bytes of texts that are left where lines go."""

from __future__ import annotations

import numpy as np

from curation.arrow_text import Bytes, Ints
from curation.kernels import helper, njit

_BREAK = np.uint8(0x0A)


@njit(cache=True, nogil=True)
def spans_left(
    data: Bytes, offsets: Ints, bitmaps: Bytes, bits: Ints, by_letter: bool
) -> tuple[Ints, Ints, Ints]:
    """Bytes `starts[s]` to `ends[s]` stay; such spans of row r are `rows[r]` to `rows[r + 1]`.

    Row r is `data[offsets[r]:offsets[r + 1]]`; of its lines, or its bytes (`by_letter`), those go
    whose bits are set in `bitmaps[bits[r]:bits[r + 1]]`, the lowest bit first.
    """
    rows = np.zeros(len(offsets), np.int64)
    room = 8 * (bits[-1] - bits[0])  # lines, at most
    starts, ends = np.empty(room, np.int64), np.empty(room, np.int64)
    _fill(data, offsets, bitmaps, bits, by_letter, starts, ends, rows)
    return starts[: rows[-1]], ends[: rows[-1]], rows


@helper
def _fill(
    data: Bytes,
    offsets: Ints,
    bitmaps: Bytes,
    bits: Ints,
    by_letter: bool,
    starts: Ints,
    ends: Ints,
    rows: Ints,
) -> None:
    number = 0
    for row in range(len(offsets) - 1):
        first, at, end, line = number, offsets[row], offsets[row + 1], 0
        while at < end or (at == end and not by_letter):
            stop = at + 1
            if not by_letter:
                while stop <= end and data[stop - 1] != _BREAK:
                    stop += 1
            if not bitmaps[bits[row] + line // 8] >> (line % 8) & 1:
                starts[number], ends[number] = at, stop
                number += 1
            at, line = stop, line + 1
        if number > first and not by_letter:
            ends[number - 1] -= 1  # the break behind the last line, or what would be one
        rows[row + 1] = number
