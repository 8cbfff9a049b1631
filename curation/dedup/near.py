"""Near-duplicates: of pages whose word n-grams are largely the same, who stays.

A page is removed only if it is verified as similar to a page before it that stays: the
lexicographically first maximal independent set, in the order of who stays, of the graph whose edges
are the similar pairs among pages that share a bucket. So chains keep their dissimilar ends.

The graph is never made whole, for a clique of n pages has n squared edges. A round compares the
pages of each bucket with its leaders, adds the similar pairs that were found to those known, and
settles who stays by all of these. A page of a large bucket that then stays, though it was found
similar to some leader that does not, was not compared with everybody: such buckets, less all pages
that have gone, take part in the next round. When there is none, no two pages that stay are similar,
and whoever has gone is similar to one that stays: that makes the set the one of the whole graph.

With `old_wins` pages of earlier runs come before all others in that order and are not compared with
one another: none of them goes, whatever it is similar to.

Reference: Blelloch, Fineman, Shun, "Greedy sequential maximal independent set and matching are
parallel on average", SPAA 2012.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyspark import Broadcast
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql.pandas.types import from_arrow_schema

from curation.dedup import buckets, verdicts
from curation.dedup.certificate.planted import Planted
from curation.dedup.compare import candidate_schema, compare_sorted, fetch, sort_columns
from curation.dedup.components import settle_pairs
from curation.dedup.config import DedupConfig
from curation.dedup.doc_ids import halves
from curation.dedup.found import number_of
from curation.dedup.minhash import MinHashParams
from curation.dedup.rounds import find_unsettled
from curation.exchange import PACKED, Sent, exchange, scatter
from curation.parts import Files, Parts
from curation.receipts import Counts
from curation.spark_tables import map_each
from curation.tables import read_file
from schemas.drop_reason import DropReason
from schemas.manifest import MANIFEST
from schemas.pair import MEMBER, PAIR

_KEYS_PER_TASK = 4_000_000
_PAGES_PER_TASK = 25_000


@dataclass(frozen=True)
class Clusters:
    """The files of `clusters/`, and what it took: rounds, and pairs that were verified.

    `counts` stand beside those of pages that went; `checks` are those of the certificate, by
    outcome.
    """

    files: list[dict[str, Any]]
    rounds: int
    pairs: int
    counts: Counts = field(default_factory=Counter)
    checks: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True)
class Along:
    """What goes along with the documents: pairs of `equal` texts, as files, and `planted` pages.

    These leave a note where they meet, and nothing else.
    """

    equal: Files = ()
    planted: Broadcast[Planted] | None = None


_NOTHING = Along()


def find_clusters(
    spark: SparkSession,
    parts: Broadcast[Parts],
    config: DedupConfig,
    *,
    documents: int,
    along: Along = _NOTHING,
) -> Clusters:
    """Pages that are near-duplicates or equal, and who of them stays.

    `documents` says about how many there are.
    """
    pairs, members = [*along.equal], list[Mapping[str, Any]]()
    files_of = {PAIR.name: pairs, MEMBER.name: members}
    packed, rounds = _first_buckets(spark, parts, config, documents, along.planted), 0
    while True:
        rounds += 1
        for file in _compare(packed, parts, config, documents=documents, number=rounds):
            files_of[file["table"]].append(file)
        files = settle_pairs(spark, parts, pairs)
        again = find_unsettled(spark, parts.value.folder, members, files)
        if not again:
            return Clusters(files, rounds, sum(file["rows"] for file in pairs[len(along.equal) :]))
        packed = _buckets_of(spark, parts, again)


def _near(config: DedupConfig) -> MinHashParams:
    if config.near is None:
        raise ValueError("the recipe wants no near-duplicates")
    return config.near


def _first_buckets(
    spark: SparkSession,
    parts: Broadcast[Parts],
    config: DedupConfig,
    documents: int,
    planted: Broadcast[Planted] | None,
) -> DataFrame:
    """Buckets by bands, packed by part."""
    params = _near(config)
    tasks = 1 + documents * params.bands // _KEYS_PER_TASK
    send = partial(buckets.send_bands, parts=parts, params=params, tasks=tasks, planted=planted)
    by_band = exchange(map_each(spark, len(parts.value), send, PACKED), tasks)
    meet = partial(buckets.meet, parts=parts, old_wins=config.old_wins, planted=planted)
    return by_band.mapInArrow(meet, PACKED)


def _buckets_of(
    spark: SparkSession, parts: Broadcast[Parts], files: list[dict[str, Any]]
) -> DataFrame:
    """Buckets that a round left, packed by part."""
    shared = spark.sparkContext.broadcast(files)
    return map_each(spark, len(files), partial(_send_bucket, parts=parts, files=shared), PACKED)


def _send_bucket(
    number: int, *, parts: Broadcast[Parts], files: Broadcast[list[dict[str, Any]]]
) -> Iterator[pa.RecordBatch]:
    rows = read_file(parts.value.folder, files.value[number]).read()
    return scatter([Sent(rows, parts.value.of(rows["position"].to_numpy()))])


def _compare(
    packed: DataFrame, parts: Broadcast[Parts], config: DedupConfig, *, documents: int, number: int
) -> list[dict[str, Any]]:
    """Compares the pages of buckets that are packed by part; returns manifest rows."""
    folder, params = parts.value.folder, _near(config)
    found = (
        exchange(packed, len(parts.value))
        .mapInArrow(
            partial(fetch, parts=parts, config=config, params=params),
            from_arrow_schema(candidate_schema(config)),
        )
        .repartition(1 + documents // _PAGES_PER_TASK, "bucket")
        .sortWithinPartitions(*sort_columns(config))
        .mapInArrow(
            partial(compare_sorted, folder=folder, params=params, number=number), MANIFEST.spark
        )
    )
    return [row.asDict() for row in found.collect()]


def near_verdicts(
    spark: SparkSession, parts: Broadcast[Parts], clusters: Files
) -> list[dict[str, Any]]:
    """Writes the verdicts on those that go; returns the manifest rows."""
    if not clusters:
        return []
    files = spark.sparkContext.broadcast(list(clusters))
    send = partial(_send_gone, parts=parts, files=files)
    return verdicts.write(map_each(spark, len(clusters), send, PACKED), parts)


def _send_gone(
    number: int, *, parts: Broadcast[Parts], files: Broadcast[list[Mapping[str, Any]]]
) -> Iterator[pa.RecordBatch]:
    pages = read_file(parts.value.folder, files.value[number])
    return scatter(_gone(batch, parts.value) for batch in pages.iter_batches())


def _gone(pages: pa.RecordBatch, parts: Parts) -> Sent:
    """Pages that go for a page that is not equal to them; those have gone."""
    keeper = pages.column("keeper")
    equal = pc.fill_null(pages.column("equal"), False)
    rows = pages.filter(pc.and_not(pc.is_valid(keeper), equal))
    ids, of_keepers = halves(rows.column("doc_id")), halves(rows.column("keeper"))
    reason = number_of(DropReason.NEAR_DUPLICATE)
    table = pa.table(
        {
            "position": rows.column("position"),
            "high": ids[:, 0],
            "low": ids[:, 1],
            "reason": np.full(rows.num_rows, reason, np.int16),
            "keeper_high": of_keepers[:, 0],
            "keeper_low": of_keepers[:, 1],
            "keeper_position": rows.column("keeper_position"),
            "similarity": rows.column("similarity"),
        }
    )
    return verdicts.send(table, parts)
