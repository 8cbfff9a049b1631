"""Deduplication, in order: newest versions, equal texts, near-duplicates, and then lines.

In: the `keys/` of a run by parts. Out: `verdicts/`, `clusters/`, `line_audit/`. No text moves.
"""

from __future__ import annotations

from dataclasses import replace

from pyspark import Broadcast
from pyspark.sql import SparkSession

from curation.dedup.components import settle_pairs
from curation.dedup.config import DedupConfig
from curation.dedup.earlier import earlier_run
from curation.dedup.equal import find_equal
from curation.dedup.lines.stage import deduplicate_lines
from curation.dedup.near import Clusters, find_clusters, near_verdicts
from curation.parts import Files, Parts
from schemas.pair import PAIR
from schemas.verdict import VERDICT

_ROWS_PER_TASK = 500_000


def deduplicate(
    spark: SparkSession, parts: Parts, config: DedupConfig, *, pages: int, documents: int
) -> Clusters:
    """Finds the documents that give way to others, and the lines that occur too often.

    `files` are of `verdicts/`, `clusters/` and `line_audit/`, `counts` of documents that stay
    without some lines. `pages` and `documents` say how many there are.
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
    found = replace(found, files=[*files, *found.files])
    if config.lines is None:
        return found
    left = spark.sparkContext.broadcast(replace(parts, verdicts=[*parts.verdicts, *files]))
    lines = deduplicate_lines(spark, left, config.lines, documents=documents)
    return replace(found, files=[*found.files, *lines.files], counts=lines.counts)


def _clusters(
    spark: SparkSession, parts: Broadcast[Parts], config: DedupConfig, documents: int, equal: Files
) -> Clusters:
    if config.near:
        return find_clusters(spark, parts, config, documents=documents, equal=equal)
    return Clusters(settle_pairs(spark, parts.value.folder, equal), 0, 0)
