"""Made documents, and parts of a run that has them."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

from pyspark import Broadcast
from pyspark.sql import SparkSession

from curation.parts import Parts
from curation.tables import TableWriter
from curation.token_counts.known import TokenCounts
from schemas.document import DOCUMENT
from schemas.keys import KEYS


def documents(number: int, seed: int = 1) -> list[dict[str, Any]]:
    """Rows of `documents`, with equal order keys among them."""
    dice = random.Random(seed)
    return [
        {
            "doc_id": f"{index:032x}",
            "position": (index % 5) << 32 | index,
            "order_key": dice.choice([dice.randrange(-(2**63), 2**63), 7]),
            "input": "crawl",
            "file": "f",
            "text": "x" * dice.randrange(1, 100),
        }
        for index in range(number)
    ]


def parts_of(
    spark: SparkSession, folder: Path, rows: list[dict[str, Any]], *, splits_of_part: int = 5
) -> Broadcast[Parts]:
    """Their keys in files of their splits, and their documents, two files each, in any order."""
    files: dict[int, list[dict[str, Any]]] = {}
    for split in range(5):
        mine = [row for row in rows if row["position"] >> 32 == split]
        keys = TableWriter(str(folder), f"{split:06d}", KEYS)
        keys.add(KEYS.batch([_key(row) for row in mine]))
        files[split] = keys.close()
        for part in range(2):
            writer = TableWriter(
                str(folder), f"{split:06d}-{part}", DOCUMENT, sort_by=("order_key", "doc_id")
            )
            writer.add(DOCUMENT.batch([_document(row) for row in mine[part::2]]))
            files[split] += writer.close()
    firsts = [*range(0, 5, splits_of_part), 5]
    counts = TokenCounts(str(folder), in_keys=True)
    inputs = dict.fromkeys(range(5), "crawl")
    parts = Parts(str(folder), firsts, files, inputs, counts=counts)
    return spark.sparkContext.broadcast(parts)


def _document(row: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in row.items() if name in DOCUMENT.arrow.names}


def _key(row: dict[str, Any]) -> dict[str, Any]:
    known = {name: value for name, value in row.items() if name in KEYS.arrow.names}
    size = len(row["text"])
    facts = {"is_version": True, "curated": False, "row_hash": 0, "text_bytes": size}
    return {"tokens": size, **facts, **known}
