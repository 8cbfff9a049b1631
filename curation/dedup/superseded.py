"""Superseded pages, which a later run has pages in place of: verdicts on what is left of them.

They take part in all that comes before, so that nobody comes back for them.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import pyarrow as pa
from pyspark import Broadcast
from pyspark.sql import SparkSession

from curation.parts import Parts, is_in
from curation.spark_tables import map_each
from schemas.arrow import with_columns
from schemas.drop_reason import DropReason
from schemas.keys import KEYS
from schemas.manifest import MANIFEST
from schemas.verdict import VERDICT


def drop_superseded(spark: SparkSession, parts: Broadcast[Parts]) -> list[dict[str, Any]]:
    """Writes the verdicts; returns the manifest rows."""
    if not parts.value.removals:
        return []
    written = map_each(spark, parts.value.own, partial(_drop, parts=parts), MANIFEST.spark)
    return [row.asDict() for row in written.collect()]


def _drop(part: int, *, parts: Broadcast[Parts]) -> Iterator[pa.RecordBatch]:
    superseded = parts.value.superseded(part)
    if not len(superseded):
        return
    rows = [
        _verdicts(keys.filter(pa.array(is_in(keys.column("position").to_numpy(), superseded))))
        for keys in parts.value.kept(part, KEYS, ("position", "doc_id", "input"))
    ]
    yield MANIFEST.batch(
        parts.value.write(part, VERDICT, pa.Table.from_batches(rows, VERDICT.arrow))
    )


def _verdicts(keys: pa.RecordBatch) -> pa.RecordBatch:
    reasons = pa.array([str(DropReason.SUPERSEDED)] * keys.num_rows, pa.string())
    return VERDICT.conform(with_columns(keys, {"drop_reason": reasons}))
