"""The stage `quality`: keys in; verdicts on documents that are not good enough, by part, out.

How good is good enough a recipe says for each domain and language: as a score, or as the share of
documents that stays, whose score is found first. No text is read. The order of pages, parts and
partitions changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyspark import Broadcast
from pyspark.sql import SparkSession
from pyspark.sql.pandas.types import from_arrow_schema

from curation import receipts
from curation.domains.config import DomainsConfig
from curation.domains.keys import domains_of
from curation.parts import Parts
from curation.quality.config import QualityConfig
from curation.quality.counts import (
    BINS,
    READ,
    ROUNDING,
    STAYS,
    count_scores,
    judged_scores,
)
from curation.receipts import DOMAIN, IN, KEPT, Counts, Receipt
from curation.spark_tables import map_each
from schemas.drop_reason import DropReason
from schemas.keys import KEYS
from schemas.receipt import RECEIPT
from schemas.verdict import VERDICT

STAGE = "quality"
Thresholds = Mapping[tuple[str | None, str | None], float]
"""The least score of documents that stay, by domain and language."""
_THRESHOLD = pa.schema(
    [("domain", pa.string()), ("language", pa.string()), ("at_least", pa.float64())]
)


def judge_quality(
    spark: SparkSession, parts: Parts, config: QualityConfig, domains: DomainsConfig
) -> Receipt:
    """Writes the verdicts; the receipt has their files, and pages in, kept and gone by input.

    Beside these it counts those that stay by their domain.
    """
    shared = spark.sparkContext.broadcast(parts)
    found = spark.sparkContext.broadcast(find_thresholds(spark, shared, config, domains))
    drop = partial(_drop, parts=shared, config=config, domains=domains, found=found)
    made = map_each(spark, len(parts), drop, RECEIPT.spark).toArrow().cast(RECEIPT.arrow)
    files = receipts.files(made).drop_columns("work").to_pylist()
    return Receipt(STAGE, "driver", files, receipts.counts(made))


def find_thresholds(
    spark: SparkSession, parts: Broadcast[Parts], config: QualityConfig, domains: DomainsConfig
) -> Thresholds:
    """The scores from which on the best share of documents is, where a recipe says a share."""
    if all(cut.keep is None for _, cut in config.cuts()):
        return {}
    counted = count_scores(spark, parts, domains).where(f"bin <> {STAYS}")

    def of_group(rows: pa.Table) -> pa.Table:  # Spark looks at types, which a partial has not
        return _threshold(rows, config)

    schema = from_arrow_schema(_THRESHOLD)
    found = counted.groupBy("domain", "language").applyInArrow(of_group, schema).collect()
    return {(row["domain"], row["language"]): row["at_least"] for row in found}


def _threshold(counted: pa.Table, config: QualityConfig) -> pa.Table:
    """Of the counts of a domain in a language: a row, or none where no share is asked for."""
    domain, language = (counted[name][0].as_py() for name in ("domain", "language"))
    keep = config.cut(domain, language).keep
    if keep is None:
        return _THRESHOLD.empty_table()
    row = {"domain": domain, "language": language, "at_least": best_share(counted, keep)}
    return pa.Table.from_pylist([row], _THRESHOLD)


def best_share(counted: pa.Table, keep: float) -> float:
    """The highest score from which on there is a share of `keep` pages at least; over 1 for none.

    `counted` has `bin` and `pages`.
    """
    if keep == 0:
        return np.inf
    best = counted.sort_by([("bin", "descending")])
    held = np.cumsum(best["pages"].to_numpy())
    last = int(np.searchsorted(held, keep * held[-1] * (1 - ROUNDING)))
    return float(best["bin"][last].as_py() / BINS)


def _drop(
    part: int,
    *,
    parts: Broadcast[Parts],
    config: QualityConfig,
    domains: DomainsConfig,
    found: Broadcast[Thresholds],
) -> Iterator[pa.RecordBatch]:
    counts, verdicts = Counts(), []
    for batch in parts.value.kept(part, KEYS, ("position", "doc_id", "input", *READ)):
        names = domains_of(batch, domains)
        limits = _limits(batch, names, config, found.value)
        quality = judged_scores(batch).to_numpy(zero_copy_only=False)
        goes = quality < limits  # NaN, of a page that is not judged, is under nothing
        verdicts += _verdicts(batch, names, limits, goes)
        _count(counts, batch.column("input"), names, goes)
    if not counts:
        return
    rows = pa.Table.from_batches(verdicts, VERDICT.arrow)
    files = parts.value.write(part, VERDICT, rows)
    yield RECEIPT.batch([Receipt(f"part-{part}", STAGE, files, counts).to_row()])


def _limits(
    batch: pa.RecordBatch, domains: pa.StringArray, config: QualityConfig, found: Thresholds
) -> npt.NDArray[np.float64]:
    """The least score of each document; 0 where all stay."""
    groups = list(zip(domains.to_pylist(), batch.column("language").to_pylist(), strict=True))
    known = {group: _limit(*group, config, found) for group in set(groups)}
    return np.array([known[group] for group in groups], np.float64)


def _limit(
    domain: str | None, language: str | None, config: QualityConfig, found: Thresholds
) -> float:
    cut = config.cut(domain, language)
    return found.get((domain, language), 0.0) if cut.min_score is None else cut.min_score


def _verdicts(
    batch: pa.RecordBatch,
    domains: pa.StringArray,
    limits: npt.NDArray[np.float64],
    goes: npt.NDArray[np.bool_],
) -> list[pa.RecordBatch]:
    if not goes.any():
        return []
    gone = batch.filter(pa.array(goes))
    groups = domains.filter(pa.array(goes)).to_pylist(), gone.column("language").to_pylist()
    told = zip(gone.column("quality").to_pylist(), limits[goes].tolist(), *groups, strict=True)
    details = [f"quality {of:.6g} under {least:.6g}: {a} in {b}" for of, least, a, b in told]
    reasons = pa.array([str(DropReason.LOW_QUALITY)] * gone.num_rows)
    columns = {name: gone.column(name) for name in ("position", "doc_id", "input")}
    columns |= {"drop_reason": reasons, "detail": pa.array(details)}
    return [VERDICT.conform(pa.RecordBatch.from_pydict(columns))]


def _count(
    counts: Counts, inputs: pa.Array, domains: pa.StringArray, goes: npt.NDArray[np.bool_]
) -> None:
    rows = pa.table({"input": inputs, "domain": domains, "goes": pa.array(goes)})
    counted = rows.group_by(["input", "domain", "goes"]).aggregate([([], "count_all")])
    for row in counted.to_pylist():
        source, pages = row["input"], row["count_all"]
        counts[STAGE, source, IN] += pages
        counts[STAGE, source, DropReason.LOW_QUALITY if row["goes"] else KEPT] += pages
        if not row["goes"]:
            counts[STAGE, source, f"{DOMAIN}{row['domain'] or 'none'}"] += pages
