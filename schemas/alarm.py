"""`alarms/`: inputs, hosts and languages of which deduplication took more than a share."""

from __future__ import annotations

import pyarrow as pa

from schemas.arrow import Column, Table

ALARM = Table(
    "alarms",
    (
        Column("kind", pa.string(), "input, host or language", False),
        Column("name", pa.string(), "which", False),
        Column("pages", pa.int64(), "that came into deduplication", False),
        Column("gone", pa.int64(), "of these, that it dropped", False),
    ),
)
