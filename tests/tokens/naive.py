"""Tokenisation as its definitions say it, letter by letter: what kernels are compared with."""

from __future__ import annotations

import gzip
from functools import cache
from importlib import resources

import numpy as np
import pyarrow as pa
from hypothesis import strategies as st

from curation.tokens.lexicon import WORD_COST
from curation.tokens.tokenise import WORD, Tokens, tokenise
from curation.tokens.unicode import (
    BREAK,
    EXTEND,
    HAN_KANA,
    KATAKANA,
    KHMER,
    LAO,
    LEADING_VOWEL,
    MYANMAR,
    SPACE,
    THAI,
    UNSPACED,
    UNSPACED_SHIFT,
    ZWJ,
    code_points,
    word_of,
)
from curation.tokens.word_break_kernel import end_of_word

_LISTS = {HAN_KANA: "han_kana", THAI: "thai", LAO: "lao", KHMER: "khmer", MYANMAR: "myanmar"}
_NOT_FIRST = "\u0e30\u0e32\u0e33\u0e45\u0eb0\u0eb2\u0eb3"  # vowels that follow
_JOINS_NEXT, _CLOSES = "\u17d2\u1039", "\u103a\u1039"

texts = st.lists(
    st.one_of(
        st.text("ab AB9_.,'-:\n \u0301\u00df#$", max_size=8),
        st.text("\u4e2d\u56fd\u4eba\u6c11\u304c\u306e\u30a2\u30f3\u30fc\u3001\u3002", max_size=8),
        st.text("\u0e20\u0e32\u0e29\u0e44\u0e17\u0e22\u0e31\u0e19 \u0e40", max_size=8),
        st.text(
            "\u0e9e\u0eb2\u0ea5\u1781\u17d2\u1798\u17c2\u1019\u103c\u1014\u103a\u1039", max_size=6
        ),
        st.text("\u05d0\u05d1'\"\u0645\u0631\u064e\u200d\U0001f469\U0001f1e9\ud55c", max_size=6),
        st.sampled_from(
            ["the", "THE", "don't", "3.14", "...", "----", "\u4e2d\u56fd", "\r\n", "\0"]
        ),
        st.text(max_size=6),
    ),
    max_size=8,
).map("".join)
"""Of all scripts whose words are found in ways of their own."""


def spell(tokens: Tokens, row: int = 0) -> list[str]:
    """The tokens of a row as strings."""
    return [
        tokens.data[tokens.starts[t] : tokens.ends[t]].tobytes().decode("utf-8", "replace")
        for t in range(tokens.rows[row], tokens.rows[row + 1])
    ]


def words_of(text: str) -> list[str]:
    """The words alone."""
    tokens = tokenise(pa.array([text]))
    return [word for word, kind in zip(spell(tokens), tokens.kinds, strict=False) if kind & WORD]


def properties(character: str) -> int:
    """All that the tables say of it."""
    return int(word_of(ord(character), code_points()))


def fold(text: str) -> str:
    """What stands for a text in the identity of words."""
    points, folded = code_points(), []
    for character in text:
        at = points.blocks[ord(character) >> 7] + (ord(character) & 127)
        to = int(points.folds[at])
        if to == 0:
            folded.append(character)
        elif to > 0:
            folded.append(chr(to))
        else:
            number = points.expansions[-to]
            folded += [chr(code) for code in points.expansions[1 - to : 1 - to + number]]
    return "".join(folded)


def naive_tokens(text: str) -> list[str]:
    """The tokens of a text."""
    found: list[str] = []
    at = 0
    while at < len(text):
        word = properties(text[at])
        if word & SPACE:
            at += 1
        elif word & UNSPACED:
            script = (word & UNSPACED) >> UNSPACED_SHIFT
            end = at
            while end < len(text) and _is_of(script, text[end]):
                end += 1
            found += _segment(text[at:end], script)
            at = end
        else:
            end = at + _length_of_segment(text[at:])
            is_symbol = end - at == 1 and not word & (WORD_BITS)
            while is_symbol and end < len(text) and text[end] == text[at]:
                end += 1
            found.append(text[at:end])
            at = end
    return found


WORD_BITS = 0b110 << 5
"""Letters and numbers."""


def _is_of(script: int, character: str) -> bool:
    word = properties(character)
    return (word & UNSPACED) >> UNSPACED_SHIFT == script or EXTEND <= word & BREAK <= ZWJ


def _length_of_segment(text: str) -> int:
    data = np.frombuffer(text.encode(), np.uint8)
    return int(end_of_word(data, 0, len(data), code_points())[1])


@cache
def _words(script: int) -> dict[str, int]:
    file = resources.files("curation.tokens").joinpath("lexicon", f"{_LISTS[script]}.txt.gz")
    words: dict[str, int] = {}
    for line in gzip.decompress(file.read_bytes()).decode().splitlines():
        word, *cost = line.split()
        number = int(cost[0]) if cost else WORD_COST
        words[fold(word)] = min(number, words.get(fold(word), number))
    return words


@cache
def _longest(script: int) -> int:
    return max(map(len, _words(script)))


def _segment(run: str, script: int) -> list[str]:
    """The cheapest way to cut a run; of equal ones that with the longest first word."""
    costs, ends, known = [0] * (len(run) + 1), [0] * len(run), [True] * len(run)
    for first in reversed(range(len(run))):
        costs[first] = 1 << 60
        if not _may_start(run, first, script):
            continue
        last, cost = _unknown(run, first, script)
        costs[first], ends[first], known[first] = cost + costs[last], last, False
        for last in range(first + 1, min(len(run), first + 3 * _longest(script)) + 1):
            cost = _words(script).get(fold(run[first:last]), -1)
            if cost >= 0 and cost + costs[last] <= costs[first]:
                costs[first], ends[first], known[first] = cost + costs[last], last, True
    found, first = [], 0
    while first < len(run):
        last = ends[first]
        while script != HAN_KANA and not known[first] and last < len(run) and not known[last]:
            last = ends[last]
        found.append(run[first:last])
        first = last
    return found


def _unknown(run: str, first: int, script: int) -> tuple[int, int]:
    kana = [script == HAN_KANA and properties(c) & BREAK == KATAKANA for c in run]
    last, cost = first + 1, 480
    if kana[first] and not (first and kana[first - 1]):
        while last < len(run) and kana[last]:
            last += 1
        cost = 480 if last == first + 1 else 320 + 24 * (last - first)
    while last < len(run) and not _may_start(run, last, script):
        last += 1
    return last, cost


def _may_start(run: str, at: int, script: int) -> bool:
    if at == 0:
        return True
    if EXTEND <= properties(run[at]) & BREAK <= ZWJ:
        return False
    return script == HAN_KANA or not (
        properties(run[at - 1]) & LEADING_VOWEL
        or run[at - 1] in _JOINS_NEXT
        or run[at] in _NOT_FIRST
        or (at + 1 < len(run) and run[at + 1] in _CLOSES)
    )
