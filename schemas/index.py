"""Tables of an index of earlier crawls: what of `keys/` a later crawl is compared with.

`keys/RUN-NNNNNN.parquet` has rows by doc_id: the documents that are still in, and of the pages that
are not the newest version of each URL, without text hash, signature and language. The files of a
run are equal ranges of doc_ids.
"""

from __future__ import annotations

import pyarrow as pa

from schemas.arrow import Column, Table
from schemas.keys import KEYS

_NAMES = (
    *("doc_id", "drop_reason", "language", "is_version", "url_hash", "fetched_at", "curated"),
    *("row_hash", "text_bytes", "text_hash", "signature", "cheap_quality"),
)
GONE = "verdict"
"""In place of a drop reason, of a document that a verdict dropped."""
INDEXED = Table(
    KEYS.name,
    (
        Column("position", pa.int64(), "file and row", False),
        *(column for column in KEYS.columns if column.name in _NAMES),
    ),
)
