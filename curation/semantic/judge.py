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

STAYS = -1
_AT_ONCE = 256


class Judged(NamedTuple):
    """Per vector the row of the first one that stays and is like it, or `STAYS`; their cosine."""

    keepers: Ints
    cosines: npt.NDArray[np.float64]


def judge(
    vectors: Bytes, may_go: npt.NDArray[np.bool_], threshold: float, *, at_once: int = _AT_ONCE
) -> Judged:
    """Vectors that must not go stay, and others go for them."""
    keepers = np.full(len(vectors), STAYS, np.int64)
    cosines = np.zeros(len(vectors))
    kept = np.empty(0, np.int64)
    for start in range(0, len(vectors), at_once):
        rows = np.arange(start, min(start + at_once, len(vectors)))
        found = near(vectors[rows], vectors[kept], threshold)
        goes = np.flatnonzero(np.diff(found.rows, prepend=-1))  # the first keeper of each row
        goes = goes[may_go[rows[found.rows[goes]]]]
        gone = rows[found.rows[goes]]
        keepers[gone], cosines[gone] = kept[found.columns[goes]], found.cosines[goes]
        rest = rows[keepers[rows] == STAYS]
        _judge_among(rest, vectors, may_go, threshold, Judged(keepers, cosines))
        kept = np.concatenate([kept, rest[keepers[rest] == STAYS]])
    return Judged(keepers, cosines)


def _judge_among(
    rows: Ints,
    vectors: Bytes,
    may_go: npt.NDArray[np.bool_],
    threshold: float,
    judged: Judged,
) -> None:
    """The same among some rows; writes into `judged`."""
    found = near(vectors[rows], vectors[rows], threshold)
    later = found.rows < found.columns
    for better, worse, cosine in zip(*(values[later].tolist() for values in found), strict=True):
        first, second = rows[better], rows[worse]
        # Sorted by the better one, so all that might drop it have been seen.
        undecided = judged.keepers[first] == STAYS and judged.keepers[second] == STAYS
        if undecided and may_go[second]:
            judged.keepers[second], judged.cosines[second] = first, cosine
