"""`hosts/` and `sites/`: what a run found out of each, when it is known what was a duplicate."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import pyarrow as pa
from pyspark.sql import Column, DataFrame, SparkSession
from pyspark.sql import functions as F

from curation.hosts.config import HostsConfig
from curation.hosts.count import COUNTS, count_pages
from curation.hosts.judge import judge
from curation.parts import Parts
from curation.spark_tables import write_table
from schemas.arrow import Table
from schemas.host import HOST, SITE


def write_hosts(spark: SparkSession, parts: Parts, config: HostsConfig) -> list[dict[str, Any]]:
    """Writes both tables; returns the manifest rows. `parts` have the verdicts on duplicates."""
    shared = spark.sparkContext.broadcast(parts)
    counted = count_pages(spark, shared, config, "host", "site", "drop_reason").persist()
    hosts = _together(counted, "host", "site")
    sites = _together(counted, "site", hosts=F.count_distinct("host"))
    try:
        return [*_write(hosts, parts, HOST, config), *_write(sites, parts, SITE, config)]
    finally:
        counted.unpersist()


def _together(counted: DataFrame, *by: str, **more: Column) -> DataFrame:
    """A row for each; `rejects` lists its reasons, in the order of their names."""
    reason, pages = F.col("drop_reason").alias("reason"), F.col("pages")
    rejected = F.when(reason.isNotNull(), F.struct(reason, pages))
    sums = [F.sum(name).alias(name) for name in COUNTS]
    more["rejects"] = F.array_sort(F.collect_list(rejected))
    columns = [column.alias(name) for name, column in more.items()]
    return counted.groupBy(*by).agg(*sums, *columns).sortWithinPartitions(*by)


def _write(
    frame: DataFrame, parts: Parts, table: Table, config: HostsConfig
) -> list[dict[str, Any]]:
    judged = frame.mapInArrow(partial(_judge, table=table, config=config), table.spark)
    return write_table(judged, parts.folder, table)


def _judge(
    batches: Iterator[pa.RecordBatch], *, table: Table, config: HostsConfig
) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        yield judge(batch, config).select(table.arrow.names)
