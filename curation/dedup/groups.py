"""Rows that share a key, among the rows of one task."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from curation.arrow_text import Ints


def shared(keys: npt.NDArray[Any]) -> Ints:
    """The rows whose key another row has too, those of one key together."""
    order = np.argsort(keys)
    ordered = keys[order]
    same = ordered[1:] == ordered[:-1]
    is_shared = np.zeros(len(keys), bool)
    is_shared[1:] = same
    is_shared[:-1] |= same
    return order[is_shared]


def first_of_each(*keys: npt.NDArray[Any]) -> npt.NDArray[np.bool_]:
    """Of rows that are sorted by `keys`, which begins with a new one."""
    begins = np.ones(len(keys[0]), bool)
    if len(begins):
        begins[1:] = np.any([key[1:] != key[:-1] for key in keys], axis=0)
    return begins


def owner(begins: npt.NDArray[np.bool_]) -> Ints:
    """For each row, the row that its group begins with."""
    return np.maximum.accumulate(np.where(begins, np.arange(len(begins)), 0))
