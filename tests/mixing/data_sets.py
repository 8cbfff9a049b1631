"""Small data set folders as a mix writes them."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq


def write_data_set(
    folder: Path, rows: Sequence[int], *, group_rows: int = 1024, texts: Sequence[str] = ()
) -> Path:
    """Files of so many rows; texts are those given, by turns, behind the row's number."""
    folder.mkdir(parents=True, exist_ok=True)
    files, first = [], 0
    for number, count in enumerate(rows):
        path = f"shard-{number:06d}-{number:016x}.parquet"
        pq.write_table(
            _rows(first, count, texts), folder / path, row_group_size=group_rows, compression="zstd"
        )
        files.append(describe(folder, path, count))
        first += count
    (folder / "_manifest.json").write_text(json.dumps({"name": "small", "files": files}))
    return folder


def describe(folder: Path, path: str, rows: int) -> dict[str, object]:
    content = (folder / path).read_bytes()
    sha256 = hashlib.sha256(content).hexdigest()
    return {"path": path, "rows": rows, "tokens": 0, "bytes": len(content), "sha256": sha256}


def _rows(first: int, count: int, texts: Sequence[str]) -> pa.Table:
    numbers = range(first, first + count)
    columns = {
        "doc_id": [f"{number:032x}" for number in numbers],
        "domain": [("general", "math", "code")[number % 3] for number in numbers],
        "text": [
            f"{number} {texts[number % len(texts)]}" if texts else f"text {number}"
            for number in numbers
        ],
        "tokens": pa.array([number % 100 for number in numbers], pa.int32()),
        "epoch": pa.array([0] * count, pa.int16()),
    }
    return pa.table(columns)


def number_of(row: dict[str, object]) -> int:
    """The number of a row of such a data set, counted over all of its files."""
    return int(str(row["doc_id"]), 16)
