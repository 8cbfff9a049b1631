"""`hosts/` and `sites/`: what a run found out of each host and registrable domain, a row for each.

Pages without a host are in neither. `curate lists update` takes the hosts that have a
`drop_reason` for a block list.
"""

from __future__ import annotations

import pyarrow as pa

from schemas.arrow import Column, Table

_REASON = pa.struct([pa.field("reason", pa.string(), False), pa.field("pages", pa.int64(), False)])
_COUNTED = (
    Column("pages", pa.int64(), "of all that were read, kept or rejected", False),
    Column("documents", pa.int64(), "of these, that passed every rule for pages", False),
    Column("duplicates", pa.int64(), "documents that deduplication dropped", False),
    Column("rejects", pa.list_(_REASON), "pages by the reason that rejected them", False),
    Column("reject_rate", pa.float64(), "rejected pages, of pages", False),
    Column("duplicate_rate", pa.float64(), "duplicates, of documents; null without documents"),
    Column("pii_looked_at", pa.int64(), "pages that were looked at for personal data", False),
    Column("pii_pages", pa.int64(), "of these, heavy in it", False),
    Column("pii_rate", pa.float64(), "of these, the share; null where none was looked at"),
    Column("pii_rate_lower", pa.float64(), "lower bound of the rate, one-sided"),
    Column("unsafe_looked_at", pa.int64(), "pages that were looked at for safety", False),
    Column("unsafe_pages", pa.int64(), "of these, unsafe", False),
    Column("unsafe_rate", pa.float64(), "of these, the share; null where none was looked at"),
    Column("unsafe_rate_lower", pa.float64(), "lower bound of the rate, one-sided"),
)

HOST = Table(
    "hosts",
    (
        Column("host", pa.string(), "full host name", False),
        Column("site", pa.string(), "registrable domain"),
        *_COUNTED,
        Column("drop_reason", pa.string(), "why all its documents go; null: it stays"),
    ),
)
SITE = Table(
    "sites",
    (
        Column("site", pa.string(), "registrable domain"),
        Column("hosts", pa.int64(), "different hosts in it", False),
        *_COUNTED,
    ),
)
