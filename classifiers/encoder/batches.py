"""Pieces into batches of one shape: tokens one behind another, without padding between them.

Every batch has exactly `tokens` token rows and `slots` places for pieces; what is left over is
dummy rows. A model computes the same for a piece whatever else is in its batch, as all its matrix
products have one shape, and attention is within a piece. NumPy only.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from classifiers.encoder.tokens import Tokens

_ROWS_PER_SLOT = 32  # pieces shorter than that on average leave rows of a batch unused
_Longs = npt.NDArray[np.int64]


@dataclass(frozen=True)
class Shape:
    """Of a batch: how many token rows, and how many pieces at most."""

    tokens: int

    @property
    def slots(self) -> int:
        """Places for pieces."""
        return -(-self.tokens // _ROWS_PER_SLOT)


@dataclass(frozen=True)
class Batch:
    """`pieces` are the numbers of its pieces, longest first; piece i has rows ends[i]:ends[i+1].

    `ids` and `positions` (from 0 in each piece) have a row per token; `ends` has `slots + 1`
    entries, those past the last piece repeat its end.
    """

    ids: npt.NDArray[np.int64]
    positions: npt.NDArray[np.int64]
    ends: npt.NDArray[np.int32]
    pieces: _Longs

    @property
    def lengths(self) -> npt.NDArray[np.int32]:
        """Of its pieces."""
        return np.diff(self.ends[: len(self.pieces) + 1])


def batches(tokens: Tokens, shape: Shape) -> Iterator[Batch]:
    """All pieces, each in one batch; every batch takes the longest that still fits."""
    starts = tokens.starts
    for pieces in _plan(tokens.lengths, shape):
        yield _fill(tokens, starts, pieces, shape)


def _plan(lengths: npt.NDArray[np.int32], shape: Shape) -> Iterator[_Longs]:
    order = np.argsort(lengths, kind="stable")
    by_length = [list(map(int, part)) for part in _split(order, lengths)]
    sizes = [int(lengths[part[0]]) for part in by_length]
    left = len(lengths)
    while left:
        chosen: list[int] = []
        room = shape.tokens
        at = len(sizes) - 1
        while len(chosen) < shape.slots and at >= 0:
            if sizes[at] > room or not by_length[at]:
                at = min(at - 1, int(np.searchsorted(sizes, room, side="right")) - 1)
                continue
            chosen.append(by_length[at].pop())
            room -= sizes[at]
        left -= len(chosen)
        yield np.array(chosen, np.int64)


def _split(order: _Longs, lengths: npt.NDArray[np.int32]) -> list[_Longs]:
    """The order in parts of equal length."""
    if not len(order):
        return []
    steps = np.flatnonzero(np.diff(lengths[order])) + 1
    return np.split(order, steps)


def _fill(tokens: Tokens, starts: _Longs, pieces: _Longs, shape: Shape) -> Batch:
    lengths = tokens.lengths[pieces].astype(np.int64)
    ends = np.zeros(shape.slots + 1, np.int32)
    ends[1 : len(pieces) + 1] = np.cumsum(lengths)
    ends[len(pieces) + 1 :] = ends[len(pieces)]
    used = int(ends[len(pieces)])
    positions = np.zeros(shape.tokens, np.int64)
    positions[:used] = np.arange(used) - np.repeat(ends[: len(pieces)], lengths)
    ids = np.zeros(shape.tokens, np.int64)
    ids[:used] = tokens.ids[np.repeat(starts[pieces], lengths) + positions[:used]]
    return Batch(ids, positions, ends, pieces)
