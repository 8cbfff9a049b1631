"""Deduplication, in order: newest versions, equal texts, near-duplicates, and then lines.

In: the `keys/` of a run by parts, and those of earlier runs. Out: `verdicts/`, `clusters/`,
`line_audit/`; of pages of earlier runs that gave way `take_downs/` and lists; and counts of the
certificate, for which the text of some pages is read. No other text moves.
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
from curation.dedup.earlier import earlier_runs
from curation.dedup.equal import find_equal
from curation.dedup.lines.stage import deduplicate_lines
from curation.dedup.near import Along, Clusters, find_clusters, near_verdicts
from curation.dedup.superseded import drop_superseded
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
    before = sum(run.rows(KEYS) for run in earlier.parts)
    joined = parts.joined(earlier.parts)
    tasks = 1 + (pages + before) // _ROWS_PER_TASK
    written = find_equal(spark, spark.sparkContext.broadcast(joined), config, tasks)
    equal = [file for file in written if file["table"] == PAIR.name]
    files = [file for file in written if file["table"] != PAIR.name]
    left = _judged(spark, joined, files)
    along = Along(equal, _plant(spark, left, config))
    found = _clusters(spark, left, config, documents + before, along)
    files += near_verdicts(spark, left, found.files) if found.rounds else []
    files += drop_superseded(spark, _judged(spark, joined, files))
    judged = replace(parts, verdicts=[*parts.verdicts, *files])
    checks = _certify(spark, judged.joined(earlier.parts), config, along.planted, found.files)
    taken = [file for file in files if file["table"] == TAKE_DOWN.name]
    files += [*found.files, *write_lists(spark, joined, taken)]
    if config.lines:
        lines = deduplicate_lines(
            spark,
            spark.sparkContext.broadcast(judged.joined(earlier.with_lines)),
            replace(config.lines, buckets=earlier.buckets or config.lines.buckets),
            documents=documents,
            before=earlier.counts,
        )
        files += lines.files
        found = replace(found, counts=lines.counts)
    return replace(found, files=files, checks=checks)


def _judged(spark: SparkSession, parts: Parts, files: Files) -> Broadcast[Parts]:
    return spark.sparkContext.broadcast(replace(parts, verdicts=[*parts.verdicts, *files]))


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
    return Clusters(settle_pairs(spark, parts, along.equal), 0, 0)


def _certify(
    spark: SparkSession,
    parts: Parts,
    config: DedupConfig,
    planted: Broadcast[Planted] | None,
    clusters: Files,
) -> Mapping[str, int]:
    """What the certificate counts of near-deduplication; `parts` know its verdicts."""
    if not config.near or not config.certificate or not planted:
        return {}
    shared = spark.sparkContext.broadcast(parts)
    found = count_found(planted.value, parts.folder, config.near, config.certificate)
    return found | check_decisions(spark, shared, clusters, config.near, config.certificate)
