"""`scores/`: what an encoder says of documents that were still in: a row per document it read.

One file per split, or more after take-downs; ordered by `position`. The encoder has not seen lines
that were dropped from a text. After a take-down a document may be there twice, read without other
lines: `lines_hash` says which row is of the text as it is now.
"""

from __future__ import annotations

import pyarrow as pa

from schemas.arrow import Column, Table

ENCODER_QUALITY = Column(
    "encoder_quality", pa.float32(), "0..1; null where the head does not know the language"
)
SCORE = Table(
    "scores",
    (
        Column("position", pa.int64(), "the document", False),
        Column("doc_id", pa.string(), "the document", False),
        Column("lines_hash", pa.int64(), "of `dropped_lines` that it was read without; null: all"),
        Column("n_tokens", pa.int32(), "that were read; 0: it could not be tokenised", False),
        ENCODER_QUALITY,
        Column("encoder_code", pa.float32(), "0..1: that the page is code"),
        Column("encoder_math", pa.float32(), "0..1: that it is mathematics and reasoning"),
        Column("encoder_topic", pa.string(), "a label of the head of topics"),
        Column("encoder_topic_score", pa.float32(), "the label's probability, 0..1"),
        Column("embedding", pa.binary(), "a signed byte per dimension: 127 times a unit vector"),
    ),
)
"""`embedding` is null unless pages of like meaning are looked for."""
