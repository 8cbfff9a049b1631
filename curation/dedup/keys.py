"""Keys: pages in, with their text while it is hot, narrow rows of `keys/` out."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from curation.ingest.urls import hash64
from schemas.drop_reason import TECHNICAL
from schemas.keys import KEYS


def keys_batch(batch: pa.RecordBatch) -> pa.RecordBatch:
    """One row of `KEYS` per row of `batch`, which is documents or rejects."""
    texts, url_keys = batch.column("text"), batch.column("url_key")
    reasons = batch.column("drop_reason")
    technical = pc.is_in(reasons, pa.array(sorted(TECHNICAL), pa.string()))
    known = {
        "is_version": pc.invert(technical),
        "url_hash": _hash(url_keys),
        "text_hash": _hash(texts),
        "text_bytes": pc.binary_length(texts).cast(pa.int64()),
    }
    for name, values in known.items():
        batch = batch.append_column(name, values)
    return KEYS.conform(batch)


def _hash(values: pa.StringArray) -> pa.Array:
    hashes = [None if value is None else hash64(value) for value in values.to_pylist()]
    return pa.array(hashes, pa.int64())
