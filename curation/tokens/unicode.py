"""What tokenisation asks of a code point, as two-stage tables that kernels index.

In: `unicode.txt`, made from the Unicode Character Database by `build_unicode.py`; so nothing
depends on the Unicode data of the Python that runs. Out: `CodePoints`. A code point's word holds
its Word_Break class in the low bits (`BREAK`) and a bit for each other property.

Source: UAX #44 (properties, NFKC_Casefold), UAX #29 (Word_Break), UCD CaseFolding, Unihan
kSimplifiedVariant.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import cache
from importlib import resources
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from curation.kernels import inlined

BREAK = 31
(OTHER, CR, LF, NEWLINE, EXTEND, FORMAT, ZWJ, ALETTER, HEBREW_LETTER, NUMERIC) = range(10)
(KATAKANA, EXTEND_NUM_LET, MID_LETTER, MID_NUM, MID_NUM_LET, SINGLE_QUOTE) = range(10, 16)
(DOUBLE_QUOTE, REGIONAL_INDICATOR, W_SEG_SPACE) = range(16, 19)
KIND_SHIFT, SYMBOL_SHIFT, UNSPACED_SHIFT = 5, 10, 21
SPACE, LETTER, NUMBER, DIGIT, UPPER = (1 << bit for bit in range(KIND_SHIFT, SYMBOL_SHIFT))
BRACKET, CURLY_BRACKET, HASH, MARK, EXCLAMATION, EMOJI = (1 << bit for bit in range(10, 16))
TERMINAL, QUOTE, PICTURE, LEADING_VOWEL, FOLDS = (1 << bit for bit in range(16, 21))
UNSPACED = 7 << UNSPACED_SHIFT
LOWER = 1 << 24
HAN_KANA, THAI, LAO, KHMER, MYANMAR = range(1, 6)
"""Scripts written without spaces, as numbers in the bits `UNSPACED`."""

BLOCK_BITS = 7
_BLOCK = 1 << BLOCK_BITS
_CLASSES = (
    *("Other", "CR", "LF", "Newline", "Extend", "Format", "ZWJ", "ALetter", "Hebrew_Letter"),
    *("Numeric", "Katakana", "ExtendNumLet", "MidLetter", "MidNum", "MidNumLet"),
    *("Single_Quote", "Double_Quote", "Regional_Indicator", "WSegSpace"),
)
_BITS = {
    "White_Space": SPACE,
    "Alphabetic": LETTER,
    "Nd": NUMBER | DIGIT,
    "No": NUMBER,
    "Uppercase": UPPER,
    "Lowercase": LOWER,
    "Sentence_Terminal": TERMINAL,
    "Pf": QUOTE,
    "Emoji_Presentation": EMOJI,
    "Extended_Pictographic": PICTURE,
    "Logical_Order_Exception": LEADING_VOWEL,
}
_SYMBOLS = {
    BRACKET: "()[]{}\uff08\uff09\u27e8\u27e9",
    CURLY_BRACKET: "{",
    HASH: "#",
    MARK: "?!,.",
    EXCLAMATION: "!\uff01\u00a1\u203c",
    QUOTE: "\"'\u300d\u300f\uff02\u201c\u2018\xab",  # the last three close German quotations
}
_SCRIPTS = {
    "Han": HAN_KANA,
    "Hiragana": HAN_KANA,
    "Katakana": HAN_KANA,
    "Thai": THAI,
    "Lao": LAO,
    "Khmer": KHMER,
    "Myanmar": MYANMAR,
}


class CodePoints(NamedTuple):
    """`values[blocks[code >> 7] + (code & 127)]` is the word of a code point; see `word_of`.

    `folds`, indexed alike, is 0 for a code point that stands for itself in the identity of words,
    the code point that stands for it, or minus the place in `expansions` of their number and them.
    """

    blocks: npt.NDArray[np.int32]
    values: npt.NDArray[np.int32]
    folds: npt.NDArray[np.int32]
    expansions: npt.NDArray[np.int32]


@inlined
def word_of(code: int, points: CodePoints) -> int:
    """The class and properties of a code point."""
    return points.values[points.blocks[code >> BLOCK_BITS] + (code & (_BLOCK - 1))]


@inlined
def fold_of(code: int, points: CodePoints) -> int:
    """What stands for a code point in the identity of words, as `CodePoints` says."""
    return points.folds[points.blocks[code >> BLOCK_BITS] + (code & (_BLOCK - 1))]


@cache
def code_points() -> CodePoints:
    """The tables, read once."""
    words, folds = np.zeros(0x110000, np.int32), np.zeros(0x110000, np.int32)
    expansions = [0]  # place 0 would look like 'itself'
    for kind, codes, names in _lines():
        if kind == "=":
            words[codes[0] : codes[1] + 1] = _word(names)
        elif len(codes) == 2:
            folds[codes[0]] = codes[1]
        else:
            folds[codes[0]] = -len(expansions)
            expansions += [len(codes) - 1, *codes[1:]]
    words[folds != 0] |= FOLDS
    for bit, symbols in _SYMBOLS.items():
        words[[ord(symbol) for symbol in symbols]] |= bit
    pairs = np.stack([words, folds], axis=1).reshape(-1, _BLOCK, 2)
    unique, blocks = np.unique(pairs, axis=0, return_inverse=True)
    return CodePoints(
        blocks=(blocks.ravel() * _BLOCK).astype(np.int32),
        values=np.ascontiguousarray(unique[:, :, 0]).ravel(),
        folds=np.ascontiguousarray(unique[:, :, 1]).ravel(),
        expansions=np.array(expansions, np.int32),
    )


def _lines() -> Iterator[tuple[str, list[int], list[str]]]:
    text = resources.files("curation.tokens").joinpath("unicode.txt").read_text("ascii")
    for line in text.splitlines():
        kind, *fields = line.split()
        if kind == "=":
            yield kind, [int(code, 16) for code in fields[:2]], fields[2:]
        elif kind == ">":
            yield kind, [int(code, 16) for code in fields], []


def _word(names: list[str]) -> int:
    """Letters and marks alone make a script one without spaces, not its digits and stops."""
    word = _CLASSES.index(names[0])
    script = 0
    for name in names[1:]:
        word |= _BITS.get(name, 0)
        script |= _SCRIPTS.get(name, 0)
    is_text = word & LETTER or word & BREAK == EXTEND
    return word | script << UNSPACED_SHIFT if is_text else word
