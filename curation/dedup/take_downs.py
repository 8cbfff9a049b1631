"""Lists of what gave way in earlier runs: `take_downs/` in, a file of doc_ids per run out."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import pyarrow as pa
from pyspark import Broadcast
from pyspark.sql import SparkSession

from curation.parts import Files, Parts
from curation.spark_tables import map_each
from curation.splits import Split
from curation.storage import join, put
from curation.tables import read_file
from schemas.manifest import MANIFEST

LISTS = "take_down_lists"


def write_lists(spark: SparkSession, parts: Parts, files: Files) -> list[dict[str, Any]]:
    """A file for each earlier run that `files` (of `take_downs/`) name pages of.

    What is held is one run's list. Returns the manifest rows.
    """
    of_runs: dict[str, list[Mapping[str, Any]]] = {}
    for file in files:
        split = Split.number_in(file["path"])
        run = next(run for run in reversed(parts.earlier) if run.split <= split)
        of_runs.setdefault(run.parts.run, []).append(file)
    shared = spark.sparkContext.broadcast(sorted(of_runs.items()))
    write = partial(_write_list, folder=parts.folder, runs=shared)
    written = map_each(spark, len(of_runs), write, MANIFEST.spark) if of_runs else None
    return [row.asDict() for row in written.collect()] if written else []


def _write_list(
    number: int,
    *,
    folder: str,
    runs: Broadcast[list[tuple[str, list[Mapping[str, Any]]]]],
) -> Iterator[pa.RecordBatch]:
    run, files = runs.value[number]
    tables = [read_file(folder, file).read(columns=["doc_id"]) for file in files]
    doc_ids = sorted(pa.concat_tables(tables)["doc_id"].to_pylist())
    content, path = "".join(f"{doc_id}\n" for doc_id in doc_ids).encode(), f"{LISTS}/{run}.txt"
    put(join(folder, path), content)
    told = {"table": LISTS, "path": path, "rows": len(doc_ids), "bytes": len(content)}
    yield MANIFEST.batch([{**told, "sha256": hashlib.sha256(content).hexdigest()}])
