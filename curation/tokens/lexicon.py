"""The words of scripts that are written without spaces, as hash tables of their prefixes.

In: the lists in `lexicon/`, made by `build_lexicon.py`. Out: a `Lexicon`. A table has a slot for
each prefix of each word, under the prefix' unfinished name, so that a kernel walks along a text and
stops where no word goes on.
"""

from __future__ import annotations

import gzip
from functools import cache
from importlib import resources
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from curation.arrow_text import Bytes, Hashes, Ints, decode_at, text_view
from curation.kernels import inlined, int64, njit
from curation.tokens.names_kernel import NAME, extend
from curation.tokens.unicode import (
    HAN_KANA,
    KHMER,
    LAO,
    MYANMAR,
    THAI,
    CodePoints,
    code_points,
    word_of,
)

_FILES = {HAN_KANA: "han_kana", THAI: "thai", LAO: "lao", KHMER: "khmer", MYANMAR: "myanmar"}
WORD_COST = 160
"""Of a word whose list tells no frequency: of two readings the one with fewer words is right."""
_PREFIX = -1
_MIX = np.uint64(0x9E3779B97F4A7C15)


class Lexicon(NamedTuple):
    """A table per script, one after another.

    That of script s is `keys[starts[s]:starts[s + 1]]`, of a length that is a power of two, empty
    slots are 0, and `costs` has -1 for what is only the beginning of words.
    """

    starts: Ints
    keys: Hashes
    costs: npt.NDArray[np.int32]


@inlined
def cost_of(name: np.uint64, script: int, lexicon: Lexicon) -> int:
    """What the word costs; -1 where it is a beginning of words, -2 where it is none."""
    first, end = lexicon.starts[script], lexicon.starts[script + 1]
    at = _slot(name, first, end, lexicon.keys)
    return lexicon.costs[at] if lexicon.keys[at] == name else -2


@inlined
def _slot(name: np.uint64, first: int, end: int, keys: Hashes) -> int:
    mask = end - first - 1
    at = int64((name * _MIX) >> np.uint64(32)) & mask
    while keys[first + at] != name and keys[first + at] != 0:
        at = (at + 1) & mask
    return first + at


@cache
def lexicon() -> Lexicon:
    """All lists, read once."""
    tables = [_table(_FILES[script]) if script else _empty() for script in (0, *sorted(_FILES))]
    sizes = [len(keys) for keys, _ in tables]
    return Lexicon(
        starts=np.concatenate([[0], np.cumsum(sizes)]).astype(np.int64),
        keys=np.concatenate([keys for keys, _ in tables]),
        costs=np.concatenate([costs for _, costs in tables]),
    )


def _empty() -> tuple[Hashes, npt.NDArray[np.int32]]:
    return np.zeros(1, np.uint64), np.zeros(1, np.int32)


def _table(name: str) -> tuple[Hashes, npt.NDArray[np.int32]]:
    file = resources.files("curation.tokens").joinpath("lexicon", f"{name}.txt.gz")
    lines = [line.split() for line in gzip.decompress(file.read_bytes()).decode().splitlines()]
    costs = np.array([int(cost[0]) if cost else WORD_COST for _, *cost in lines], np.int32)
    words = text_view(pa.array([word for word, *_ in lines], pa.string()))
    size = 1 << int(np.ceil(np.log2(2.5 * sum(len(word) for word, *_ in lines))))
    return _fill(words.data, words.offsets, costs, size, code_points())


@njit(cache=True)
def _fill(
    data: Bytes, offsets: Ints, costs: npt.NDArray[np.int32], size: int, points: CodePoints
) -> tuple[Hashes, npt.NDArray[np.int32]]:
    keys, values = np.zeros(size, np.uint64), np.zeros(size, np.int32)
    for word in range(len(offsets) - 1):
        name, at = NAME, offsets[word]
        while at < offsets[word + 1]:
            code, length = decode_at(data, at, offsets[word + 1])
            name = extend(name, code, word_of(code, points), points)
            at += length
            slot = _slot(name, 0, size, keys)
            if keys[slot] == 0:
                keys[slot], values[slot] = name, _PREFIX
        if values[slot] == _PREFIX or costs[word] < values[slot]:  # two may have one name
            values[slot] = costs[word]
    return keys, values
