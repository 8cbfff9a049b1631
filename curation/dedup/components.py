"""Components: pages that pairs connect, settled together; in one task, or in many.

Pairs of one component must be settled in one task. Where all pairs fit in one, they are. Else Spark
first finds the components, by large-star and small-star in turn until nothing changes: each star
joins the pages around one page to the lowest of them, so each round is two shuffles of pairs of
numbers, and paths shorten fast however long they are.

Source: Kiveris, Lattanzi, Mirrokni, Rastogi, Vassilvitskii, "Connected components in MapReduce and
beyond", SoCC 2014.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import pyarrow as pa
from pyspark import Broadcast
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from curation.dedup.keepers import settle
from curation.parts import Files, Parts
from curation.spark_tables import listed, map_each, read_table
from curation.tables import read_file, write_file
from schemas.cluster import CLUSTER
from schemas.manifest import MANIFEST
from schemas.pair import PAIR

PAIRS_PER_TASK = 5_000_000  # some 100 bytes each


def settle_pairs(
    spark: SparkSession, parts: Broadcast[Parts], pairs: Files
) -> list[dict[str, Any]]:
    """Settles who stays by all `pairs` (files); writes `clusters/`, returns its manifest rows."""
    number = sum(file["rows"] for file in pairs)
    if not number:
        return []
    if number <= PAIRS_PER_TASK:
        files = spark.sparkContext.broadcast(list(pairs))
        done = map_each(spark, 1, partial(_settle_files, parts=parts, files=files), _WRITTEN)
    else:
        every = read_table(spark, parts.value.folder, PAIR, listed(pairs))
        labels = find_components(every.select("first_position", "second_position"))
        labels = labels.withColumnRenamed("page", "first_position")
        done = (
            every.join(labels, on="first_position", how="inner")
            .repartition(1 + number // PAIRS_PER_TASK, "component")
            .drop("component")
            .mapInArrow(partial(_settle_batches, parts=parts), _WRITTEN)
        )
    return [row.asDict() for row in done.collect()]


_WRITTEN = MANIFEST.spark


def _settle_files(
    _number: int, *, parts: Broadcast[Parts], files: Broadcast[list[Mapping[str, Any]]]
) -> Iterator[pa.RecordBatch]:
    tables = [read_file(parts.value.folder, file).read() for file in files.value]
    return _settle_batches(iter(pa.concat_tables(tables).to_batches()), parts=parts)


def _settle_batches(
    batches: Iterator[pa.RecordBatch], *, parts: Broadcast[Parts]
) -> Iterator[pa.RecordBatch]:
    held = [batch.select(PAIR.arrow.names).cast(PAIR.arrow) for batch in batches]
    if held:
        clusters = settle(pa.Table.from_batches(held))
        runs = parts.value.run_of(clusters["position"].to_numpy())
        clusters = clusters.set_column(clusters.column_names.index("run"), "run", runs)
        name = uuid.uuid4().hex
        yield MANIFEST.batch([write_file(parts.value.folder, name, CLUSTER, clusters)])


def find_components(edges: DataFrame) -> DataFrame:
    """(`page`, `component`) for the pages of `edges`, two columns of int64.

    A component is known by its lowest page.
    """
    names = edges.columns
    edges = edges.select(F.col(names[0]).alias("u"), F.col(names[1]).alias("v")).where("u <> v")
    before = None
    while True:
        edges = _small_star(_large_star(edges)).localCheckpoint()
        state = edges.agg(F.count("*"), F.sum(F.xxhash64("u", "v") % _PRIME)).first()
        if state == before:
            break
        before = state
    # Each page but the lowest now points at that.
    stars = edges.select(F.col("u").alias("page"), F.col("v").alias("component"))
    roots = stars.select(F.col("component").alias("page"), "component").distinct()
    return stars.unionByName(roots).distinct()


_PRIME = (1 << 31) - 1  # so that sums of hashes do not overflow


def _large_star(edges: DataFrame) -> DataFrame:
    """Joins each page's higher neighbours to the lowest among them and the page."""
    both = edges.union(edges.select("v", "u"))
    lowest = both.groupBy("u").agg(F.least(F.min("v"), F.col("u")).alias("low"))
    return _pairs(both.join(lowest, on="u", how="inner").where("v > u").select("v", "low"))


def _small_star(edges: DataFrame) -> DataFrame:
    """Joins each page, and its lower neighbours, to the lowest of them."""
    lower = edges.select(F.greatest("u", "v").alias("u"), F.least("u", "v").alias("v"))
    lowest = lower.groupBy("u").agg(F.min("v").alias("low"))
    neighbours = lower.join(lowest, on="u", how="inner").select("v", "low")
    return _pairs(neighbours.union(lowest.select("u", "low")))


def _pairs(edges: DataFrame) -> DataFrame:
    return edges.toDF("u", "v").where("u <> v").distinct()
