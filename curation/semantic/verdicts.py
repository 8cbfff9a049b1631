"""Verdicts: pages that go, from any cluster, in; files of verdicts by part, and counts, out."""

from __future__ import annotations

import pyarrow as pa
from pyspark import Broadcast
from pyspark.sql import DataFrame

from curation.parts import Parts
from curation.receipts import Counts, Receipt
from curation.semantic.cluster import GONE
from schemas.drop_reason import DropReason
from schemas.receipt import RECEIPT
from schemas.verdict import VERDICT

_STAGE = "encoder"
_COUNTED = pa.schema([("outcome", pa.string()), ("pages", pa.int64())])
FOUND = pa.schema([("part", pa.int64()), *GONE, *_COUNTED])
"""Pages that go, and in a part behind all others what was counted."""


def write(found: DataFrame, parts: Broadcast[Parts]) -> pa.Table:
    """`FOUND` in; `RECEIPT` rows out: files of verdicts, pages by input, and what was counted."""

    def write_part(rows: pa.Table) -> pa.Table:
        part, counts = rows["part"][0].as_py(), Counts()
        if part == len(parts.value):
            for outcome, pages in zip(*(rows[n].to_pylist() for n in _COUNTED.names), strict=True):
                counts[_STAGE, "", outcome] += pages
            return _receipt(Receipt("counts", _STAGE, [], counts))
        for source in rows["input"].to_pylist():
            counts[_STAGE, source, DropReason.SEMANTIC_DUPLICATE] += 1
        files = parts.value.write(part, VERDICT, _verdicts(rows))
        return _receipt(Receipt(f"part-{part}", _STAGE, files, counts))

    made = found.groupBy("part").applyInArrow(write_part, RECEIPT.spark)
    return made.toArrow().cast(RECEIPT.arrow)


def _receipt(receipt: Receipt) -> pa.Table:
    return pa.Table.from_batches([RECEIPT.batch([receipt.to_row()])])


def _verdicts(gone: pa.Table) -> pa.Table:
    told = zip(gone["keeper"].to_pylist(), gone["cosine"].to_pylist(), strict=True)
    columns = {name: gone[name].combine_chunks() for name in ("position", "doc_id", "input")}
    columns |= {
        "drop_reason": pa.array([str(DropReason.SEMANTIC_DUPLICATE)] * gone.num_rows),
        "keeper": gone["keeper"].combine_chunks(),
        "similarity": gone["cosine"].combine_chunks().cast(pa.float32()),
        "detail": pa.array([f"cosine {cosine:.6f} to {keeper}" for keeper, cosine in told]),
    }
    return pa.Table.from_batches([VERDICT.conform(pa.RecordBatch.from_pydict(columns))])
