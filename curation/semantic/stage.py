"""Semantic deduplication: scores and keys in; verdicts on pages that mean what a better one does.

Documents that are still in and have a vector (`schemas/score.py`) fall into clusters of like ones
(k-means). In each cluster, best first, a page stays unless it is at least as similar as the
threshold to one that stays before it. Pages without a vector stay. Those of curated inputs stay
too, and come first, so that others go for them. No text is read. The order of pages, parts and
partitions changes nothing.

Source: Abbas, Tirumala, Simig, Ganguli, Morcos, "SemDeDup: Data-efficient learning at web-scale
through semantic deduplication", 2023.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from functools import partial
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
from pyspark import Broadcast
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.pandas.types import from_arrow_schema

from curation import receipts
from curation.parts import Parts
from curation.semantic.cluster import judge_cluster
from curation.semantic.config import SemanticConfig
from curation.semantic.cut import clusters_of
from curation.semantic.kmeans import find_centres
from curation.semantic.pages import PAGE, Scores, read_pages
from curation.semantic.vectors import Bytes, bytes_of, nearest
from curation.semantic.verdicts import FOUND, write
from curation.spark_tables import map_each

COMPARED, CLUSTERS = "vectors:compared", "clusters:found"
_PAGES_PER_TASK = 100_000  # some 600 bytes each
_CLUSTERED = PAGE.append(pa.field("cluster", pa.int64()))


@dataclass(frozen=True)
class SemanticDuplicates:
    """Rows of the manifest, of `verdicts/`; how many pages of each input they drop.

    `beside` counts what the ledger has beside its sums, of all inputs together.
    """

    files: list[dict[str, Any]]
    gone: Counter[str]
    beside: Counter[str]


def find_semantic_duplicates(
    spark: SparkSession,
    parts: Broadcast[Parts],
    scores: Scores,
    config: SemanticConfig,
    *,
    seed: int,
) -> SemanticDuplicates:
    """Writes the verdicts on duplicates among the documents that `parts` say are in.

    So verdicts of the stage that were found before must be among `parts.value.verdicts`. A task
    holds the pages of one cluster, with their vectors; the driver those of the sample.
    """
    read, number = partial(_read, parts=parts, scores=scores, seed=seed), len(parts.value)
    pages = _count(spark, read, number)
    if not pages:
        return SemanticDuplicates([], Counter(), Counter({COMPARED: 0, CLUSTERS: 0}))
    sample = _sample(spark, read, number, every=pages, wanted=config.sample)
    centres = find_centres(sample, clusters_of(pages, len(sample), config), config.iterations)
    clustered = _cluster(spark, read, number, spark.sparkContext.broadcast(centres))
    if (tasks := pages // _PAGES_PER_TASK) > 1:
        clustered = clustered.repartition(tasks, "cluster")
    made = write(_judge(clustered, parts, config), parts)
    counts = receipts.counts(made)
    gone = {source: n for (_, source, name), n in counts.items() if source}
    beside = {name: n for (_, source, name), n in counts.items() if not source}
    files = receipts.files(made).drop_columns("work").sort_by("path").to_pylist()
    return SemanticDuplicates(
        files, Counter(gone), Counter(beside | {COMPARED: pages, CLUSTERS: len(centres)})
    )


Pages = Callable[[int], Iterator[pa.RecordBatch]]
"""`PAGE` of a part, read anew by whoever asks."""


def _read(
    part: int, *, parts: Broadcast[Parts], scores: Scores, seed: int
) -> Iterator[pa.RecordBatch]:
    return read_pages(part, parts.value, scores, seed)


def _count(spark: SparkSession, pages: Pages, parts: int) -> int:
    def count(part: int) -> Iterator[pa.RecordBatch]:
        yield pa.RecordBatch.from_pydict({"pages": [sum(rows.num_rows for rows in pages(part))]})

    return sum(row["pages"] for row in map_each(spark, parts, count, "pages long").collect())


def _sample(spark: SparkSession, pages: Pages, parts: int, *, every: int, wanted: int) -> Bytes:
    """The vectors of the pages with the lowest draws, in that order."""
    # So many more are sent that there are hardly ever less than are wanted.
    share = (wanted + 6 * math.sqrt(wanted) + 40) / every
    limit = min(int(share * 2.0**64) - 2**63, 2**63 - 1)

    def draw(part: int) -> Iterator[pa.RecordBatch]:
        for rows in pages(part):
            drawn = rows.filter(pc.less_equal(rows["draw"], limit))
            yield drawn.select(["draw", "doc_id", "embedding"])

    sent = map_each(spark, parts, draw, "draw long, doc_id string, embedding binary").toArrow()
    drawn = sent.sort_by([("draw", "ascending"), ("doc_id", "ascending")]).slice(0, wanted)
    return bytes_of(drawn["embedding"].combine_chunks())


def _cluster(spark: SparkSession, pages: Pages, parts: int, centres: Broadcast[Bytes]) -> DataFrame:
    def assign(part: int) -> Iterator[pa.RecordBatch]:
        for rows in pages(part):
            clusters = nearest(bytes_of(rows["embedding"]), centres.value)
            yield rows.append_column("cluster", pa.array(clusters))

    return map_each(spark, parts, assign, from_arrow_schema(_CLUSTERED))


def _judge(clustered: DataFrame, parts: Broadcast[Parts], config: SemanticConfig) -> DataFrame:
    def judge(pages: pa.Table) -> pa.Table:
        judged = judge_cluster(pages, config)
        of = parts.value.of(judged.gone["position"].to_numpy())
        gone = judged.gone.append_column("part", pa.array(of, pa.int64()))
        counted = {"outcome": [*judged.beside.keys()], "pages": [*judged.beside.values()]}
        counted["part"] = [len(parts.value)] * len(judged.beside)
        tables = [gone, pa.table(counted)]
        every = pa.concat_tables(tables, promote_options="default")
        return every.select(FOUND.names).cast(FOUND)

    return clustered.groupBy("cluster").applyInArrow(judge, from_arrow_schema(FOUND))
