"""Who stays: a total order of pages, by the recipe's criteria and at last by doc_id."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import pyarrow as pa

from curation.arrow_text import Ints
from curation.dedup.config import Criterion
from schemas.arrow import with_columns

_LEAST = np.iinfo(np.int64).min
_STEPS = 1 << 24  # a float32 in 0..1 has no more between .5 and 1
_COLUMN: Mapping[Criterion, str] = {
    "curated": "curated",
    "newest": "fetched_at",
    "longest": "text_bytes",
    "cheap_quality": "cheap_quality",
}


def columns(keep: Sequence[Criterion]) -> list[str]:
    """The columns of keys that the order is made of."""
    return [_COLUMN[criterion] for criterion in keep]


def rank_names(keep: Sequence[Criterion]) -> list[str]:
    """The columns that `with_ranks` adds."""
    return [f"rank_{number}" for number in range(len(keep))]


def with_ranks(keys: pa.RecordBatch, keep: Sequence[Criterion]) -> pa.RecordBatch:
    """Keys with an int64 per criterion: of two pages the one with the lower stays; null is last."""
    ranks = [pa.array(~_goodness(keys.column(name)), pa.int64()) for name in columns(keep)]
    return with_columns(keys, dict(zip(rank_names(keep), ranks, strict=True)))


def _goodness(values: pa.Array) -> Ints:
    if pa.types.is_floating(values.type):
        scaled = values.fill_null(-1).to_numpy(zero_copy_only=False).astype(np.float64) * _STEPS
        return np.where(scaled < 0, _LEAST, np.nan_to_num(scaled)).astype(np.int64)
    whole = values.cast(pa.int64()).fill_null(_LEAST)
    numbers: Ints = whole.to_numpy(zero_copy_only=False)
    return numbers
