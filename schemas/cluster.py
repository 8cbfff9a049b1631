"""`clusters/`: pages that are duplicates of one another: which stay, and for whom others went.

A component is connected by pairs that were found equal or similar enough; a page goes only for one
that it is itself similar to, so a component may have several pages that stay. Pages of earlier runs
are in it where pages of this one are similar to them; the splits of their positions are numbered on
behind those of this run.
"""

from __future__ import annotations

import pyarrow as pa

from schemas.arrow import Column, Table

CLUSTER = Table(
    "clusters",
    (
        Column("component", pa.string(), "the first doc_id in it", False),
        Column("doc_id", pa.string(), "the document", False),
        Column("position", pa.int64(), "the document", False),
        Column("run", pa.string(), "id of the earlier run that has it; null: this one"),
        Column("keeper", pa.string(), "doc_id of the page it gave way to; null: it stays"),
        Column("keeper_position", pa.int64(), "that page; null: it stays"),
        Column("similarity", pa.float32(), "Jaccard, as verified, to the keeper; 1: equal text"),
        Column("equal", pa.bool_(), "the keeper's text is the same; null: it stays"),
        Column("size", pa.int64(), "pages in the component", False),
    ),
)
"""Of pages whose text is equal all but one have that one as keeper, whether it stays or not."""
