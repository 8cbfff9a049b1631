"""URL deduplication: keys in, verdicts out; of each URL the newest fetched version stays.

Two steps in one pass over the keys. *Repeats*: pages with one doc_id are one record that was
listed twice; one stays, a kept one if there is any. *Versions*: of the pages with one canonical
URL the newest stays, ties by doc_id; a page of a curated input (with a fixed domain) stays before
any page of a crawl. With `over: all` a rejected page is a version too, so that an older one does
not come back when a rule rejected the newest; fetches that failed technically are no versions.
Pages without a URL or a time take part as far as they can: no URL, no versions; no time is older
than any.

The result does not depend on partitioning: every order ends in doc_id and a hash of all that
shards hold, and rows that still tie are equal there.

Source: Llama 3.1 report (arXiv 2407.21783), section 3.1.1.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from pyspark.sql import DataFrame, Window
from pyspark.sql import functions as F

from schemas.drop_reason import DropReason
from schemas.verdict import VERDICT


@dataclass(frozen=True, kw_only=True)
class UrlDedupConfig:
    """Whether versions are compared `over` all that was fetched, or over what was kept."""

    over: Literal["all", "kept"] = "all"


def find_older_versions(keys: DataFrame, config: UrlDedupConfig) -> DataFrame:
    """`KEYS` in, `VERDICT` out: one row per document that goes; `position` is unique."""
    kept = F.col("drop_reason").isNull()
    by_record = Window.partitionBy("doc_id").orderBy(
        kept.desc(),
        F.desc_nulls_last("fetched_at"),
        "row_hash",
        "position",
    )
    counts = F.col("is_version") if config.over == "all" else kept
    # Pages that are no version of anything get a group of their own, so that they do not meet in
    # one partition, as they would under null.
    compared = F.col("url_hash").isNotNull() & counts & ~F.col("repeat")
    by_url = Window.partitionBy("compared", "group").orderBy(
        F.desc("curated"), F.desc_nulls_last("fetched_at"), "doc_id", "row_hash", "position"
    )
    ranked = (
        keys.withColumn("repeat", F.row_number().over(by_record) > 1)
        .withColumn("compared", compared)
        .withColumn(
            "group", F.when(F.col("compared"), F.col("url_hash")).otherwise(F.col("position"))
        )
        .withColumn("older", kept & F.col("compared") & (F.row_number().over(by_url) > 1))
        .withColumn("newest", F.first("doc_id").over(by_url))
    )
    reason = F.when(F.col("repeat") & kept, DropReason.REPEATED_RECORD.value).when(
        F.col("older"), DropReason.OLDER_VERSION.value
    )
    keeper = F.when(F.col("repeat"), F.col("doc_id")).otherwise(F.col("newest"))
    gone = ranked.withColumn("drop_reason", reason).withColumn("keeper", keeper)
    return gone.where(F.col("drop_reason").isNotNull()).select(*VERDICT.arrow.names)
