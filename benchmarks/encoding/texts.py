"""Texts to measure with: of JSON lines (`text`), or of a Parquet file's column `text`."""

from __future__ import annotations

import json
from pathlib import Path


def read_texts(path: Path, most: int | None) -> list[str]:
    """Those that are not empty, in their order."""
    if path.suffix == ".parquet":
        import pyarrow.parquet as pq  # not needed where texts come as JSON lines

        found = pq.read_table(path, columns=["text"]).column("text").to_pylist()
    else:
        with path.open(encoding="utf-8") as lines:
            found = [json.loads(line)["text"] for line in lines]
    return [text for text in found if text][:most]
