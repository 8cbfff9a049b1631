"""What becomes of each character in the key of a line, as a two-stage table for kernels.

White space becomes a blank, a decimal digit of any script `0`, a letter its case folding where that
is one character; punctuation (general category P*) and control and format characters (Cc, Cf) are
left out; all others stand for themselves, symbols and combining marks among them.

Source: the Unicode Character Database of this Python, whose version is part of a run.
"""

from __future__ import annotations

import unicodedata
from functools import cache
from itertools import chain
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from curation.arrow_text import Bytes
from curation.dedup.minhash import placeholders
from curation.kernels import inlined

Codes = npt.NDArray[np.int32]
_BLOCK_BITS = 7
_BLOCK = 1 << _BLOCK_BITS
_POINTS = 0x110000
_LOOKED_AT = (range(0x20000), range(0xE0000, 0xE1000))  # between them are Han characters alone
LEFT_OUT, BLANK, LOOK = 0, ord(" "), -1
"""What stands in tables for a character that is left out, a blank, a byte that says too little."""
STAYS, BEHIND_BLANK = 8, 10
"""Where the bits begin that say of a byte, first where none but a blank stands before, whether it
stays, and whether a blank then stands before."""


class Characters(NamedTuple):
    """`values[blocks[code >> 7] + (code & 127)]` is the code point that stands for `code`.

    `bytes` says it of a byte: the low 8 bits are what stands for it, those above are at `STAYS` and
    `BEHIND_BLANK`; `LOOK` for those that are no ASCII, for the end of a line, and for `<`,
    which may open one of `placeholders`: `<ONE><OTHER>`.
    """

    bytes: npt.NDArray[np.int16]
    blocks: Codes
    values: Codes
    placeholders: Bytes


@inlined
def character_of(code: int, characters: Characters) -> int:
    """What stands for a code point: 0 where it is left out."""
    at = characters.blocks[code >> _BLOCK_BITS] + (code & (_BLOCK - 1))
    return characters.values[at]


@cache
def characters() -> Characters:
    """The tables, made once in a process, in some 50 ms."""
    every = np.arange(_POINTS, dtype=np.int32)
    for code in chain(*_LOOKED_AT):
        every[code] = _character(chr(code))
    unique, blocks = np.unique(every.reshape(-1, _BLOCK), axis=0, return_inverse=True)
    return Characters(
        bytes=_bytes(every[:_BLOCK]),
        blocks=(blocks.ravel() * _BLOCK).astype(np.int32),
        values=np.ascontiguousarray(unique).ravel(),
        placeholders=placeholders(),
    )


def _bytes(plain: Codes) -> npt.NDArray[np.int16]:
    is_blank, is_out = plain == BLANK, plain == LEFT_OUT
    found = np.full(0x100, LOOK, np.int16)
    found[:_BLOCK] = (
        plain
        | (~is_blank & ~is_out) << STAYS
        | ~is_out << STAYS + 1
        | (is_blank | is_out) << BEHIND_BLANK
        | is_blank << BEHIND_BLANK + 1
    )
    found[[ord("<"), ord("\n")]] = LOOK
    return found


def _character(character: str) -> int:
    category = unicodedata.category(character)
    if character.isspace():
        return BLANK
    if category.startswith("P") or category in ("Cc", "Cf"):
        return LEFT_OUT
    if category == "Nd":
        return ord("0")
    # What folds to several, such as the German sharp s, is at least made lower case.
    folded = (character.casefold(), character.lower())
    return ord(next((fold for fold in folded if len(fold) == 1), character))
