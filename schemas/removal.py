"""`removals/`: the record of pages that were taken down: which, by what command, and from where.

Files are named `FIRST-LAST-...` after splits and sorted by `position`, as those of `verdicts/` are.
A page is taken down once: asked for again, it has no second row, unless it was only superseded.
`returned/` has the pages that came back in place of others.
"""

from __future__ import annotations

import pyarrow as pa

from schemas.arrow import UTC_TIME, Column, Table

IN_SHARDS = "shards"
"""What a page was that had no reason to go."""
REMOVAL = Table(
    "removals",
    (
        Column("removal", pa.int32(), "number of the take-down in this run: 1, 2, ...", False),
        Column("position", pa.int64(), "the page", False),
        Column("doc_id", pa.string(), "the page", False),
        Column("input", pa.string(), "name of the recipe's input", False),
        Column("asked", pa.string(), "'doc_id ...', 'url ...' or 'host ...', as given", False),
        Column("was", pa.string(), "until then: 'shards', or its drop reason", False),
        Column(
            *("shards", pa.list_(pa.string())),
            "names of those that held it, several where it was there repeatedly; empty: none did",
            nullable=False,
        ),
        Column("superseded", pa.bool_(), "it keeps others out still, and none comes back", False),
        Column("taken_at", UTC_TIME, "when the command was given", False),
    ),
)
RETURNED = Table(
    "returned",
    (
        Column("removal", pa.int32(), "number of the take-down after which it came back", False),
        Column("position", pa.int64(), "the document", False),
        Column("doc_id", pa.string(), "the document", False),
        Column("input", pa.string(), "name of the recipe's input", False),
        Column("was", pa.string(), "its drop reason until then", False),
    ),
)
