"""`rejects/`: the pages that a rule of the split pass dropped: a document's columns and why.

Columns that later stages would have filled are null. The text is kept as the recipe says.
"""

from __future__ import annotations

import pyarrow as pa

from schemas.arrow import Column, Table
from schemas.document import DOCUMENT

WHY = (
    Column("drop_reason", pa.string(), "the first rule that failed, in the order of stages", False),
    Column("failed_rules", pa.list_(pa.string()), "every rule of that stage that failed"),
    Column("detail", pa.string(), "what was seen: '404', 'n_words 12 under 50'"),
)

REJECT = Table("rejects", DOCUMENT.columns + WHY)
