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
counts as not there, and so do marks that follow no letter. A line without a token adds nothing. No
token looks like a label of fastText, and none is split by it.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator
from functools import cache

import pyarrow as pa

from curation.tokens.unicode import (
    BREAK,
    DIGIT,
    EXTEND,
    FORMAT,
    LETTER,
    SPACE,
    UNSPACED,
    ZWJ,
    code_points,
    word_of,
)

_BREAKS = "\n\v\f\r\x85\u2028\u2029"
_ENDS = frozenset('.!?。！？…:;"”»')
_INVISIBLE = (0x34F, 0x200C, *range(0x180B, 0x1810), *range(0xFE00, 0xFE10))
_WORD, _LONE, _ZERO, _SYMBOL, _MARK, _NOTHING, _GAP = range(7)


def normalise(texts: pa.StringArray) -> pa.StringArray:
    """The tokens of each text, as above."""
    found = [None if text is None else " ".join(_tokens(text)) for text in texts.to_pylist()]
    return pa.array(found, pa.string())


def _tokens(text: str) -> Iterator[str]:
    for line in text.translate(dict.fromkeys(map(ord, _BREAKS), "\n")).split("\n"):
        tokens, words = _of_line(line)
        if tokens:
            if line.startswith(("\t", "  ")):
                yield "⇥"
            yield from tokens
            size = "a" if words < 4 else "b" if words < 10 else "c"
            yield f"⏎{size}{'.' if tokens[-1][-1] in _ENDS else ''}"


def _of_line(line: str) -> tuple[list[str], int]:
    tokens: list[str] = []
    words, before = 0, _GAP
    for character in line:
        kind = _kind(character)
        if kind == _NOTHING:
            continue
        if kind == _MARK:
            if before in (_WORD, _LONE):
                tokens[-1] += character
            continue
        if kind == _SYMBOL and before == _SYMBOL and tokens[-1][0] == character:
            tokens[-1] = (tokens[-1] + character)[:3]
        elif kind == _WORD and before == _WORD:
            tokens[-1] += _lower(character)
        elif kind != _GAP and not (kind == before == _ZERO):
            tokens.append("0" if kind == _ZERO else _lower(character))
            words += kind in (_WORD, _LONE)
        before = kind
    return tokens, words


@cache
def _kind(character: str) -> int:
    code = ord(character)
    word = int(word_of(code, code_points()))
    if word & SPACE or unicodedata.category(character) == "Cc":
        return _GAP
    if word & BREAK in (FORMAT, ZWJ) or code in _INVISIBLE or 0xE0000 <= code < 0xE1000:
        return _NOTHING
    if word & BREAK == EXTEND:
        return _MARK
    if word & LETTER:
        return _LONE if word & UNSPACED else _WORD
    return _ZERO if word & DIGIT else _SYMBOL


@cache
def _lower(character: str) -> str:
    return character.lower()[0]  # the dot of a Turkish capital goes
