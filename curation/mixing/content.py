"""What is in a shard, as a number: equal for shards of the same bytes, whatever made them."""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import xxhash

from curation.arrow_text import Hashes, Ints
from curation.dedup.buckets import mixed
from curation.dedup.doc_ids import halves


def content_of(keys: pa.RecordBatch, epochs: Ints) -> Hashes:
    """64 bits per page of what a shard has of it, when it is there for the time `epochs` says.

    `keys` have doc_id, `row_hash`, `dropped_lines`, the bitmap of lines that a page loses, and
    `encoder_quality`.
    """
    ids = halves(keys.column("doc_id"))
    row_hashes = keys.column("row_hash").to_numpy().view(np.uint64)
    found = _fold(_fold(ids[:, 0], ids[:, 1]), row_hashes)
    dropped = keys.column("dropped_lines")
    rows = np.flatnonzero(dropped.is_valid().to_numpy(zero_copy_only=False))
    bitmaps = dropped.drop_null().to_pylist()
    lines = np.array([xxhash.xxh3_64_intdigest(bits) for bits in bitmaps], np.uint64)
    found[rows] = _fold(found[rows], lines)
    scores = keys.column("encoder_quality")
    rows = np.flatnonzero(scores.is_valid().to_numpy(zero_copy_only=False))
    bits = scores.drop_null().to_numpy().view(np.uint32)
    found[rows] = _fold(found[rows], ~bits.astype(np.uint64))
    rows = np.flatnonzero(epochs)
    found[rows] = _fold(found[rows], epochs[rows].astype(np.uint64))
    return found


def _fold(hashes: Hashes, more: Hashes) -> Hashes:
    return mixed((mixed(hashes.view(np.int64)) ^ more).view(np.int64))


def combined(contents: Hashes, starts: Ints) -> Hashes:
    """Of each run of pages, which begin at `starts`: the same in any order of its pages."""
    together: Hashes = np.bitwise_xor.reduceat(contents, starts)  # no two entries are equal
    return together
