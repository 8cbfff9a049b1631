"""Keys as they move between tasks: numbers only, with room for what will be found."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from curation.dedup.config import Criterion
from curation.dedup.doc_ids import halves
from curation.dedup.found import UNKNOWN
from curation.dedup.order import columns, rank_names, with_ranks

_READ = (
    *("position", "doc_id", "drop_reason", "is_version", "url_hash", "fetched_at"),
    *("curated", "row_hash", "text_hash"),
)
_LEAST = np.iinfo(np.int64).min


def read_columns(keep: Sequence[Criterion]) -> list[str]:
    """The columns of keys that candidates are made of."""
    return list(dict.fromkeys([*_READ, *columns(keep)]))


def candidates(keys: pa.RecordBatch, keep: Sequence[Criterion], *, earlier: bool) -> pa.RecordBatch:
    """A row per key: of this run, or of an `earlier` one.

    `group` is where versions of a page and repeats of a record meet: equal doc_ids have equal URLs.
    A missing time is before any.
    """
    ids, rows = halves(keys.column("doc_id")), keys.num_rows
    url, text = keys.column("url_hash"), keys.column("text_hash")
    has_url = url.is_valid()
    group = np.where(_numpy(has_url), _numpy(url.fill_null(0)), ids[:, 0].astype(np.int64))
    ranked = with_ranks(keys, keep)
    return pa.RecordBatch.from_pydict(
        {
            "group": pa.array(group),
            "has_url": has_url,
            "position": keys.column("position"),
            "high": pa.array(ids[:, 0]),
            "low": pa.array(ids[:, 1]),
            "kept": keys.column("drop_reason").is_null(),
            "is_version": keys.column("is_version"),
            "earlier": pa.array(np.full(rows, earlier)),
            "fetched_at": keys.column("fetched_at").cast(pa.int64()).fill_null(_LEAST),
            "curated": keys.column("curated"),
            "row_hash": keys.column("row_hash"),
            "has_text": text.is_valid(),
            "text_hash": text.fill_null(0),
            **{name: ranked.column(name) for name in rank_names(keep)},
            **{name: _zeros(rows, kind) for name, kind in UNKNOWN.items()},
        }
    )


def _numpy(values: pa.Array) -> npt.NDArray[Any]:
    return values.to_numpy(zero_copy_only=False)


def _zeros(rows: int, kind: pa.DataType) -> pa.Array:
    return pa.array(np.zeros(rows, kind.to_pandas_dtype()))
