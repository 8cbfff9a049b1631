"""Samples of pages, seeded and exact: the lowest hashes, wherever and in whatever order pages lie.

Parts offer hashes under a bound below which about four times as many are expected as are wanted,
so what the driver gets does not grow with the run.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pyspark import Broadcast
from pyspark.sql import SparkSession

from curation.arrow_text import Ints
from curation.dedup.buckets import mixed
from curation.dedup.doc_ids import halves
from curation.ingest.urls import hash64
from curation.parts import Files, Parts
from curation.spark_tables import map_each
from curation.tables import read_file
from schemas.document import DOCUMENT
from schemas.keys import KEYS

_MORE = 4
_PAGE = "hash long, doc_id string, position long"
_SORTED = [("hash", "ascending"), ("doc_id", "ascending")]


def draw(spark: SparkSession, parts: Broadcast[Parts], pages: int, *, salt: str) -> Ints:
    """The positions, sorted, of `pages` pages of this run at most that are still in."""
    listed = (parts.value.listed(part, DOCUMENT) for part in range(parts.value.own))
    documents = sum(file["rows"] for files in listed for file in files)
    share = min(1.0, _MORE * pages / max(1, documents))
    offer = partial(_offer, parts=parts, share=share, salt=hash64(salt))
    offered = map_each(spark, parts.value.own, offer, _PAGE).toArrow()
    drawn = offered.sort_by(_SORTED)[:pages]
    return np.sort(drawn["position"].to_numpy())


def _offer(
    part: int, *, parts: Broadcast[Parts], share: float, salt: int
) -> Iterator[pa.RecordBatch]:
    for keys in parts.value.kept(part, KEYS, ("order_key", "doc_id")):
        rows = keys.select(["doc_id", "position"])
        yield _lowest(keys.column("order_key").to_numpy(), rows, share, salt)


def _lowest(hashes: Ints, rows: pa.RecordBatch, share: float, salt: int) -> pa.RecordBatch:
    """Of pages with these hashes, those that are lowest when hashed once more."""
    # Without the lowest bit, so that a signed number sorts as it does.
    drawn = (mixed(hashes ^ np.int64(salt)) >> np.uint64(1)).view(np.int64)
    taken = drawn <= int(share * np.iinfo(np.int64).max)
    columns, names = [pa.array(drawn), *rows.columns], ["hash", *rows.schema.names]
    return pa.RecordBatch.from_arrays(columns, names).filter(pa.array(taken))


def draw_gone(
    spark: SparkSession, folder: str, clusters: Files, pages: int, *, salt: str
) -> npt.NDArray[np.int64]:
    """Shape (rows, 2): pages that went as near-duplicates, and their keepers; by position.

    `clusters` are files of that table; `pages` of them at most.
    """
    files = spark.sparkContext.broadcast(list(clusters))
    share = min(1.0, _MORE * pages / max(1, sum(file["rows"] for file in clusters)))
    offer = partial(_offer_gone, folder=folder, files=files, share=share, salt=hash64(salt))
    offered = map_each(spark, len(clusters), offer, f"{_PAGE}, keeper string").toArrow()
    drawn = offered.sort_by(_SORTED)[:pages]
    keepers = spark.sparkContext.broadcast(drawn["keeper"].unique())
    find = partial(_find, folder=folder, files=files, wanted=keepers)
    found = map_each(spark, len(clusters), find, "doc_id string, position long").toArrow()
    at = pc.index_in(drawn["keeper"], value_set=found["doc_id"].combine_chunks())
    return np.column_stack([drawn["position"].to_numpy(), found["position"].take(at).to_numpy()])


def _offer_gone(
    number: int, *, folder: str, files: Broadcast[list[Mapping[str, Any]]], share: float, salt: int
) -> Iterator[pa.RecordBatch]:
    names = ["doc_id", "position", "keeper", "equal"]
    for pages in read_file(folder, files.value[number]).iter_batches(columns=names):
        near = pc.and_(pc.is_valid(pages.column("keeper")), pc.invert(pages.column("equal")))
        rows = pages.filter(near).select(["doc_id", "position", "keeper"])
        yield _lowest(halves(rows.column("doc_id"))[:, 1].view(np.int64), rows, share, salt)


def _find(
    number: int,
    *,
    folder: str,
    files: Broadcast[list[Mapping[str, Any]]],
    wanted: Broadcast[pa.Array],
) -> Iterator[pa.RecordBatch]:
    names = ["doc_id", "position"]
    for pages in read_file(folder, files.value[number]).iter_batches(columns=names):
        yield pages.filter(pc.is_in(pages.column("doc_id"), value_set=wanted.value))
