"""The name of a word: 64 bits of its characters, whatever their case and form.

Words that differ only by case, by compatible characters (fullwidth letters, ligatures), by the
kind of apostrophe, by the forms of Han characters, or by vowel points have one name: FNV-1a over
the code points of the folded word, with the last step of MurmurHash3 so that every bit of it
depends on all characters.
"""

from __future__ import annotations

import numpy as np

from curation.arrow_text import Bytes, decode_at
from curation.kernels import helper, inlined, njit
from curation.tokens.unicode import FOLDS, CodePoints, code_points, fold_of, word_of

NAME = np.uint64(0xCBF29CE484222325)
"""The name, not yet finished, of the empty word."""
_PRIME = np.uint64(0x100000001B3)
_SHIFT, _MIX_1, _MIX_2 = np.uint64(33), np.uint64(0xFF51AFD7ED558CCD), np.uint64(0xC4CEB9FE1A85EC53)


@inlined
def extend(name: np.uint64, code: int, word: int, points: CodePoints) -> np.uint64:
    """`name`, not yet finished, with one more character."""
    if word & FOLDS:
        if code < 0x80:
            return extend_plain(name, code | 0x20)
        return _extend_folded(name, code, points)
    return extend_plain(name, code)


@inlined
def extend_plain(name: np.uint64, code: int) -> np.uint64:
    """`name`, not yet finished, with one more character that stands for itself."""
    return (name ^ np.uint64(code)) * _PRIME


@helper
def _extend_folded(name: np.uint64, code: int, points: CodePoints) -> np.uint64:
    to = fold_of(code, points)
    if to > 0:
        return (name ^ np.uint64(to)) * _PRIME
    for i in range(1 - to, 1 - to + points.expansions[-to]):
        name = (name ^ np.uint64(points.expansions[i])) * _PRIME
    return name


@inlined
def finish(name: np.uint64) -> np.uint64:
    """The name as it is used."""
    name = (name ^ (name >> _SHIFT)) * _MIX_1
    name = (name ^ (name >> _SHIFT)) * _MIX_2
    return name ^ (name >> _SHIFT)


@njit(cache=True, nogil=True)
def _name(data: Bytes, at: int, end: int, points: CodePoints) -> np.uint64:
    name = NAME
    while at < end:
        code, size = decode_at(data, at, end)
        name = extend(name, code, word_of(code, points), points)
        at += size
    return finish(name)


def name_of(word: str) -> int:
    """The name of one word."""
    data = np.frombuffer(word.encode("utf-8", "surrogatepass"), np.uint8)
    return int(_name(data, 0, len(data), code_points()))
