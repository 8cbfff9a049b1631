"""`receipts/`: one small JSON file per finished piece of work: a split, a stage or a shard.

A receipt is put if absent; whoever comes second has lost and its files are garbage. Files that no
receipt names do not exist for any reader.
"""

from __future__ import annotations

import pyarrow as pa

from schemas.arrow import Column, Table
from schemas.ledger import FAULT, LEDGER
from schemas.manifest import MANIFEST

RECEIPT = Table(
    "receipts",
    (
        Column("work", pa.string(), "'split-000012', 'dedup', 'shard-000003-...'", False),
        Column("attempt", pa.string(), "name of the attempt that won", False),
        Column("files", pa.list_(pa.struct(list(MANIFEST.arrow))), "files written", False),
        Column("counts", pa.list_(pa.struct(list(LEDGER.arrow))), "pages per outcome", False),
        Column("faults", pa.list_(pa.struct(list(FAULT.arrow))), "damage in input files", False),
        Column("cpu_s", pa.float64(), "CPU seconds of the attempt in Python", False),
        Column("retries", pa.int64(), "requests to stores that were made again", False),
    ),
)
