"""`layout/`: a row per shard: where it begins in the order of pages, and what is in it.

Pages lie in the order of (`folder`, `order_key`, `doc_id`), one that is there more than once at as
many places; a shard has those from its border up to that of the next one. A take-down leaves
borders where they are, so that a page comes back to its shard.
"""

from __future__ import annotations

import pyarrow as pa

from schemas.arrow import Column, Table

LAYOUT = Table(
    "layout",
    (
        Column("shard", pa.int32(), "its number; a page longer than a shard leaves a gap", False),
        Column(
            "folder", pa.string(), "below shards/: a domain, where domains lie apart, or ''", False
        ),
        Column("order_key", pa.int64(), "its border: of the first page, when it was set", False),
        Column("doc_id", pa.string(), "of the same page", False),
        Column("name", pa.string(), "of its file and receipt; null: a take-down left it empty"),
        Column("rows", pa.int64(), "in the file", False),
        Column("tokens", pa.int64(), "of their texts", False),
        Column("text_bytes", pa.int64(), "length of their text in UTF-8", False),
        Column("removal", pa.int32(), "the take-down that wrote the file; 0: none did", False),
    ),
)
