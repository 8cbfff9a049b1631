"""What models say of texts, a row each, as columns of tables: null where it is NaN."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Scores = npt.NDArray[np.float32]


def floats(found: Scores) -> pa.FloatArray:
    """Scores of one label."""
    return pa.array(found, pa.float32(), mask=np.isnan(found))


def best_labels(labels: Sequence[str], found: Scores) -> tuple[pa.StringArray, pa.FloatArray]:
    """The most probable label of each text, of equal ones the first; and its probability."""
    unknown = np.isnan(found).any(axis=1)
    best = np.where(unknown, 0, np.nan_to_num(found).argmax(axis=1))
    names = pa.array(labels, pa.string()).take(pa.array(best, mask=unknown))
    return names, floats(found[np.arange(len(found)), best])
