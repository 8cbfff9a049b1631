"""`cuts/`: what rules for lines took out of the documents that stay: a row per line.

`line` counts from 0 in the text as it was extracted. As much text is kept as of rejects.
"""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from schemas.arrow import Column, Table

CUT = Table(
    "cuts",
    (
        Column("position", pa.int64(), "the document", False),
        Column("doc_id", pa.string(), "the document", False),
        Column("line", pa.int32(), "of the text as it was extracted, from 0", False),
        Column("reason", pa.string(), "the first rule that the line failed", False),
        Column("whole", pa.bool_(), "false where a part of the line stays", False),
        Column("text", pa.string(), "what was cut"),
    ),
)
OF_PAGE = pa.list_(
    pa.struct([field for field in CUT.arrow if field.name not in ("position", "doc_id")])
)
"""The cuts of one page, as the batch functions hand them on."""


def cut_rows(batch: pa.RecordBatch) -> pa.RecordBatch:
    """The rows of `cuts/` that a batch of documents with a column `cuts` brings along."""
    cuts = batch.column("cuts")
    pages = pc.list_parent_indices(cuts)
    columns = {name: batch.column(name).take(pages) for name in ("position", "doc_id")}
    values = cuts.flatten()
    columns.update(zip(OF_PAGE.value_type.names, values.flatten(), strict=True))
    return CUT.conform(pa.RecordBatch.from_pydict(columns))
