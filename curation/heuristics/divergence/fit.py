"""Fits a reference to pages."""
from __future__ import annotations
from collections.abc import Iterable, Mapping
from pathlib import Path
from typing import Any
import pyarrow as pa
import pyarrow.parquet as pq
from schemas.reference import REFERENCE


def write_reference(path: Path, rows: Iterable[Mapping[str, Any]]) -> None:
    """Writes a reference; words that follow each other are alike, so they pack well."""
    table = pa.Table.from_batches([REFERENCE.batch(dict(row) for row in rows)])
    pq.write_table(
        table,
        path,
        compression="zstd",
        compression_level=19,
        row_group_size=REFERENCE.row_group_rows,
        use_dictionary=False,
        column_encoding={"words.list.element": "DELTA_BYTE_ARRAY"},
        store_schema=False,
    )
