"""Rows of an SQL INSERT statement, found in one pass over its bytes.

Source: MySQL and MariaDB, string literals; what mysqldump and mariadb-dump write.
"""

from __future__ import annotations

import numpy as np

from curation.arrow_text import Bytes, Ints
from curation.kernels import helper, int64, njit

MORE, ENDED, BROKEN = 0, 1, 2
NULL, PLAIN, STRING, ESCAPED, WRONG = 0, 1, 2, 3, 4
_QUOTE, _ESCAPE, _OPEN, _CLOSE, _COMMA, _SEMICOLON = (np.uint8(ord(c)) for c in "'\\(),;")
_CAPITAL_N, _BLANK = np.uint8(ord("N")), np.uint8(32)


@njit(cache=True, nogil=True)
def scan_rows(
    data: Bytes, at: int, places: Ints, spans: Ints, kinds: Bytes
) -> tuple[int, int, int]:
    """Reads `(1,'a',NULL),(2,'b',3);` from byte `at` on: rows, where reading stopped, and why.

    Value `c` of row `r` is bytes `spans[0, r, places[c]]` to `spans[1, r, places[c]]`, without
    quotes, of the kind `kinds[r, places[c]]`; a column whose place is below 0 is left out. Reading
    stops before a row that is not whole (MORE), behind a semicolon (ENDED), or at what is no row
    with as many values as there are places (BROKEN).
    """
    size, rows, last = len(data), 0, len(places) - 1
    while True:
        while at < size and (data[at] <= _BLANK or data[at] == _COMMA):
            at += 1
        if at == size:
            return rows, at, MORE
        if data[at] != _OPEN:
            is_end = data[at] == _SEMICOLON
            return rows, at + is_end, ENDED if is_end else BROKEN
        i = at + 1
        for column in range(last + 1):
            start, end, i, kind = _scan_value(data, i)
            if i >= size:
                return rows, at, MORE
            if kind == WRONG or data[i] != (_CLOSE if column == last else _COMMA):
                return rows, at, BROKEN
            if places[column] >= 0:
                spans[0, rows, places[column]] = int64(start)
                spans[1, rows, places[column]] = int64(end)
                kinds[rows, places[column]] = kind
            i += 1
        rows, at = rows + 1, i


@helper
def _scan_value(data: Bytes, i: int) -> tuple[int, int, int, int]:
    """The value that starts at byte `i`: its span, the byte behind it, and its kind.

    What stands before the quote of a string is an introducer, as in `_binary 'x'`.
    """
    size, start = len(data), i
    while i < size and data[i] != _COMMA and data[i] != _CLOSE and data[i] != _QUOTE:
        i += 1
    if i == size or data[i] != _QUOTE:
        kind = NULL if i == start + 4 and data[start] == _CAPITAL_N else PLAIN
        return start, i, i, kind if i > start else WRONG
    i, kind = i + 1, STRING
    start = i
    while i < size:
        if data[i] == _ESCAPE or (data[i] == _QUOTE and i + 1 < size and data[i + 1] == _QUOTE):
            i, kind = i + 2, ESCAPED
        elif data[i] == _QUOTE:
            break
        else:
            i += 1
    return start, i, i + 1, kind
