"""Vectors of signed bytes, and exact arithmetic on them.

A vector is 127 times a unit vector, rounded. Its products with others are whole numbers, and so is
each partial sum of one; none exceeds the product of the two lengths (Cauchy-Schwarz), some 16,129.
So a product of matrices in float32 has no rounding, and is the same for any library, any number of
threads and any order of sums. Vectors so long that this might not hold are multiplied in float64.
"""

from __future__ import annotations

import math
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from curation.arrow_text import Ints

Bytes = npt.NDArray[np.int8]
"""Shape (vectors, dimensions)."""
_SCALE = 127
_EXACT = 1 << 24  # whole numbers below it float32 holds, and their sums
_SLACK = 1e-6


def bytes_of(vectors: pa.BinaryArray) -> Bytes:
    """Vectors as a matrix; all have as many bytes, and none is null."""
    if not len(vectors):
        return np.empty((0, 0), np.int8)
    offsets = np.frombuffer(vectors.buffers()[1], np.int32)[vectors.offset :]
    data = np.frombuffer(vectors.buffers()[2], np.int8)[offsets[0] : offsets[len(vectors)]]
    return data.reshape(len(vectors), -1)


def quantised(vectors: npt.NDArray[Any]) -> Bytes:
    """127 times vectors of length 1, in the direction of each that is not 0, rounded once.

    Whole numbers must be under 2^53, and their squares sum up to less than 2^63.
    """
    squares = (vectors * vectors).sum(axis=1, keepdims=True)
    lengths = np.sqrt(squares.astype(np.float64))
    return np.rint(_SCALE * vectors / np.where(lengths > 0, lengths, 1)).astype(np.int8)


def squares_of(vectors: Bytes) -> Ints:
    """The square of each vector's length."""
    return np.einsum("ij,ij->i", vectors, vectors, dtype=np.int64)


def nearest(vectors: Bytes, centres: Bytes, *, block_bytes: int = 16 << 20) -> Ints:
    """The number of the centre that each vector is nearest to, of several the lowest.

    Vectors are so many at a time that their distances take `block_bytes` or so.
    """
    squares = squares_of(centres)
    longest = max(squares.max(initial=0), squares_of(vectors).max(initial=0))
    kind = _exact(3 * longest)
    columns, lost = centres.T.astype(kind), squares.astype(kind)
    found = np.empty(len(vectors), np.int64)
    rows = 1 + block_bytes // (columns.itemsize * len(centres))
    for start in range(0, len(vectors), rows):
        # |v - c|² less |v|², with the sign turned; whole numbers under 3 |longest|².
        closeness: npt.NDArray[Any] = vectors[start : start + rows].astype(kind) @ columns
        closeness *= 2
        closeness -= lost
        found[start : start + rows] = closeness.argmax(axis=1)
    return found


def _exact(largest: int) -> npt.DTypeLike:
    """The type that holds whole numbers up to `largest`."""
    return np.float32 if largest < _EXACT else np.float64


class Near(NamedTuple):
    """Pairs of a row of one matrix and one of another, by row and then column."""

    rows: Ints
    columns: Ints
    cosines: npt.NDArray[np.float64]


def near(first: Bytes, second: Bytes, threshold: float) -> Near:
    """The pairs whose cosine is at least `threshold`, which is over 0. No vector is 0."""
    squares, others = squares_of(first), squares_of(second)
    longest = max(squares.max(initial=0), others.max(initial=0))
    kind = _exact(longest)
    products: npt.NDArray[Any] = first.astype(kind) @ second.T.astype(kind)
    shortest = float(squares.min(initial=longest)) * float(others.min(initial=longest))
    rows, columns = np.nonzero(products >= threshold * (1 - _SLACK) * math.sqrt(shortest))
    lengths = np.sqrt((squares[rows] * others[columns]).astype(np.float64))
    cosines = products[rows, columns].astype(np.float64) / lengths
    are = cosines >= threshold
    return Near(rows[are], columns[are], cosines[are])
