"""Who of a cluster stays: vectors, best first, in; for each that goes the first one like it out.

A vector stays unless its cosine to one that stays before it is the threshold at least: a maximal
independent set, greedily in the order of who is better. Cost: each vector meets those that stay.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from curation.arrow_text import Ints
from curation.semantic.vectors import Bytes, near

NONE = -1
_AT_ONCE = 256


class Judged(NamedTuple):
    """Per vector the row of the first one that stays and is like it, or `NONE`; their cosine."""

    keepers: Ints
    cosines: npt.NDArray[np.float64]


def judge(
    vectors: Bytes, may_go: npt.NDArray[np.bool_], threshold: float, *, at_once: int = _AT_ONCE
) -> Judged:
    """Vectors that may not go stay, whatever they are like; others stay if there is `NONE`."""
    found = Judged(np.full(len(vectors), NONE, np.int64), np.zeros(len(vectors)))
    stay = np.empty(0, np.int64)
    for start in range(0, len(vectors), at_once):
        rows = np.arange(start, min(start + at_once, len(vectors)))
        pairs = near(vectors[rows], vectors[stay], threshold)
        firsts = np.flatnonzero(np.diff(pairs.rows, prepend=-1))
        like = rows[pairs.rows[firsts]]
        found.keepers[like] = stay[pairs.columns[firsts]]
        found.cosines[like] = pairs.cosines[firsts]
        rest = rows[(found.keepers[rows] == NONE) | ~may_go[rows]]
        _judge_among(rest, vectors, may_go, threshold, found)
        stay = np.concatenate([stay, rest[(found.keepers[rest] == NONE) | ~may_go[rest]]])
    return found


def _judge_among(
    rows: Ints,
    vectors: Bytes,
    may_go: npt.NDArray[np.bool_],
    threshold: float,
    found: Judged,
) -> None:
    """The same among some rows; writes into `found`."""
    keepers, cosines = found
    pairs = near(vectors[rows], vectors[rows], threshold)
    later = pairs.rows < pairs.columns
    for better, worse, cosine in zip(*(values[later].tolist() for values in pairs), strict=True):
        first, second = rows[better], rows[worse]
        # By the better one, so it is decided whether that stays.
        if keepers[second] == NONE and (keepers[first] == NONE or not may_go[first]):
            keepers[second], cosines[second] = first, cosine
