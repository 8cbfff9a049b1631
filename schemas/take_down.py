"""`take_downs/`: pages of earlier runs that gave way to others (`dedup.old_wins: false`).

A run judges its own pages alone, so nothing becomes of these here. `take_down_lists/RUN.txt` has
the doc_ids of those of one run, one a line.
"""

from __future__ import annotations

import pyarrow as pa

from schemas.arrow import Column, Table

TAKE_DOWN = Table(
    "take_downs",
    (
        Column("run", pa.string(), "id of the earlier run that has the document", False),
        Column("doc_id", pa.string(), "the document", False),
        Column("position", pa.int64(), "as in clusters/: behind those of this run", False),
        Column("drop_reason", pa.string(), "why it gave way", False),
        Column("keeper", pa.string(), "doc_id of the page it gave way to, itself kept or not"),
        Column("keeper_run", pa.string(), "id of the earlier run that has that; null: this one"),
        Column("similarity", pa.float32(), "Jaccard, as verified, of a near-duplicate to it"),
    ),
)
