"""Deduplication, in order: newest versions and equal texts, then near-duplicates.

In: the `keys/` of a run by parts. Out: `verdicts/` and `clusters/`; and counts of the certificate,
for which the text of some pages is read. No other text moves.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from pyspark import Broadcast
from pyspark.sql import SparkSession

from curation.dedup.certificate.checks import check_decisions
from curation.dedup.certificate.plant import count_found, plant
from curation.dedup.certificate.planted import Planted
from curation.dedup.components import settle_pairs
from curation.dedup.config import DedupConfig
from curation.dedup.earlier import earlier_run
from curation.dedup.equal import find_equal
from curation.dedup.near import Along, Clusters, find_clusters, near_verdicts
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
    along = Along(equal, _plant(spark, left, config))
    found = _clusters(spark, left, config, documents, along)
    files += near_verdicts(spark, left, found.files) if found.rounds else []
    judged = spark.sparkContext.broadcast(replace(parts, verdicts=[*parts.verdicts, *files]))
    checks = _certify(spark, judged, config, along.planted, found.files)
    return replace(found, files=[*files, *found.files], checks=checks)


def _plant(
    spark: SparkSession, parts: Broadcast[Parts], config: DedupConfig
) -> Broadcast[Planted] | None:
    if not config.near or not config.certificate:
        return None
    return spark.sparkContext.broadcast(plant(spark, parts, config.near, config.certificate))


def _clusters(
    spark: SparkSession,
    parts: Broadcast[Parts],
    config: DedupConfig,
    documents: int,
    along: Along,
) -> Clusters:
    if config.near:
        return find_clusters(spark, parts, config, documents=documents, along=along)
    return Clusters(settle_pairs(spark, parts.value.folder, along.equal), 0, 0)


def _certify(
    spark: SparkSession,
    parts: Broadcast[Parts],
    config: DedupConfig,
    planted: Broadcast[Planted] | None,
    clusters: Files,
) -> Mapping[str, int]:
    """What the certificate counts of near-deduplication; `parts` know its verdicts."""
    if not config.near or not config.certificate or not planted:
        return {}
    found = count_found(planted.value, parts.value.folder, config.near, config.certificate)
    return found | check_decisions(spark, parts, clusters, config.near, config.certificate)
