"""What a step found: which of its rows go, why, and for which other row."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from curation.arrow_text import Ints
from schemas.drop_reason import DropReason

_REASONS = (None, *DropReason)
UNKNOWN = {
    "reason": pa.int16(),
    "keeper_high": pa.uint64(),
    "keeper_low": pa.uint64(),
    "keeper_position": pa.int64(),
}
"""Columns that rows have room in for what `with_found` tells; a reason of 0 is none."""


def number_of(reason: DropReason) -> int:
    """How a reason is written while rows move."""
    return _REASONS.index(reason)


def reason_names(numbers: npt.NDArray[np.int16]) -> pa.StringArray:
    """Reasons as they stand in tables."""
    return pa.array(_REASONS, pa.string()).take(pa.array(numbers))


@dataclass(frozen=True)
class Found:
    """Per row: the number of its reason, or 0, and the row that is its keeper."""

    reasons: npt.NDArray[np.int16]
    keepers: Ints

    @staticmethod
    def none(rows: int) -> Found:
        """Every row stays."""
        return Found(np.zeros(rows, np.int16), np.zeros(rows, np.int64))

    def drop(self, rows: Ints, reason: DropReason, keepers: Ints) -> None:
        """These rows go."""
        self.reasons[rows] = number_of(reason)
        self.keepers[rows] = keepers


def with_found(rows: pa.Table, found: Found) -> pa.Table:
    """`rows` with what was found; a row that had a reason before keeps that."""
    new = np.flatnonzero(found.reasons)
    keepers = rows.take(pa.array(found.keepers[new]))
    values = {"reason": found.reasons[new]}
    values |= {name: keepers[name.removeprefix("keeper_")].to_numpy() for name in _OF_KEEPER}
    for name, new_values in values.items():
        column = rows[name].to_numpy().copy()
        column[new] = new_values
        rows = rows.set_column(rows.column_names.index(name), name, pa.array(column))
    return rows


_OF_KEEPER = ("keeper_high", "keeper_low", "keeper_position")
