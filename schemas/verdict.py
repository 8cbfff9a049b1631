"""`verdicts/`: documents that a stage after the split pass dropped, why, and for whom.

Files are named `FIRST-LAST-...` after the splits whose documents they judge, and sorted by
`position`, so that whoever reads the documents of a split finds its verdicts without the others.
"""

from __future__ import annotations

import pyarrow as pa

from schemas.arrow import Column, Table

VERDICT = Table(
    "verdicts",
    (
        Column("position", pa.int64(), "the document", False),
        Column("doc_id", pa.string(), "the document", False),
        Column("input", pa.string(), "name of the recipe's input", False),
        Column("drop_reason", pa.string(), "why it goes", False),
        Column("keeper", pa.string(), "doc_id of the page it gave way to, itself kept or not"),
        Column("similarity", pa.float32(), "Jaccard, as verified, of a near-duplicate to it"),
        Column("detail", pa.string(), "of a host: '12 of 20 pages, a share of 0.35 at least'"),
    ),
)
