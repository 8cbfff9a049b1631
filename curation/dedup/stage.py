"""Deduplication, in order: newest versions and equal texts; near-duplicates; what was lost.

In: the `keys/` of a run by parts. Out: `verdicts/` and `clusters/`. No text moves.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any

from pyspark import Broadcast
from pyspark.sql import SparkSession

from curation.dedup.components import settle_pairs
from curation.dedup.config import DedupConfig
from curation.dedup.earlier import earlier_run
from curation.dedup.equal import find_equal
from curation.dedup.near import Clusters, find_clusters, near_verdicts
from curation.parts import Files, Parts
from schemas.pair import PAIR
from schemas.verdict import VERDICT

_ROWS_PER_TASK = 500_000


@dataclass(frozen=True)
class Deduplicated:
    """The files that were written, of `verdicts/` and `clusters/`; and how many rounds it took."""

    files: list[dict[str, Any]]
    rounds: int
    pairs: int


def deduplicate(
    spark: SparkSession, parts: Parts, config: DedupConfig, *, pages: int, documents: int
) -> Deduplicated:
    """Finds the documents that give way to others. `pages` and `documents` say about how many."""
    runs = [parts, *(earlier_run(manifest) for manifest in config.against)]
    tasks = 1 + pages // _ROWS_PER_TASK
    shared = spark.sparkContext.broadcast(parts)
    written = find_equal(spark, spark.sparkContext.broadcast(runs), shared, config, tasks)
    equal = [file for file in written if file["table"] == PAIR.name]
    files = [file for file in written if file["table"] == VERDICT.name]
    left = spark.sparkContext.broadcast(replace(parts, verdicts=[*parts.verdicts, *files]))
    found = _clusters(spark, left, config, documents, equal)
    files += near_verdicts(spark, left, found.files) if found.rounds else []
    return Deduplicated([*files, *found.files], found.rounds, found.pairs)


def _clusters(
    spark: SparkSession, parts: Broadcast[Parts], config: DedupConfig, documents: int, equal: Files
) -> Clusters:
    if config.near:
        return find_clusters(spark, parts, config, documents=documents, equal=equal)
    return Clusters(settle_pairs(spark, parts.value.folder, equal), 0, 0)
