"""`line_audit/`: what deduplication of lines took away, so that the loss can be seen.

Of each language the lines that occurred most often (`frequent`), a row for each, and what the pages
with the highest `cheap_quality` lost (`best_pages`), a row for each line there, the best pages
first. `line_candidates/` are what each part proposes, and are deleted at the end.
"""

from __future__ import annotations

import pyarrow as pa

from schemas.arrow import Column, Table

_COUNTED = (
    Column("count", pa.int64(), "times that the line occurs in its bucket of documents", False),
    Column("documents", pa.int64(), "documents of the bucket that it occurs in", False),
)
LINE_AUDIT = Table(
    "line_audit",
    (
        Column("kind", pa.string(), "frequent or best_pages", False),
        Column("language", pa.string(), "as in documents/"),
        *_COUNTED,
        Column("cheap_quality", pa.float32(), "of best_pages: that of the page"),
        Column("doc_id", pa.string(), "a document that lost it", False),
        Column("line", pa.int32(), "of the document's text, from 0", False),
        Column("text", pa.string(), "the line there, its first 500 characters", False),
    ),
)
CANDIDATE = Table(
    "line_candidates",
    (
        Column("kind", pa.string(), "frequent or best_pages", False),
        Column("language", pa.string(), "as in documents/"),
        Column("key", pa.int64(), "hash of the line with its bucket and language", False),
        *_COUNTED,
        Column("cheap_quality", pa.float32(), "of the page"),
        Column("order_key", pa.int64(), "of the page", False),
        Column("position", pa.int64(), "of the page", False),
        Column("line", pa.int32(), "of the page's text, from 0", False),
    ),
)
