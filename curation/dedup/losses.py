"""Losses: how many pages of each input, language and host deduplication took away."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
import pyarrow as pa
from pyspark import Broadcast
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from curation.dedup.config import AlarmConfig
from curation.parts import Files, Parts, is_in
from curation.spark_tables import map_each
from schemas.keys import KEYS

KINDS = ("input", "language", "host")
_SCHEMA = "kind string, name string, pages long, gone long"


@dataclass(frozen=True)
class Loss:
    """An input, language or host, its pages before deduplication, and how many went."""

    kind: str
    name: str
    pages: int
    gone: int


def find_losses(
    spark: SparkSession, before: Parts, verdicts: Files, config: AlarmConfig
) -> list[Loss]:
    """Every input; and languages and hosts that lost too much by these `verdicts`. In order."""
    context = spark.sparkContext
    both = context.broadcast((before, replace(before, verdicts=verdicts)))
    counted: DataFrame = map_each(spark, len(before), partial(_count, both=both), _SCHEMA)
    losses = counted.groupBy("kind", "name").agg(
        F.sum("pages").alias("pages"), F.sum("gone").alias("gone")
    )
    alarming = F.lit(False)
    if config.max_share is not None:
        many = F.col("pages") >= config.min_pages
        alarming = many & (F.col("gone") > config.max_share * F.col("pages"))
    rows = losses.where((F.col("kind") == "input") | alarming).collect()
    return sorted((Loss(**row.asDict()) for row in rows), key=lambda x: (x.kind, x.name))


def is_alarming(loss: Loss, config: AlarmConfig) -> bool:
    """Whether it lost more than the recipe lets it, of enough pages."""
    if config.max_share is None or loss.pages < config.min_pages:
        return False
    return loss.gone > config.max_share * loss.pages


def _count(part: int, *, both: Broadcast[tuple[Parts, Parts]]) -> Iterator[pa.RecordBatch]:
    before, after = both.value
    gone = after.gone(part)
    batches = list(before.kept(part, KEYS, KINDS))
    if not batches:
        return
    rows = pa.Table.from_batches(batches)
    went = is_in(rows["position"].to_numpy(), gone).astype(np.int64)
    rows = rows.append_column("gone", pa.array(went))
    for kind in KINDS:
        counted = rows.group_by(kind).aggregate([("position", "count"), ("gone", "sum")])
        counted = counted.filter(counted[kind].is_valid())
        yield from pa.table(
            {
                "kind": pa.array([kind] * counted.num_rows, pa.string()),
                "name": counted[kind],
                "pages": counted["position_count"],
                "gone": counted["gone_sum"],
            }
        ).to_batches()
