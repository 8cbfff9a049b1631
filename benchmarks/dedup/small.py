"""Small runs: documents and their keys as the split pass leaves them, written from texts."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa

from curation.dedup.config import DedupConfig
from curation.dedup.keys import keys_batch
from curation.ingest.urls import hash64
from curation.parts import Parts, plan_parts
from curation.splits import ROW_BITS
from curation.tables import write_file
from schemas.arrow import with_columns
from schemas.document import DOCUMENT
from schemas.keys import KEYS


def write_run(
    folder: Path,
    texts: Sequence[str],
    config: DedupConfig,
    *,
    splits: int = 1,
    languages: Sequence[str] = ("en",),
) -> Parts:
    """The parts of a run of these texts, dealt out to so many splits; languages take turns.

    Text number i has the doc_id i, in hex.
    """
    files = {}
    for split in range(splits):
        numbers = range(split, len(texts), splits)
        rows: list[dict[str, Any]] = [
            {
                "doc_id": f"{number:032x}",
                "position": (split << ROW_BITS) + row,
                "order_key": hash64(str(number)),
                "input": "crawl",
                "file": "texts",
                "url": f"https://example.org/{number}",
                "text": texts[number],
                "language": languages[number % len(languages)],
            }
            for row, number in enumerate(numbers)
        ]
        rows.sort(key=lambda row: (row["order_key"], row["doc_id"]))
        documents = DOCUMENT.batch(rows)
        known = {
            "drop_reason": pa.nulls(len(rows), pa.string()),
            "url_hash": pa.array([hash64(row["url"]) for row in rows], pa.int64()),
        }
        keys = keys_batch(with_columns(documents, known), config)
        files[split] = [
            write_file(str(folder), f"{split:06d}-x-0", table, pa.Table.from_batches([batch]))
            for table, batch in ((DOCUMENT, documents), (KEYS, keys))
        ]
    return plan_parts(str(folder), files, dict.fromkeys(files, "crawl"), KEYS)


def number_of(doc_ids: Sequence[str]) -> np.ndarray[tuple[int], np.dtype[np.int64]]:
    """Which texts these are."""
    return np.array([int(name, 16) for name in doc_ids], np.int64)
