"""A reference of words: what `curate fit` makes, and what the token-outlier rule compares with."""

from __future__ import annotations

import pyarrow as pa

from schemas.arrow import Column, Table

REFERENCE = Table(
    "reference",
    (
        Column("language", pa.string(), "lid.176 label", False),
        Column("words", pa.list_(pa.string()), "the most frequent ones, in any case", False),
        Column("counts", pa.list_(pa.int64()), "how often each was seen", False),
        Column("total", pa.int64(), "words seen, those that are not listed too", False),
        Column("english_share", pa.float32(), "English words to expect beside them, 0..1", False),
        Column("lengths", pa.list_(pa.int32()), "numbers of words, rising", False),
        Column("limits", pa.list_(pa.float32()), "divergence that a page so long may have", False),
        Column("pages", pa.int64(), "pages that the limits come from", False),
    ),
    row_group_rows=1,
)
