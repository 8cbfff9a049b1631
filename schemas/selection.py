"""`selection/`: the records of WARC files that an index says are wanted; one file per split."""

from __future__ import annotations

import pyarrow as pa

from schemas.arrow import Column, Table

SELECTION = Table(
    "selection",
    (
        Column("file", pa.string(), "URI of the WARC file", False),
        Column("offset", pa.int64(), "byte at which the record starts", False),
        Column("length", pa.int64(), "bytes of the record in the file", False),
    ),
)
