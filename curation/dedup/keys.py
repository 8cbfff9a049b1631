"""Keys: pages in, with their text while it is hot, narrow rows of `keys/` out."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from curation.ingest.urls import hash64
from schemas.arrow import with_columns
from schemas.drop_reason import TECHNICAL
from schemas.keys import KEYS


def keys_batch(batch: pa.RecordBatch) -> pa.RecordBatch:
    """One row of `KEYS` per row of `batch`, which is documents or rejects."""
    texts = batch.column("text")
    reasons = batch.column("drop_reason")
    technical = pc.is_in(reasons, pa.array(sorted(TECHNICAL), pa.string()))
    known = {
        "is_version": pc.invert(technical),
        "curated": pc.is_valid(batch.column("domain")),
        "text_hash": _hash(texts),
        "row_hash": _row_hash(batch),
        "text_bytes": pc.binary_length(texts).cast(pa.int64()),
    }
    return KEYS.conform(with_columns(batch, known))


def _row_hash(batch: pa.RecordBatch) -> pa.Array:
    """Equal for rows that would be equal in a shard: the other columns follow from these."""
    names = [name for name in ("url", "title", "text", "domain") if name in batch.schema.names]
    parts = [batch.column(name).fill_null("").to_pylist() for name in names]
    return pa.array([hash64("\0".join(row)) for row in zip(*parts, strict=True)], pa.int64())


def _hash(values: pa.StringArray) -> pa.Array:
    hashes = [None if value is None else hash64(value) for value in values.to_pylist()]
    return pa.array(hashes, pa.int64())
