"""`manifest.json`: written last; names every file that counts, with rows, bytes and checksum."""

from __future__ import annotations

import pyarrow as pa

from schemas.arrow import Column, Table

MANIFEST = Table(
    "manifest",
    (
        Column("table", pa.string(), "documents, rejects, keys, verdicts, shards, ledger", False),
        Column("path", pa.string(), "relative to the run's folder", False),
        Column("rows", pa.int64(), "rows in the file", False),
        Column("bytes", pa.int64(), "size of the file", False),
        Column("sha256", pa.string(), "of the file, hex", False),
    ),
)
