"""Which documents of a synthetic corpus repeat another one, and how far they differ from it."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

_SEED = 0
_NEAR, _COPIES, _BIG_FAMILY = 0.2, 0.05, 0.01
"""Shares of all documents; the big family is part of the near ones."""
_PAIRS, _LARGEST = 0.85, 10
"""The share of pairs among other families, and the most documents of one."""
_MAX_SCATTERED, _MAX_TAIL = 0.02, 0.12
"""Of words replaced: what is left is 0.79 alike at least, by word 5-grams."""
_WORDS, _SPREAD = 1000, 0.6
"""The mean of a document's words and the deviation of its logarithm: 6 KB."""
_WORDS_RANGE = (50, 10_000)

Shares = npt.NDArray[np.float64]
Numbers = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Families:
    """For each document: whose words it has (often its own), how many, and what it replaces.

    Words are replaced here and there (the share `scattered` of them) or at the end (`tail`).
    """

    source: Numbers
    words: Numbers
    scattered: Shares
    tail: Shares

    @property
    def repeated(self) -> int:
        """How many documents have the words of another one."""
        return int((self.source != np.arange(len(self.source))).sum())


def draw_families(documents: int) -> Families:
    """The same for the same number of documents."""
    draw = np.random.default_rng((_SEED, documents))
    order = draw.permutation(documents)
    near, copies = round(documents * _NEAR), round(documents * _COPIES)
    source = np.arange(documents)
    members = order[:near]
    source[members] = members[_first_of_family(draw, near, round(documents * _BIG_FAMILY))]
    source[order[near : near + copies]] = draw.choice(order[near + copies :], copies)
    edited = np.zeros(documents, bool)
    edited[members] = source[members] != members
    at_end = draw.random(documents) < 0.5
    return Families(
        source,
        _draw_words(draw, documents)[source],
        draw.uniform(0, _MAX_SCATTERED, documents) * (edited & ~at_end),
        draw.uniform(0, _MAX_TAIL, documents) * (edited & at_end),
    )


def _draw_words(draw: np.random.Generator, documents: int) -> Numbers:
    drawn = draw.lognormal(np.log(_WORDS) - _SPREAD**2 / 2, _SPREAD, documents)
    return np.clip(np.rint(drawn), *_WORDS_RANGE).astype(np.int64)


def _first_of_family(draw: np.random.Generator, near: int, big: int) -> Numbers:
    """For each member the place of its family's first."""
    sizes = np.array(list(_sizes(draw, near, big)), np.int64)
    return np.repeat(np.cumsum(sizes) - sizes, sizes)


def _sizes(draw: np.random.Generator, near: int, big: int) -> Iterator[int]:
    size, left = big, near
    while left:
        yield min(size, left)
        left -= min(size, left)
        size = 2 if draw.random() < _PAIRS else int(draw.integers(3, _LARGEST + 1))
