"""Selection: a columnar index of a crawl in, the records that are wanted out, before any is read.

The index is Parquet with Common Crawl's columns. Wanted are the rows that meet the recipe's
condition; of each URL only the newest fetch, so that older versions are never read. As in URL
deduplication (`dedup.over`), the newest is sought among all successful fetches of the index, or
among those wanted. What is left out is counted beside the ledger's sums: it never came in.

Source: Common Crawl's columnar index (cc-index-table), columns url, fetch_time, fetch_status,
content_truncated, warc_filename, warc_record_offset, warc_record_length.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterator
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
from pyspark.errors import AnalysisException
from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F

from curation.errors import UserError
from curation.ingest.config import InputConfig
from curation.ingest.urls import hash64, url_facts
from curation.receipts import SKIPPED, Counts
from curation.storage import normalise
from curation.tables import write_file
from schemas.manifest import MANIFEST
from schemas.selection import SELECTION

_ROW = "wanted boolean, url_hash long, fetched_at timestamp, file string, offset long, length long"
_KEYS = ("wanted", "url_hash", "fetched_at", "file", "offset", "length")


def count_skipped(index: DataFrame, config: InputConfig) -> tuple[Counts, int]:
    """Rows of failed fetches and rows that are not wanted, as counts; and how many are left."""
    counts: Counts = Counter()
    left = 0
    try:
        rows = _judged(index, config).groupBy("fetched", "wanted").count().collect()
    except AnalysisException as error:
        said = str(error).strip().splitlines()[0]
        raise UserError(f"input '{config.name}': 'where': {said}") from error
    for row in rows:
        if row["fetched"] and row["wanted"]:
            left = row["count"]
        else:
            why = "not_selected" if row["fetched"] else "failed_fetch"
            counts["ingest", config.name, SKIPPED + why] += row["count"]
    return counts, left


def select_records(index: DataFrame, config: InputConfig, *, over: str) -> DataFrame:
    """The wanted records, `SELECTION` and no more: the newest of each URL."""
    judged = _judged(index, config).where("fetched")
    if over == "kept":
        judged = judged.where("wanted")
    keyed = judged.mapInArrow(_hash_urls, _ROW)
    newest = Window.partitionBy("url_hash").orderBy(F.desc_nulls_last("fetched_at"))
    # Equals are all read: deduplication knows more of them to decide by.
    first = keyed.withColumn("rank", F.rank().over(newest)).where("rank = 1 and wanted")
    return first.select("file", "offset", "length")


def write_splits(
    selection: DataFrame, folder: str, config: InputConfig, *, name: str, target_bytes: int
) -> list[dict[str, Any]]:
    """Writes `selection` in files that each name records of about `target_bytes`: the splits.

    Neighbours in a WARC file come into one split, as far as its size allows.
    """
    piece = F.expr(f"offset div {target_bytes}")
    write = partial(_write, folder=folder, prefix=config.prefix, name=name, target=target_bytes)
    written = selection.repartition("file", piece).mapInArrow(write, MANIFEST.spark).collect()
    return sorted((row.asDict() for row in written), key=lambda row: row["path"])


def _judged(index: DataFrame, config: InputConfig) -> DataFrame:
    """`fetched`: the fetch succeeded; `wanted`: it meets the condition."""

    def known(name: str, type_name: str) -> Column:
        there = name in index.columns
        return (F.col(name) if there else F.lit(None)).cast(type_name)

    whole = known("content_truncated", "string").isNull()
    succeeded = F.coalesce(known("fetch_status", "int") == 200, F.lit(True)) & whole
    found = F.expr(
        "warc_filename is not null and warc_record_offset >= 0 and warc_record_length > 0"
    )
    return index.select(
        F.coalesce(succeeded & found, F.lit(False)).alias("fetched"),
        F.coalesce(F.expr(config.where or "true"), F.lit(False)).alias("wanted"),
        "url",
        known("fetch_time", "timestamp").alias("fetched_at"),
        F.col("warc_filename").alias("file"),
        F.col("warc_record_offset").cast("long").alias("offset"),
        F.col("warc_record_length").cast("long").alias("length"),
    )


def _hash_urls(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        rows = zip(*(batch.column(n).to_pylist() for n in ("url", "file", "offset")), strict=True)
        # What has no URL is the only version of itself.
        hashes = [hash64(url_facts(url).url_key or f"{file}\0{at}") for url, file, at in rows]
        yield batch.append_column("url_hash", pa.array(hashes, pa.int64())).select(_KEYS)


def _write(
    batches: Iterator[pa.RecordBatch], *, folder: str, prefix: str, name: str, target: int
) -> Iterator[pa.RecordBatch]:
    held = [batch for batch in batches if batch.num_rows]
    if not held:
        return
    rows = pa.Table.from_batches(held).sort_by([("file", "ascending"), ("offset", "ascending")])
    files = [normalise(file, base=prefix) for file in rows.column("file").to_pylist()]
    rows = rows.set_column(0, "file", pa.array(files, pa.string()))
    before = np.cumsum(rows.column("length").to_numpy()) - rows.column("length").to_numpy()
    cuts = [0, *(np.flatnonzero(np.diff(before // target)) + 1).tolist(), rows.num_rows]
    for start, end in pairwise(cuts):
        piece = rows.slice(start, end - start)
        yield MANIFEST.batch([write_file(folder, f"{name}-{uuid.uuid4().hex}", SELECTION, piece)])
