"""`lines/` of an index: how often each line occurs in the crawls that it is of.

Counted are documents that deduplication of lines looked at. Files are equal ranges of keys, sorted.
"""

from __future__ import annotations

import pyarrow as pa

from schemas.arrow import Column, Table

LINE_COUNT = Table(
    "lines",
    (
        Column("key", pa.uint64(), "hash of bucket, language and line", False),
        Column("count", pa.int64(), "how often it occurs", False),
        Column("documents", pa.int64(), "in how many documents", False),
    ),
    row_group_rows=1 << 16,
)
