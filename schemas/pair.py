"""`pairs/`, `members/`, `buckets/`, `met/`: what near-deduplication writes between its steps.

A pair is two pages that were verified as duplicates; `first` comes before `second` in the order of
who stays. A member is a page of a large bucket, in which not all pairs were looked at; those that
are to be looked at stand in `buckets/`. `met/` names planted pages, which only the certificate
knows. All are deleted at the end.
"""

from __future__ import annotations

import pyarrow as pa

from schemas.arrow import Column, Table

PAIR = Table(
    "pairs",
    (
        Column("first", pa.binary(), "doc_id, 16 bytes", False),
        Column("first_position", pa.int64(), "the document", False),
        Column("second", pa.binary(), "doc_id, 16 bytes", False),
        Column("second_position", pa.int64(), "the document", False),
        Column("similarity", pa.float32(), "Jaccard, as verified", False),
        Column("equal", pa.bool_(), "their texts are equal: the second has gone already", False),
    ),
)
MEMBER = Table(
    "members",
    (
        Column("bucket", pa.int64(), "hash that tells it from other buckets", False),
        Column("position", pa.int64(), "the document", False),
        Column("leads", pa.bool_(), "it is similar to no page before it in the bucket", False),
        Column("round", pa.int32(), "in which it was compared", False),
    ),
)
BUCKET = Table("buckets", MEMBER.columns[:2])
MET = Table("met", (Column("number", pa.int64(), "a planted page that met its original", False),))
