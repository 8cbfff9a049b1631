"""What an encoder said of documents: scores in; documents or keys with these as columns out.

A score counts for the text that was read: of a document that has lost other lines since, by a
take-down, it does not.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import xxhash

from schemas.arrow import with_columns
from schemas.score import SCORE

_OF_DOCUMENT = ("position", "doc_id", "lines_hash")
SCORED = frozenset(SCORE.arrow.names) - {*_OF_DOCUMENT}
"""The columns that `add_scores` appends."""


def lines_hashes(dropped: pa.BinaryArray) -> pa.Int64Array:
    """64 bits, as signed, of each bitmap of dropped lines; null where none are."""
    digests = [
        None if bits is None else xxhash.xxh3_64_intdigest(bits) for bits in dropped.to_pylist()
    ]
    return pa.array(digests, pa.uint64()).view(pa.int64())


def add_scores(
    batch: pa.RecordBatch, scores: pa.Table, columns: Sequence[str], lines_read: pa.BinaryArray
) -> pa.RecordBatch:
    """Documents or keys with `position`, with `columns` of their scores; null where there is none.

    `scores` are rows of `scores/`, sorted by position; `lines_read` are the lines that had gone of
    each document when it was to be read.
    """
    at = rows_of(batch.column("position"), lines_read, scores)
    found = {name: scores[name].combine_chunks().take(at) for name in columns}
    return with_columns(batch, found)


def rows_of(
    positions: pa.Int64Array, lines_read: pa.BinaryArray, scores: pa.Table
) -> pa.Int64Array:
    """For each document the row of its score; null where there is none."""
    wanted = _pairs(positions, lines_hashes(lines_read))
    known = _pairs(scores["position"].combine_chunks(), scores["lines_hash"].combine_chunks())
    return pc.index_in(wanted, value_set=known).cast(pa.int64())


def _pairs(positions: pa.Int64Array, hashes: pa.Int64Array) -> pa.FixedSizeBinaryArray:
    """Both, and whether there is a hash, as bytes that are equal where these are."""
    pairs = np.zeros((len(positions), 3), np.int64)
    pairs[:, 0] = positions.to_numpy()
    pairs[:, 1] = hashes.fill_null(0).to_numpy()
    pairs[:, 2] = hashes.is_valid().to_numpy(zero_copy_only=False)
    return pa.FixedSizeBinaryArray.from_buffers(
        pa.binary(24), len(pairs), [None, pa.py_buffer(pairs)]
    )
