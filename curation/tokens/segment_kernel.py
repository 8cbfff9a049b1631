"""Words of a script without spaces: of all ways to cut a run of letters, the one that costs least.

A word of the lexicon costs what its frequency says, what is in no list more. Where two ways cost
the same, the first word is the longest. The method is that of most segmenters for Chinese and
Japanese (a unigram model, by dynamic programming); for Thai, Lao, Khmer and Myanmar, whose lists
tell no frequencies, it is maximal matching. Cuts never part a letter from its marks.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from curation.arrow_text import Bytes, Ints, decode_at
from curation.kernels import helper, inlined, int64, njit
from curation.tokens.lexicon import Lexicon, cost_of
from curation.tokens.names_kernel import NAME, extend
from curation.tokens.unicode import (
    BREAK,
    EXTEND,
    HAN_KANA,
    KATAKANA,
    LEADING_VOWEL,
    ZWJ,
    CodePoints,
    word_of,
)

_UNKNOWN = 480
"""What a letter (with its marks) costs that no word of the lexicon holds."""
_UNKNOWN_KANA, _UNKNOWN_KANA_EACH = 320, 24
"""Katakana spell out foreign names, which are one word each."""
_NEVER = int64(1) << int64(60)
_KHMER_COENG, _MYANMAR_VIRAMA, _MYANMAR_ASAT = 0x17D2, 0x1039, 0x103A
_THAI_AFTER, _LAO_AFTER = (0x0E30, 0x0E32, 0x0E33, 0x0E45), (0x0EB0, 0x0EB2, 0x0EB3)


class Scratch(NamedTuple):
    """Room for the letters of one run, used again for the next.

    Of letter i: where it starts, itself, its properties, whether a word may start there; what it
    costs from there to the end, and where the best word that starts there ends (its complement for
    one that no list has).
    """

    starts: Ints
    codes: npt.NDArray[np.int32]
    words: npt.NDArray[np.int32]
    may_start: npt.NDArray[np.bool_]
    costs: Ints
    ends: Ints


@njit(cache=True)
def new_scratch(letters: int) -> Scratch:
    """Room for so many letters."""
    return Scratch(
        np.empty(letters + 1, np.int64),
        np.empty(letters + 1, np.int32),
        np.empty(letters + 1, np.int32),
        np.empty(letters + 1, np.bool_),
        np.empty(letters + 1, np.int64),
        np.empty(letters + 1, np.int64),
    )


@helper
def segment(
    data: Bytes,
    at: int,
    end: int,
    script: int,
    points: CodePoints,
    lexicon: Lexicon,
    scratch: Scratch,
) -> int:
    """Fills `scratch` for the run of letters in bytes `at` to `end`; returns how many they are.

    Its words then go from letter 0 to `ends[0]`, from there to its end, and so on.
    """
    letters = 0
    while at < end:
        code, size = decode_at(data, at, end)
        scratch.starts[letters], scratch.codes[letters] = at, code
        scratch.words[letters] = word_of(code, points)
        letters += 1
        at += size
    scratch.starts[letters], scratch.costs[letters] = end, 0
    for letter in range(letters):
        scratch.may_start[letter] = letter == 0 or _may_start(letter, letters, script, scratch)
    for first in range(letters - 1, -1, -1):
        scratch.costs[first] = _NEVER
        if scratch.may_start[first]:
            _find_unknown(first, letters, scratch)
            _find_words(first, letters, script, points, lexicon, scratch)
    return letters


@helper
def _find_unknown(first: int, letters: int, scratch: Scratch) -> None:
    last, cost = first + 1, int64(_UNKNOWN)
    starts_katakana = _is_katakana(first, scratch) and not (
        first > 0 and _is_katakana(first - 1, scratch)
    )
    if starts_katakana and last < letters and _is_katakana(last, scratch):
        while last < letters and _is_katakana(last, scratch):
            last += 1
        cost = int64(_UNKNOWN_KANA + _UNKNOWN_KANA_EACH * (last - first))
    while last < letters and not scratch.may_start[last]:
        last += 1
    scratch.costs[first] = cost + scratch.costs[last]
    scratch.ends[first] = ~last


@helper
def _find_words(
    first: int, letters: int, script: int, points: CodePoints, lexicon: Lexicon, scratch: Scratch
) -> None:
    name = NAME
    for last in range(first, letters):
        name = extend(name, scratch.codes[last], scratch.words[last], points)
        cost = cost_of(name, script, lexicon)
        if cost < -1:
            return
        if cost >= 0 and cost + scratch.costs[last + 1] <= scratch.costs[first]:
            scratch.costs[first] = cost + scratch.costs[last + 1]
            scratch.ends[first] = last + 1


@inlined
def _is_katakana(letter: int, scratch: Scratch) -> bool:
    return scratch.words[letter] & BREAK == KATAKANA


@inlined
def _may_start(letter: int, letters: int, script: int, scratch: Scratch) -> bool:
    """Whether a word may start at the letter, which is not the first."""
    if EXTEND <= scratch.words[letter] & BREAK <= ZWJ:
        return False
    return script == HAN_KANA or _starts_syllable(letter, letters, scratch)


@helper
def _starts_syllable(letter: int, letters: int, scratch: Scratch) -> bool:
    """Whether a letter of a South-East Asian script does not belong to the syllable before it."""
    code, before = scratch.codes[letter], scratch.codes[letter - 1]
    if scratch.words[letter - 1] & LEADING_VOWEL:
        return False
    if before == _KHMER_COENG or before == _MYANMAR_VIRAMA:
        return False
    if code in _THAI_AFTER or code in _LAO_AFTER:
        return False
    if letter + 1 < letters:  # a consonant that closes the syllable before it
        after = scratch.codes[letter + 1]
        return after != _MYANMAR_ASAT and after != _MYANMAR_VIRAMA
    return True
