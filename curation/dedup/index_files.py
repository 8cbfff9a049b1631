"""The files of an index: made of a run's keys, or copied from other indexes, by Spark tasks.

No text is read. Names and bytes depend on the run alone, so an attempt that is repeated writes the
same again.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyspark import Broadcast
from pyspark.sql import SparkSession

from curation.dedup.doc_ids import halves
from curation.dedup.earlier import Finished
from curation.dedup.groups import first_of_each, owner
from curation.dedup.index import Index, IndexedRun, by_path, file_name, merged
from curation.dedup.index_lines import merge_counts, write_counts
from curation.errors import UserError
from curation.exchange import PACKED, Sent, exchange, gather, scatter, spread
from curation.parts import Parts, is_in
from curation.spark_tables import map_each
from curation.splits import ROW_BITS
from curation.storage import join, put, storage
from curation.tables import write_file
from schemas.arrow import with_columns
from schemas.index import GONE, INDEXED
from schemas.keys import KEYS
from schemas.manifest import MANIFEST

_DOCUMENTS_PER_FILE = 100_000  # of half a kilobyte
_ROWS_PER_TASK = 1_000_000
_OF_KEYS = [column.name for column in INDEXED.columns]
_OF_VERSIONS = (
    *("doc_id", "position", "drop_reason", "is_version", "url_hash", "fetched_at", "curated"),
    *("text_bytes", "cheap_quality"),
)
_ORDER = ("doc_id", "drop_reason", "fetched_at", "curated", "text_bytes", "cheap_quality")
_LEAST = np.iinfo(np.int64).min


def build_index(spark: SparkSession, run: Finished, folder: str) -> Index:
    """The index of one run."""
    parts = spark.sparkContext.broadcast(run.parts)
    number = 1 + run.documents // _DOCUMENTS_PER_FILE
    tasks = 1 + run.pages // _ROWS_PER_TASK
    kept = map_each(spark, len(run.parts), partial(_kept, parts=parts, files=number), PACKED)
    others = map_each(spark, len(run.parts), partial(_others, parts=parts, tasks=tasks), PACKED)
    newest = exchange(others, tasks).mapInArrow(partial(_newest, files=number), PACKED)
    write = partial(_write, folder=folder, run=run.parts.run, files=number)
    written = exchange(kept.union(newest), number).mapInArrow(write, _INDEXED).collect()
    files = [row.asDict() for row in written]
    documents = sum(file.pop("documents") for file in files)
    if run.buckets:
        files += write_counts(spark, run.parts, folder, buckets=run.buckets, documents=documents)
    told = IndexedRun(id=run.parts.run, documents=documents, pages=run.pages)
    index = Index(folder, run.signatures, run.buckets, [told], by_path(files))
    index.put()
    return index


_INDEXED = MANIFEST.spark.add("documents", "long")


def _kept(part: int, *, parts: Broadcast[Parts], files: int) -> Iterator[pa.RecordBatch]:
    judged = _judged(parts.value, part, _OF_KEYS)
    return scatter(_to_file(keys.filter(_is_in(keys)), files) for keys in judged)


def _judged(parts: Parts, part: int, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """Keys, with a reason for what a verdict dropped; measures are those of whole texts."""
    gone = parts.gone(part)
    for keys in parts.read(part, KEYS, columns):
        dropped = pa.array(is_in(keys.column("position").to_numpy(), gone))
        reasons = pc.if_else(dropped, GONE, keys.column("drop_reason"))
        yield with_columns(keys, {"drop_reason": reasons})


def _is_in(keys: pa.RecordBatch) -> pa.BooleanArray:
    return keys.column("drop_reason").is_null()


def _to_file(keys: pa.RecordBatch, files: int) -> Sent:
    return Sent(INDEXED.conform(keys), spread(halves(keys.column("doc_id"))[:, 0], files))


def _others(part: int, *, parts: Broadcast[Parts], tasks: int) -> Iterator[pa.RecordBatch]:
    """Pages that are not in, to where those of one URL meet."""
    judged = _judged(parts.value, part, _OF_VERSIONS)
    return scatter(_by_url(keys, tasks) for keys in judged)


def _by_url(keys: pa.RecordBatch, tasks: int) -> Sent:
    counts = pc.and_(keys.column("is_version"), keys.column("url_hash").is_valid())
    # Only what dedup reads of versions; the hash of a row settles between kept ones alone.
    rows = INDEXED.conform(with_columns(keys, {"row_hash": _zeros(keys.num_rows)}))
    rows = rows.filter(pc.and_not(counts, _is_in(keys)))
    return Sent(rows, spread(rows.column("url_hash").to_numpy().view(np.uint64), tasks))


def _zeros(rows: int) -> pa.Array:
    return pa.array(np.zeros(rows, np.int64))


def _newest(batches: Iterator[pa.RecordBatch], *, files: int) -> Iterator[pa.RecordBatch]:
    """Of each URL the newest, and those that tie with it."""
    rows = gather(batches)
    if rows is None:
        return
    url, curated = rows["url_hash"].to_numpy(), rows["curated"].to_numpy()
    time = rows["fetched_at"].cast(pa.int64()).fill_null(_LEAST).to_numpy()
    order = np.lexsort((~time, ~curated, url))
    first = order[owner(first_of_each(url[order]))]
    ties = (time[first] == time[order]) & (curated[first] == curated[order])
    for batch in rows.take(pa.array(order[ties])).combine_chunks().to_batches():
        yield from scatter([_to_file(batch, files)])


def _write(
    batches: Iterator[pa.RecordBatch], *, folder: str, run: str, files: int
) -> Iterator[pa.RecordBatch]:
    rows = gather(batches)
    if rows is None:
        return
    at = rows.column_names.index("drop_reason")
    by_name = rows.set_column(at, "drop_reason", rows["drop_reason"].fill_null(""))
    order = pc.sort_indices(by_name, [(name, "ascending") for name in _ORDER])
    rows = rows.take(order).combine_chunks()
    ids = halves(rows["doc_id"].combine_chunks())
    rows = rows.filter(pa.array(first_of_each(ids[:, 0], ids[:, 1])))  # what is in goes first
    number = int(spread(ids[:1, 0], files)[0])
    positions = (number << ROW_BITS) + np.arange(rows.num_rows)
    at = rows.column_names.index("position")
    rows = rows.set_column(at, INDEXED.arrow.field("position"), pa.array(positions))
    file = write_file(folder, file_name(run, number), INDEXED, rows)
    told = pa.Table.from_batches([MANIFEST.batch([file])])
    yield from told.append_column("documents", [[rows["drop_reason"].null_count]]).to_batches()


def merge_indexes(spark: SparkSession, indexes: Sequence[Index], folder: str) -> Index:
    """One index of all their runs; raises `UserError` for those that do not go together."""
    index = merged(indexes, folder)
    sources = [
        (of.folder, file) for of in indexes for file in of.files if file["table"] == KEYS.name
    ]
    shared = spark.sparkContext.broadcast(sources)
    map_each(spark, len(sources), partial(_copy, files=shared, to=folder), "path string").collect()
    if index.buckets:
        documents = sum(run["documents"] for run in index.runs)
        counts = merge_counts(spark, indexes, folder, documents=documents)
        index = replace(index, files=by_path([*index.files, *counts]))
    index.put()
    return index


def _copy(
    number: int, *, files: Broadcast[list[tuple[str, Mapping[str, Any]]]], to: str
) -> Iterator[pa.RecordBatch]:
    folder, file = files.value[number]
    uri = join(folder, file["path"])
    content = storage(uri).read(uri)
    if hashlib.sha256(content).hexdigest() != file["sha256"]:
        raise UserError(f"{uri}: is not the file that its index names")
    put(join(to, file["path"]), content)
    yield pa.RecordBatch.from_pydict({"path": [file["path"]]})
