"""What kind of line a line of a document is: one ASCII letter each.

`line_kinds` of a document is a string with one letter per line of its text, so that kernels see one
byte per line. Null stands for prose throughout.
"""

from __future__ import annotations

from enum import StrEnum


class LineKind(StrEnum):
    """The letters."""

    PROSE = "p"
    HEADING = "h"
    LIST_ITEM = "l"
    CODE = "c"
    TABLE = "t"
    MATHEMATICS = "m"
