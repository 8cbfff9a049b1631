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
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np
import pyarrow as pa
from pyspark.errors import AnalysisException
from pyspark.sql import Column, DataFrame, Window
from pyspark.sql import functions as F
from pyspark.sql.types import BooleanType

from curation.errors import UserError
from curation.ingest.config import InputConfig
from curation.ingest.urls import hash64, url_facts
from curation.receipts import SKIPPED, Counts
from curation.storage import normalise, storage
from curation.tables import cuts_of, read_file, write_file
from schemas.manifest import MANIFEST
from schemas.selection import SELECTION

_ROW = "wanted boolean, url_hash long, fetched_at timestamp, file string, offset long, length long"
_KEYS = ("wanted", "url_hash", "fetched_at", "file", "offset", "length")


@dataclass(frozen=True)
class Extent:
    """How much an index names: rows of successful fetches, those of them wanted, their bytes."""

    fetched: int = 0
    wanted: int = 0
    wanted_bytes: int = 0


def count_skipped(index: DataFrame, config: InputConfig) -> tuple[Extent, Counts]:
    """What is there; and rows of failed fetches and rows that are not wanted, as counts.

    Raises `UserError` for a condition that is none, or that would not say the same twice.
    """
    _check_condition(index, config)
    rows = {
        (row["fetched"], row["wanted"]): row
        for row in _judged(index, config)
        .groupBy("fetched", "wanted")
        .agg(F.count("*").alias("rows"), F.sum("length").alias("bytes"))
        .collect()
    }
    counts: Counts = Counter()
    for (fetched, wanted), row in rows.items():
        if not (fetched and wanted):
            why = "not_selected" if fetched else "failed_fetch"
            counts["ingest", config.name, SKIPPED + why] += row["rows"]
    chosen = rows.get((True, True))
    wanted, size = (chosen["rows"], chosen["bytes"]) if chosen else (0, 0)
    unwanted = rows.get((True, False))
    return Extent(wanted + (unwanted["rows"] if unwanted else 0), wanted, size), counts


def _check_condition(index: DataFrame, config: InputConfig) -> None:
    try:
        asked = index.select(F.expr(config.where or "true").alias("wanted"))
    except AnalysisException as error:
        said = str(error).strip().splitlines()[0]
        raise UserError(f"input '{config.name}': 'where': {said}") from error
    if asked.schema[0].dataType != BooleanType():
        kind = asked.schema[0].dataType.simpleString()
        raise UserError(f"input '{config.name}': 'where' gives a {kind}: expected a condition")
    if not asked._jdf.queryExecution().analyzed().deterministic():  # noqa: SLF001
        raise UserError(
            f"input '{config.name}': 'where' says something else each time: for a sample, use"
            " a hash, such as xxhash64(url) % 100 = 0"
        )


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
        return (F.col(name) if there else F.lit(None)).try_cast(type_name)

    whole = known("content_truncated", "string").isNull()
    succeeded = F.coalesce(known("fetch_status", "int") == 200, F.lit(True)) & whole
    offset, length = known("warc_record_offset", "long"), known("warc_record_length", "long")
    found = F.col("warc_filename").isNotNull() & (offset >= 0) & (length > 0)
    return index.select(
        F.coalesce(succeeded & found, F.lit(False)).alias("fetched"),
        F.coalesce(F.expr(config.where or "true"), F.lit(False)).alias("wanted"),
        "url",
        known("fetch_time", "timestamp").alias("fetched_at"),
        F.col("warc_filename").alias("file"),
        offset.alias("offset"),
        length.alias("length"),
    )


def _hash_urls(batches: Iterator[pa.RecordBatch]) -> Iterator[pa.RecordBatch]:
    for batch in batches:
        urls, files = (batch.column(name).cast(pa.binary()).to_pylist() for name in ("url", "file"))
        rows = zip(urls, files, batch.column("offset").to_pylist(), strict=True)
        # What has no URL is the only version of itself.
        keys = [_url_key(url) or f"{file}\0{offset}" for url, file, offset in rows]
        hashes = [hash64(key) for key in keys]
        yield batch.append_column("url_hash", pa.array(hashes, pa.int64())).select(_KEYS)


def _url_key(url: bytes | None) -> str | None:
    return url_facts(None if url is None else url.decode("utf-8", "replace")).url_key


def require_first_record(folder: str, files: Sequence[Mapping[str, Any]]) -> None:
    """Raises `UserError` where the first file that is selected from is not there."""
    for file in files[:1]:
        row = read_file(folder, file).read_row_group(0).slice(0, 1).to_pylist()[0]
        if storage(row["file"]).find(row["file"]) is None:
            raise UserError(f"{row['file']}: named by the index, is not there: check 'prefix'")


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
    for start, end in pairwise(cuts_of(before // target)):
        piece = rows.slice(start, end - start)
        yield MANIFEST.batch([write_file(folder, f"{name}-{uuid.uuid4().hex}", SELECTION, piece)])
