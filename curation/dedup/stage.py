"""Deduplication, in order: newest versions, equal texts, near-duplicates, and then lines.

In: the `keys/` of a run by parts, and those of earlier runs. Out: `verdicts/`, `clusters/`,
`line_audit/`; of pages of earlier runs that gave way `take_downs/` and lists. No text moves.
"""

from __future__ import annotations

from dataclasses import replace

from pyspark import Broadcast
from pyspark.sql import SparkSession

from curation.dedup.components import settle_pairs
from curation.dedup.config import DedupConfig
from curation.dedup.earlier import earlier_runs
from curation.dedup.equal import find_equal
from curation.dedup.lines.stage import deduplicate_lines
from curation.dedup.near import Clusters, find_clusters, near_verdicts
from curation.dedup.take_downs import write_lists
from curation.parts import Files, Parts
from schemas.keys import KEYS
from schemas.pair import PAIR
from schemas.take_down import TAKE_DOWN

_ROWS_PER_TASK = 500_000


def deduplicate(
    spark: SparkSession, parts: Parts, config: DedupConfig, *, pages: int, documents: int
) -> Clusters:
    """Finds the documents that give way to others, and the lines that occur too often.

    `files` are of `verdicts/`, `clusters/` and `line_audit/`, `counts` of documents that stay
    without some lines. `pages` and `documents` say how many there are.
    """
    earlier = earlier_runs(config)
    before = sum(_pages(run) for run in earlier.parts)
    joined = parts.joined(earlier.parts)
    tasks = 1 + (pages + before) // _ROWS_PER_TASK
    written = find_equal(spark, spark.sparkContext.broadcast(joined), config, tasks)
    equal = [file for file in written if file["table"] == PAIR.name]
    files = [file for file in written if file["table"] != PAIR.name]
    left = spark.sparkContext.broadcast(replace(joined, verdicts=[*parts.verdicts, *files]))
    found = _clusters(spark, left, config, documents + before, equal)
    files += near_verdicts(spark, left, found.files) if found.rounds else []
    taken = [file for file in files if file["table"] == TAKE_DOWN.name]
    found = replace(found, files=[*files, *found.files, *write_lists(spark, joined, taken)])
    if config.lines is None:
        return found
    judged = replace(parts, verdicts=[*parts.verdicts, *files]).joined(earlier.with_lines)
    lines = deduplicate_lines(
        spark,
        spark.sparkContext.broadcast(judged),
        replace(config.lines, buckets=earlier.buckets or config.lines.buckets),
        documents=documents,
        before=earlier.counts,
    )
    return replace(found, files=[*found.files, *lines.files], counts=lines.counts)


def _pages(run: Parts) -> int:
    keys = (file for of_split in run.files.values() for file in of_split)
    return sum(file["rows"] for file in keys if file["table"] == KEYS.name)


def _clusters(
    spark: SparkSession, parts: Broadcast[Parts], config: DedupConfig, documents: int, equal: Files
) -> Clusters:
    if config.near:
        return find_clusters(spark, parts, config, documents=documents, equal=equal)
    return Clusters(settle_pairs(spark, parts, equal), 0, 0)
