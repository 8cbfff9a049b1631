"""Matrices of fastText's binary format, dense or quantised, left in the file until rows are asked.

Source: `DenseMatrix`, `QuantMatrix` and `ProductQuantizer` of fastText 0.9.2.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from classifiers.fasttext_reader import Reader
from curation.arrow_text import Bytes

Floats = npt.NDArray[np.float32]
_FLOAT, _CODE = np.dtype("<f4"), np.dtype(np.uint8)
_CENTROIDS = 256


@dataclass(frozen=True)
class Dense:
    """Floats, perhaps not aligned."""

    values: Floats

    def __len__(self) -> int:
        return len(self.values)

    def rows(self, first: int, last: int) -> Floats:
        """A copy of some."""
        return self.values[first:last].astype(np.float32)


@dataclass(frozen=True)
class Quantised:
    """Row i joins, of each codebook c, the centroid `codes[i, c]`, times the row's norm."""

    codes: Bytes
    codebooks: list[Floats]
    norm_codes: Bytes | None
    norms: Floats

    def __len__(self) -> int:
        return len(self.codes)

    def rows(self, first: int, last: int) -> Floats:
        """Some, computed."""
        codes = self.codes[first:last]
        found = [book[codes[:, number]] for number, book in enumerate(self.codebooks)]
        joined = np.concatenate(found, axis=1)
        if self.norm_codes is not None:
            joined *= self.norms[self.norm_codes[first:last]]
        return joined


Matrix = Dense | Quantised


def read_matrix(reader: Reader, rows: int, columns: int, *, quantised: bool) -> Matrix:
    """The matrix of that shape; raises `ValueError` where it has another."""
    has_norms = quantised and reader.flag("whether norms are quantised")
    reader.within("rows of the matrix", rows, rows, long=True)
    reader.within("columns of the matrix", columns, columns, long=True)
    if not quantised:
        return Dense(reader.array("matrix", _FLOAT, rows * columns).reshape(rows, columns))
    size = reader.within("codes of the matrix", rows, rows * columns)
    codes = reader.array("codes of the matrix", _CODE, size)
    codebooks = _codebooks(reader, columns)
    if size != rows * len(codebooks):
        raise reader.error(f"{rows * len(codebooks)} codes", str(size))
    norm_codes, norms = None, np.empty((0, 1), np.float32)
    if has_norms:
        norm_codes = reader.array("codes of norms", _CODE, rows)
        (norms,) = _codebooks(reader, 1)
    return Quantised(codes.reshape(rows, len(codebooks)), codebooks, norm_codes, norms)


def _codebooks(reader: Reader, columns: int) -> list[Floats]:
    """One of shape (256, width) for each part of a row; the last may be narrower."""
    reader.within("dimensions of the quantiser", columns, columns)
    parts = reader.within("parts of a quantised row", 1, columns)
    width = reader.within("width of a part", 1, columns)
    last = columns - (parts - 1) * width
    if not 1 <= last <= width:
        raise reader.error(f"a width that makes {columns} columns of {parts} parts", str(width))
    reader.within("width of the last part", last, last)
    values = reader.array("centroids", _FLOAT, columns * _CENTROIDS).astype(np.float32)
    ends = [*range(width, columns, width), columns]
    return [
        values[(end - (last if end == columns else width)) * _CENTROIDS : end * _CENTROIDS].reshape(
            _CENTROIDS, -1
        )
        for end in ends
    ]
