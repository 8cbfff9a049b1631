"""Cuts a stream of documents' tokens into sequences of one length, with documents' borders kept.

A sequence comes with its cumulative lengths, as FlashAttention's `cu_seqlens` wants them: 0, where
each document in it ends, and the sequence's length.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int64]
Tokens = npt.NDArray[np.uint16] | npt.NDArray[np.uint32]


@dataclass(frozen=True)
class Cut:
    """Sequences (a row each); `counts` says how many of the `borders` each has."""

    tokens: Tokens
    borders: npt.NDArray[np.int32]
    counts: Ints


class Cutter:
    """Takes documents, gives full sequences; holds less than one sequence beside what it takes."""

    def __init__(self, length: int, dtype: npt.DTypeLike) -> None:
        self._length = length
        self.rest: Tokens = np.empty(0, dtype)
        """Tokens that fill no sequence yet."""
        self.ends: Ints = np.empty(0, np.int64)
        """Where documents end in them."""

    def add(self, documents: Sequence[npt.NDArray[np.generic]]) -> Cut:
        """Takes the tokens of documents, none of them empty."""
        dtype = self.rest.dtype
        stream = np.concatenate([self.rest, *(ids.astype(dtype) for ids in documents)])
        lengths = np.array([len(ids) for ids in documents], np.int64)
        return self._cut(stream, np.concatenate([self.ends, len(self.rest) + np.cumsum(lengths)]))

    def fill(self, token: int) -> Cut:
        """The last sequence, filled up with a token; what fills it has borders of its own."""
        missing = self._length - len(self.rest)
        return self.add([np.full(missing, token)])

    def _cut(self, stream: Tokens, ends: Ints) -> Cut:
        full = len(stream) // self._length
        whole = full * self._length
        self.rest, self.ends = stream[whole:], ends[ends > whole] - whole
        return Cut(stream[:whole].reshape(full, self._length), *_borders(ends, full, self._length))


def _borders(ends: Ints, full: int, length: int) -> tuple[npt.NDArray[np.int32], Ints]:
    starts = np.arange(full + 1) * length
    inside = np.setdiff1d(ends[ends < starts[-1]], starts)
    of = inside // length
    # Sorted by sequence and place, with 0 and `length` of each around those inside.
    sequence = np.concatenate([np.arange(full), of, np.arange(full)])
    place = np.concatenate([np.zeros(full, int), inside - of * length, np.full(full, length)])
    order = np.lexsort((place, sequence))
    return place[order].astype(np.int32), np.bincount(sequence, minlength=full)
