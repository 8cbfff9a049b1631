"""`keys/`: one narrow row per page, kept or rejected: all that deduplication reads."""

from __future__ import annotations

import pyarrow as pa

from schemas.arrow import UTC_TIME, Column, Table
from schemas.document import IDENTITY

KEYS = Table(
    "keys",
    (
        *IDENTITY,
        Column("input", pa.string(), "name of the recipe's input", False),
        Column("drop_reason", pa.string(), "null: the page is in documents/"),
        Column("is_version", pa.bool_(), "false for a fetch that failed technically", False),
        Column("url_hash", pa.int64(), "64-bit hash of url_key, as signed"),
        Column("fetched_at", UTC_TIME, "WARC-Date"),
        Column("curated", pa.bool_(), "from an input with a fixed domain", False),
        Column("text_hash", pa.int64(), "64-bit hash of the text, as signed"),
        Column("row_hash", pa.int64(), "64-bit hash of what shards would hold, as signed", False),
        Column("text_bytes", pa.int64(), "length of the text in UTF-8"),
    ),
)
