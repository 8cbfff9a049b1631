"""What `classifiers.normalise` does, said plainly: text after text, character after character."""

from __future__ import annotations

import unicodedata
from collections.abc import Iterator

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

BREAKS = dict.fromkeys(map(ord, "\n\v\f\r\x85\u2028\u2029"), "\n")
ENDS = '.!?。！？…:;"”»'
INVISIBLE = (0x34F, 0x200C, *range(0x180B, 0x1810), *range(0xFE00, 0xFE10))
WORD, LONE, ZERO, SYMBOL, MARK, NOTHING, GAP = range(7)


def normalise_one(text: bytes) -> str:
    return " ".join(_tokens(_decode(text)))


def _decode(text: bytes) -> str:
    """A byte that is not part of a character is U+FFFD."""
    found = ""
    while text:
        for size in range(1, 5):
            try:
                found += text[:size].decode()
            except UnicodeDecodeError:
                continue
            break
        else:
            found, size = found + "\ufffd", 1
        text = text[size:]
    return found


def _tokens(text: str) -> Iterator[str]:
    for line in text.translate(BREAKS).split("\n"):
        tokens, words = _of_line(line)
        if tokens:
            if line.startswith(("\t", "  ")):
                yield "⇥"
            yield from tokens
            size = "a" if words < 4 else "b" if words < 10 else "c"
            yield f"⏎{size}{'.' if tokens[-1][-1] in ENDS else ''}"


def _of_line(line: str) -> tuple[list[str], int]:
    tokens: list[str] = []
    words, before = 0, GAP
    for character in line:
        kind = kind_of(character)
        if kind == NOTHING:
            continue
        if kind == MARK:
            if before in (WORD, LONE):
                tokens[-1] += character
            continue
        if kind == SYMBOL and before == SYMBOL and tokens[-1][0] == character:
            tokens[-1] = (tokens[-1] + character)[:3]
        elif kind == WORD and before == WORD:
            tokens[-1] += _lower(character)
        elif kind != GAP and not (kind == before == ZERO):
            tokens.append("0" if kind == ZERO else _lower(character))
            words += kind in (WORD, LONE)
        before = kind
    return tokens, words


def kind_of(character: str) -> int:
    code = ord(character)
    word = int(word_of(code, code_points()))
    if word & SPACE or unicodedata.category(character) == "Cc":
        return GAP
    if word & BREAK in (FORMAT, ZWJ) or code in INVISIBLE or 0xE0000 <= code < 0xE1000:
        return NOTHING
    if word & BREAK == EXTEND:
        return MARK
    if word & LETTER:
        return LONE if word & UNSPACED else WORD
    return ZERO if word & DIGIT else SYMBOL


def _lower(character: str) -> str:
    return character.lower()[0]  # the dot of a Turkish capital goes
