"""`verdicts/`: documents that a relational stage dropped after they were written, and for whom."""

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
        Column(
            "keeper", pa.string(), "doc_id of the page it gave way to, itself kept or not", False
        ),
    ),
)
