"""Deduplication of lines: those that occur too often among documents of a bucket and language go.

In: the `keys/` of the documents that are still in, which hold a hash per line. Out: verdicts that
shorten documents or, where too little is left, drop them; and `line_audit/`. Which they are depends
on the documents alone, not on parts, tasks or the order in which anything arrives.

Source: Llama 3 (arXiv 2407.21783, section 3.1.1), after CCNet (Wenzek et al. 2020).
"""

from __future__ import annotations

from functools import partial

from pyspark import Broadcast
from pyspark.sql import SparkSession

from curation import receipts
from curation.dedup.lines.allow import allowed_hashes
from curation.dedup.lines.audit import write_audit
from curation.dedup.lines.config import LinesConfig
from curation.dedup.lines.count import CountFiles, count_lines, earlier_counts, find_frequent
from curation.dedup.lines.mark import mark
from curation.exchange import exchange
from curation.ledger import ALL
from curation.parts import Parts
from curation.receipts import Receipt
from schemas.line_audit import CANDIDATE
from schemas.receipt import RECEIPT

BUCKETS = "buckets:lines"
"""How the ledger calls the number of buckets."""
_LINES_PER_DOCUMENT = 40
_KEYS_PER_TASK = 4_000_000


def deduplicate_lines(
    spark: SparkSession,
    parts: Broadcast[Parts],
    config: LinesConfig,
    *,
    documents: int,
    before: CountFiles = (),
) -> Receipt:
    """Writes verdicts and the audit; the receipt has their files, and what was shortened.

    `documents` says how many there are, before any of them went. The lines of earlier runs count
    that are among `parts`, or in counts `before`.
    """
    buckets = config.buckets or max(1, -(-documents // config.bucket_documents))
    tasks = 1 + documents * _LINES_PER_DOCUMENT // _KEYS_PER_TASK
    counted = count_lines(spark, parts, config, buckets=buckets, tasks=tasks)
    if before:
        counted = counted.union(earlier_counts(spark, before, config, tasks=tasks))
    frequent = find_frequent(counted, config, tasks=tasks)
    allowed = spark.sparkContext.broadcast(allowed_hashes(config))
    write = partial(mark, parts=parts, config=config, buckets=buckets, allowed=allowed)
    marked = exchange(frequent, parts.value.own).mapInArrow(write, RECEIPT.spark)
    made = marked.toArrow().cast(RECEIPT.arrow)
    files = receipts.files(made).drop_columns("work").to_pylist()
    proposed = [file for file in files if file["table"] == CANDIDATE.name]
    audit = write_audit(spark, parts, proposed, config.audit_lines)
    verdicts = [file for file in files if file["table"] != CANDIDATE.name]
    counts = receipts.counts(made)
    counts["dedup", ALL, BUCKETS] = buckets
    return Receipt("lines", "driver", [*verdicts, *audit], counts)
