"""Deduplication, in order: newest versions and equal texts, then near-duplicates.

In: the `keys/` of a run by parts, and those of earlier runs. Out: `verdicts/` and `clusters/`; of
pages of earlier runs that gave way `take_downs/` and lists. No text moves.
"""

from __future__ import annotations

from dataclasses import replace

from pyspark import Broadcast
from pyspark.sql import SparkSession

from curation.dedup.components import settle_pairs
from curation.dedup.config import DedupConfig
from curation.dedup.earlier import earlier_runs
from curation.dedup.equal import find_equal
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
    """Finds the documents that give way to others: `files` are of the tables that come out.

    `pages` and `documents` say about how many there are.
    """
    runs = earlier_runs(config)
    before = sum(_pages(run) for run in runs)
    joined = parts.joined(runs)
    tasks = 1 + (pages + before) // _ROWS_PER_TASK
    written = find_equal(spark, spark.sparkContext.broadcast(joined), config, tasks)
    equal = [file for file in written if file["table"] == PAIR.name]
    files = [file for file in written if file["table"] != PAIR.name]
    left = spark.sparkContext.broadcast(replace(joined, verdicts=[*parts.verdicts, *files]))
    found = _clusters(spark, left, config, documents + before, equal)
    files += near_verdicts(spark, left, found.files) if found.rounds else []
    taken = [file for file in files if file["table"] == TAKE_DOWN.name]
    return replace(found, files=[*files, *found.files, *write_lists(spark, joined, taken)])


def _pages(run: Parts) -> int:
    keys = (file for of_split in run.files.values() for file in of_split)
    return sum(file["rows"] for file in keys if file["table"] == KEYS.name)


def _clusters(
    spark: SparkSession, parts: Broadcast[Parts], config: DedupConfig, documents: int, equal: Files
) -> Clusters:
    if config.near:
        return find_clusters(spark, parts, config, documents=documents, equal=equal)
    return Clusters(settle_pairs(spark, parts, equal), 0, 0)
