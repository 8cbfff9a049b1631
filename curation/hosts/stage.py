"""The stage `hosts`: keys in; verdicts on all documents of hosts that go out, by part.

What a host is and who goes is in `count.py` and `judge.py`. Only the names of hosts that go travel
to tasks, with what is said of them. The order of pages, parts and partitions changes nothing.
"""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
from pyspark import Broadcast
from pyspark.sql import SparkSession

from curation import receipts
from curation.exchange import gather
from curation.hosts.config import HostsConfig
from curation.hosts.count import count_pages, sums
from curation.hosts.judge import RULES, judge
from curation.parts import Parts
from curation.receipts import IN, KEPT, Counts, Receipt
from curation.spark_tables import map_each
from schemas.keys import KEYS
from schemas.receipt import RECEIPT
from schemas.verdict import VERDICT

_GOING = "host string, drop_reason string, detail string"
_READ = ("position", "doc_id", "input", "host", "curated")


class Going(NamedTuple):
    """The hosts that go, why, and what was seen."""

    hosts: pa.StringArray
    reasons: pa.StringArray
    details: pa.StringArray


def judge_hosts(spark: SparkSession, parts: Parts, config: HostsConfig) -> Receipt:
    """Writes the verdicts; the receipt has their files, and pages in, kept and gone by input."""
    shared = spark.sparkContext.broadcast(parts)
    going = spark.sparkContext.broadcast(find_going(spark, shared, config))
    drop = partial(_drop, parts=shared, going=going)
    made = map_each(spark, len(parts), drop, RECEIPT.spark).toArrow().cast(RECEIPT.arrow)
    files = receipts.files(made).drop_columns("work").to_pylist()
    return Receipt("hosts", "driver", files, receipts.counts(made))


def find_going(spark: SparkSession, parts: Broadcast[Parts], config: HostsConfig) -> Going:
    """The hosts that go, in the order of their names."""
    counted = count_pages(spark, parts, config, "host")
    found = counted.mapInArrow(partial(_going, config=config), _GOING).toArrow().sort_by("host")
    return Going(*(column.combine_chunks() for column in found.columns))


def _going(batches: Iterator[pa.RecordBatch], *, config: HostsConfig) -> Iterator[pa.RecordBatch]:
    counted = gather(batches)
    if counted is None:
        return
    for batch in sums(counted, ["host"]).combine_chunks().to_batches():
        judged = judge(batch, config)
        judged = judged.filter(judged.column("drop_reason").is_valid())
        told = pa.array([_detail(row) for row in judged.to_pylist()], pa.string())
        columns = [judged.column("host"), judged.column("drop_reason"), told]
        yield pa.RecordBatch.from_arrays(columns, names=["host", "drop_reason", "detail"])


def _detail(row: dict[str, int | float | str]) -> str:
    (of,) = (rule.of for rule in RULES if rule.reason == row["drop_reason"])
    found, looked_at, lower = (row[f"{of}_{name}"] for name in ("pages", "looked_at", "rate_lower"))
    return f"{found} of {looked_at} pages, a share of {lower:.2f} at least"


def _drop(
    part: int, *, parts: Broadcast[Parts], going: Broadcast[Going]
) -> Iterator[pa.RecordBatch]:
    documents = list(parts.value.kept(part, KEYS, _READ))
    if not documents:
        return
    rows = pa.Table.from_batches(documents).select(_READ)
    crawled = pc.if_else(rows["curated"], None, rows["host"])
    at = pc.index_in(crawled, value_set=going.value.hosts)
    rows = rows.append_column("drop_reason", going.value.reasons.take(at))
    rows = rows.append_column("detail", going.value.details.take(at))
    gone = rows.filter(rows["drop_reason"].is_valid()).combine_chunks().to_batches()
    verdicts = pa.Table.from_batches(map(VERDICT.conform, gone), VERDICT.arrow)
    files = parts.value.write(part, VERDICT, verdicts)
    yield RECEIPT.batch([Receipt(f"part-{part}", "hosts", files, _counts(rows)).to_row()])


def _counts(rows: pa.Table) -> Counts:
    counts = Counts()
    counted = rows.group_by(["input", "drop_reason"]).aggregate([("position", "count")])
    for row in counted.to_pylist():
        counts["hosts", row["input"], IN] += row["position_count"]
        counts["hosts", row["input"], row["drop_reason"] or KEPT] += row["position_count"]
    return counts
