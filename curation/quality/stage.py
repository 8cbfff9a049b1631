"""The stage `quality`: keys in; verdicts on documents that are not good enough, by part, out.

Whose score it is that counts is a parameter (`Judge`): an encoder's is judged by the same rules.

How good is good enough a recipe says for each domain and language: as a score, or as the share of
documents that stays, whose score is found first. No text is read. The order of pages, parts and
partitions changes nothing.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
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
from curation.receipts import DOMAIN, IN, KEPT, SCORED_PAGES, Counts, Receipt
from curation.spark_tables import map_each
from schemas.drop_reason import DropReason
from schemas.keys import KEYS
from schemas.receipt import RECEIPT
from schemas.verdict import VERDICT


@dataclass(frozen=True)
class Judge:
    """A stage that judges by a `score`, a column of keys: and why documents under a limit go.

    Those whose `unread`, another column, is 0 could not be read, and go before that.
    """

    stage: str
    score: str
    reason: DropReason
    unread: tuple[str, DropReason] | None = None


QUALITY = Judge("quality", "quality", DropReason.LOW_QUALITY)
Thresholds = Mapping[tuple[str | None, str | None], float]
"""The least score of documents that stay, by domain and language."""
_THRESHOLD = pa.schema(
    [("domain", pa.string()), ("language", pa.string()), ("at_least", pa.float64())]
)


def judge_quality(
    spark: SparkSession,
    parts: Parts,
    config: QualityConfig,
    domains: DomainsConfig,
    judge: Judge = QUALITY,
) -> Receipt:
    """Writes the verdicts; the receipt has their files, and pages in, kept and gone by input.

    Beside these it counts those that stay by their domain.
    """
    shared = spark.sparkContext.broadcast(parts)
    found = find_thresholds(spark, shared, config, domains, judge)
    limits = spark.sparkContext.broadcast(_Limits(config, found))
    drop = partial(_drop, parts=shared, domains=domains, limits=limits, judge=judge)
    made = map_each(spark, len(parts), drop, RECEIPT.spark).toArrow().cast(RECEIPT.arrow)
    files = receipts.files(made).drop_columns("work").to_pylist()
    return Receipt(judge.stage, "driver", files, receipts.counts(made))


def find_thresholds(
    spark: SparkSession,
    parts: Broadcast[Parts],
    config: QualityConfig,
    domains: DomainsConfig,
    judge: Judge = QUALITY,
) -> Thresholds:
    """The scores from which on the best share of documents is, where a recipe says a share."""
    if all(cut.keep is None for _, cut in config.cuts()):
        return {}
    counted = count_scores(spark, parts, domains, judge.score).where(f"bin <> {STAYS}")

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


@dataclass(frozen=True)
class _Limits:
    """What a recipe says, and the thresholds that were found for its shares."""

    config: QualityConfig
    found: Thresholds

    def of_each(
        self, domains: pa.StringArray, languages: pa.StringArray
    ) -> npt.NDArray[np.float64]:
        """The least score of each document; 0 where all stay."""
        groups = list(zip(domains.to_pylist(), languages.to_pylist(), strict=True))
        known = {group: self._of(*group) for group in set(groups)}
        return np.array([known[group] for group in groups], np.float64)

    def _of(self, domain: str | None, language: str | None) -> float:
        cut = self.config.cut(domain, language)
        if cut.min_score is None:
            return self.found.get((domain, language), 0.0)
        return cut.min_score


def _drop(
    part: int,
    *,
    parts: Broadcast[Parts],
    domains: DomainsConfig,
    limits: Broadcast[_Limits],
    judge: Judge,
) -> Iterator[pa.RecordBatch]:
    counts, verdicts = Counts(), []
    also = [judge.unread[0]] if judge.unread else []
    wanted = ("position", "doc_id", "input", judge.score, *also, *READ)
    for batch in parts.value.kept(part, KEYS, wanted):
        names = domains_of(batch, domains)
        least = limits.value.of_each(names, batch.column("language"))
        reasons = _reasons(batch, least, judge)
        verdicts += _verdicts(batch, names, least, reasons, judge)
        _count(counts, batch.column("input"), names, reasons, judge)
        if judge.unread:
            read = batch.column("input").filter(batch.column(judge.unread[0]).is_valid())
            for source, pages in Counter(read.to_pylist()).items():
                counts[judge.stage, source, SCORED_PAGES] += pages
    if not counts:
        return
    rows = pa.Table.from_batches(verdicts, VERDICT.arrow)
    files = parts.value.write(part, VERDICT, rows)
    yield RECEIPT.batch([Receipt(f"part-{part}", judge.stage, files, counts).to_row()])


def _reasons(
    batch: pa.RecordBatch, limits: npt.NDArray[np.float64], judge: Judge
) -> pa.StringArray:
    """Why each document goes; null: it stays."""
    scores = judged_scores(batch, judge.score).to_numpy(zero_copy_only=False)
    goes = pa.array(scores < limits)  # NaN, of a page that is not judged, is under nothing
    found = pc.if_else(goes, pa.scalar(str(judge.reason)), pa.scalar(None, pa.string()))
    if judge.unread:
        column, reason = judge.unread
        unread = pc.fill_null(pc.equal(batch.column(column), 0), False)
        found = pc.if_else(unread, pa.scalar(str(reason)), found)
    return found


def _verdicts(
    batch: pa.RecordBatch,
    domains: pa.StringArray,
    limits: npt.NDArray[np.float64],
    reasons: pa.StringArray,
    judge: Judge,
) -> list[pa.RecordBatch]:
    if reasons.null_count == len(reasons):
        return []
    goes = reasons.is_valid()
    gone, of_gone = batch.filter(goes), reasons.filter(goes)
    groups = domains.filter(goes).to_pylist(), gone.column("language").to_pylist()
    scores, least = gone.column(judge.score).to_pylist(), limits[np.asarray(goes)].tolist()
    details = [
        f"{judge.stage} {of:.6g} under {limit:.6g}: {a} in {b}" if why == judge.reason else None
        for why, of, limit, a, b in zip(of_gone.to_pylist(), scores, least, *groups, strict=True)
    ]
    columns = {name: gone.column(name) for name in ("position", "doc_id", "input")}
    columns |= {"drop_reason": of_gone, "detail": pa.array(details, pa.string())}
    return [VERDICT.conform(pa.RecordBatch.from_pydict(columns))]


def _count(
    counts: Counts,
    inputs: pa.Array,
    domains: pa.StringArray,
    reasons: pa.StringArray,
    judge: Judge,
) -> None:
    rows = pa.table({"input": inputs, "domain": domains, "reason": reasons})
    counted = rows.group_by(["input", "domain", "reason"]).aggregate([([], "count_all")])
    for row in counted.to_pylist():
        source, pages = row["input"], row["count_all"]
        counts[judge.stage, source, IN] += pages
        counts[judge.stage, source, row["reason"] or KEPT] += pages
        if not row["reason"]:
            counts[judge.stage, source, f"{DOMAIN}{row['domain'] or 'none'}"] += pages
