"""Deduplication, in order: newest versions and equal texts, then near-duplicates.

In: the `keys/` of a run by parts. Out: `verdicts/` and `clusters/`. No text moves.
"""

from __future__ import annotations

from dataclasses import replace

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


def deduplicate(
    spark: SparkSession, parts: Parts, config: DedupConfig, *, pages: int, documents: int
) -> Clusters:
    """Finds the documents that give way to others: `files` are of `verdicts/` and `clusters/`.

    `pages` and `documents` say about how many there are.
    """
    runs = [parts, *(earlier_run(manifest) for manifest in config.against)]
    tasks = 1 + pages // _ROWS_PER_TASK
    shared = spark.sparkContext.broadcast(parts)
    written = find_equal(spark, spark.sparkContext.broadcast(runs), shared, config, tasks)
    equal = [file for file in written if file["table"] == PAIR.name]
    files = [file for file in written if file["table"] == VERDICT.name]
    left = spark.sparkContext.broadcast(replace(parts, verdicts=[*parts.verdicts, *files]))
    found = _clusters(spark, left, config, documents, equal)
    files += near_verdicts(spark, left, found.files) if found.rounds else []
    return replace(found, files=[*files, *found.files])


def _clusters(
    spark: SparkSession, parts: Broadcast[Parts], config: DedupConfig, documents: int, equal: Files
) -> Clusters:
    if config.near:
        return find_clusters(spark, parts, config, documents=documents, equal=equal)
    return Clusters(settle_pairs(spark, parts.value.folder, equal), 0, 0)
