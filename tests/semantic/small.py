"""A small run: pages as literal rows in keys and scores of some splits."""

from __future__ import annotations

import random
from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Any

import pyarrow as pa
from pyspark.sql import SparkSession

from curation.parts import Files, Parts
from curation.semantic.config import SemanticConfig
from curation.semantic.stage import SemanticDuplicates, find_semantic_duplicates
from curation.tables import TableWriter, read_file, write_file
from schemas.arrow import Table
from schemas.keys import KEYS
from schemas.score import SCORE

SPLITS = 6
Row = dict[str, Any]


def page(name: int, vector: Sequence[int] | None, **values: Any) -> Row:
    """The page whose doc_id is this number, with what keys and scores say of it."""
    embedding = None if vector is None else bytes(value % 256 for value in vector)
    return {
        "doc_id": f"{name:032x}",
        "position": (name * 7 % SPLITS) << 32 | name,
        "order_key": 0,
        "input": "crawl",
        "is_version": True,
        "curated": False,
        "row_hash": 0,
        "n_tokens": 9,
        "embedding": embedding,
        **values,
    }


def crowd(number: int) -> list[Row]:
    """Pages around some directions, a third of them equal to others."""
    dice = random.Random(3)
    around = [[dice.randint(-90, 90) for _ in range(8)] for _ in range(12)]
    rows = []
    for name in range(number):
        vector = [value + dice.randint(-15, 15) * (name % 3) for value in dice.choice(around)]
        values: Row = {"encoder_quality": dice.choice([None, 0.1, 0.5]), "quality": dice.random()}
        if name % 25 == 0:
            values |= {"curated": True, "input": "books"}
        rows.append(page(name, vector, **values))
    return rows


def parts_of(folder: Path, rows: list[Row], splits_of_part: int = 1) -> tuple[Parts, Files]:
    """The parts, with the keys; the files of scores, of a page with a vector."""
    files, scores = {}, []
    for split in range(SPLITS):
        here = sorted(
            (row for row in rows if row["position"] >> 32 == split),
            key=lambda row: int(row["position"]),
        )
        writer = TableWriter(str(folder), f"{split:06d}", KEYS)
        writer.add(_batch(KEYS, here))
        files[split] = writer.close()
        scored = pa.Table.from_batches([_batch(SCORE, [r for r in here if r["n_tokens"]])])
        scores.append(write_file(str(folder), f"{split:06d}-{split:06d}-a", SCORE, scored))
    firsts = [*range(0, SPLITS, splits_of_part), SPLITS]
    inputs = dict.fromkeys(range(SPLITS), "crawl")
    return Parts(str(folder), firsts, files, inputs), scores


def find(
    spark: SparkSession,
    folder: Path,
    rows: list[Row],
    config: SemanticConfig,
    *,
    splits_of_part: int = 1,
    verdicts: Files = (),
) -> SemanticDuplicates:
    """What the stage finds among these pages."""
    parts, files = parts_of(folder, rows, splits_of_part)
    parts = Parts(parts.folder, parts.firsts, parts.files, parts.inputs, verdicts)
    shared = spark.sparkContext.broadcast(parts)
    scores = partial(_scores, parts=parts, files=files)
    return find_semantic_duplicates(spark, shared, scores, config, seed=5)


def verdicts_of(folder: Path, found: SemanticDuplicates) -> list[Row]:
    """The rows it wrote, by position."""
    rows = [row for f in found.files for row in read_file(str(folder), f).read().to_pylist()]
    return sorted(rows, key=lambda row: int(row["position"]))


def names_of(folder: Path, found: SemanticDuplicates) -> dict[int, int]:
    """The numbers of pages that went, and each one's keeper's."""
    rows = verdicts_of(folder, found)
    return {int(row["doc_id"], 16): int(row["keeper"], 16) for row in rows}


def _batch(table: Table, rows: list[Row]) -> pa.RecordBatch:
    known = set(table.arrow.names)
    return table.batch({n: v for n, v in row.items() if n in known} for row in rows)


def _scores(part: int, columns: Sequence[str], *, parts: Parts, files: Files) -> pa.Table:
    return parts.rows_on(part, files, SCORE, columns)
