"""`token_counts/`: tokens of documents whose count `keys/` has not: a row per document counted.

These are documents that lost lines since they were counted, or all where the tokenizer was named
later. Files are named `FIRST-LAST-...` after the splits whose documents they count, as verdicts
are, and sorted by `position`. A count is of a given text: `lines_hash` says of which.
"""

from __future__ import annotations

import pyarrow as pa

from schemas.arrow import Column, Table

TOKEN_COUNT = Table(
    "token_counts",
    (
        Column("position", pa.int64(), "the document", False),
        Column("doc_id", pa.string(), "the document", False),
        Column("lines_hash", pa.int64(), "of `dropped_lines` that it was counted without; or null"),
        Column("tokens", pa.int32(), "of what is left of its text", False),
    ),
)
