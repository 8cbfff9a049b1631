"""The form of text that our own classifiers read: words, punctuation and the shape of lines.

In: texts. Out: texts of tokens between single blanks, a null where there was one. Per line:

- `⇥` first, where it begins with a tab or two blanks;
- a run of letters, with the marks on them, in lower case; Han, Kana, Thai, Lao, Khmer and Myanmar,
  which are written without spaces, letter by letter;
- `0` for a run of decimal digits;
- any other visible character by itself, a run of the same one as at most three of it;
- `⏎` last, with the number of words (`a`: 0 to 3, `b`: 4 to 9, `c`: more), and `.` where the line
  ends as sentences do: `⏎b.`

White space and control characters part tokens; what is invisible (joiners, soft hyphens, selectors)
counts as not there, and so do marks that follow no letter. A line without a token adds nothing. A
byte that is part of no character of UTF-8 counts as U+FFFD. No token looks like a label of
fastText, and none is split by it.
"""

from __future__ import annotations

from functools import cache

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from classifiers.normalise_kernel import (
    END,
    GAP,
    LINE_BREAK,
    LONE,
    MARK,
    NOTHING,
    SYMBOL,
    WORD,
    ZERO,
    Characters,
    write_tokens,
)
from curation.arrow_text import text_view
from curation.tokens import unicode

_BREAKS = "\n\v\f\r\x85\u2028\u2029"
_ENDS = '.!?。！？…:;"”»'
_CONTROLS = (*range(32), *range(0x7F, 0xA0))
_INVISIBLE = (
    *(0x34F, 0x200C, *range(0x180B, 0x1810)),
    *(*range(0xFE00, 0xFE10), *range(0xE0000, 0xE1000)),
)
_CASED = 0x20000  # no letter from here on has a lower case


def normalise(texts: pa.StringArray | pa.LargeStringArray) -> pa.StringArray:
    """The tokens of each text, as above; raises `OverflowError` where they are over 2 GiB."""
    view = text_view(texts)
    data, offsets = write_tokens(view.data, view.offsets, _characters())
    if offsets[-1] > np.iinfo(np.int32).max:
        raise OverflowError(f"{offsets[-1]} bytes of tokens in one batch")
    buffers = pa.py_buffer(offsets.astype(np.int32)), pa.py_buffer(data)
    found = pa.StringArray.from_buffers(len(texts), *buffers)
    return pc.if_else(texts.is_valid(), found, None) if texts.null_count else found


@cache
def _characters() -> Characters:
    points = unicode.code_points()
    codes = np.arange(0x110000)
    words = points.values[points.blocks[codes >> unicode.BLOCK_BITS] + codes % 128]
    kinds = _kinds(words)
    lower = np.arange(_CASED, dtype=np.int32)
    for code in np.flatnonzero((kinds[:_CASED] == WORD) & (words[:_CASED] & unicode.LOWER == 0)):
        lower[code] = ord(chr(code).lower()[0])  # of a Turkish capital the dot goes
    return Characters(kinds, lower)


def _kinds(words: npt.NDArray[np.int32]) -> npt.NDArray[np.uint8]:
    """From the properties of each code point to its kind; what is said later goes before."""
    breaks = words & unicode.BREAK
    letters = words & unicode.LETTER > 0
    kinds = np.full(len(words), SYMBOL, np.uint8)
    kinds[words & unicode.DIGIT > 0] = ZERO
    kinds[letters] = WORD
    kinds[letters & (words & unicode.UNSPACED > 0)] = LONE
    kinds[breaks == unicode.EXTEND] = MARK
    kinds[np.isin(breaks, (unicode.FORMAT, unicode.ZWJ))] = NOTHING
    kinds[list(_INVISIBLE)] = NOTHING
    kinds[words & unicode.SPACE > 0] = GAP
    kinds[list(_CONTROLS)] = GAP
    kinds[[ord(end) for end in _ENDS]] = END
    kinds[[ord(end) for end in _BREAKS]] = LINE_BREAK
    return kinds
