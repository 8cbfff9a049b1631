"""Pages that came back after a take-down, since what had kept them out is gone: `returned/`."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyspark import Broadcast
from pyspark.sql import SparkSession

from curation.parts import Parts
from curation.spark_tables import map_each
from schemas.arrow import with_columns
from schemas.keys import KEYS
from schemas.manifest import MANIFEST
from schemas.removal import RETURNED
from schemas.verdict import VERDICT


def find_returned(
    spark: SparkSession, before: Parts, after: Parts, number: int
) -> list[dict[str, Any]]:
    """Writes the documents that were out by the verdicts `before` take-down `number`, and are in.

    Returns the manifest rows. Both parts are cut alike.
    """
    shared = spark.sparkContext.broadcast((before, after))
    find = partial(_find, shared=shared, number=number)
    return [row.asDict() for row in map_each(spark, len(after), find, MANIFEST.spark).collect()]


def _find(
    part: int, *, shared: Broadcast[tuple[Parts, Parts]], number: int
) -> Iterator[pa.RecordBatch]:
    before, after = shared.value
    judged = before.rows_on(part, before.verdicts, VERDICT, ["drop_reason"])
    gone = judged.filter(judged["drop_reason"].is_valid()).combine_chunks()
    if not gone.num_rows:
        return
    kept = after.kept(part, KEYS, ("position", "doc_id", "input"))
    found = pa.Table.from_batches([_rows(keys, gone, number) for keys in kept], RETURNED.arrow)
    yield MANIFEST.batch(after.write(part, RETURNED, found))


def _rows(keys: pa.RecordBatch, gone: pa.Table, number: int) -> pa.RecordBatch:
    at = pc.index_in(keys.column("position"), value_set=gone["position"].combine_chunks())
    was = gone["drop_reason"].combine_chunks().take(at)
    numbers = pa.array([number] * keys.num_rows, pa.int32())
    rows = with_columns(keys, {"was": was, "removal": numbers}).filter(at.is_valid())
    return RETURNED.conform(rows)
