"""Pages that stay, sampled, and the most similar of all pages that stay: by signature, every pair.

Each part compares its pages with the whole sample, by a table of the sample's minima. Of a template
that thousands share, only the most similar few of each sampled page are told.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, partial

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyspark import Broadcast
from pyspark.sql import SparkSession, Window
from pyspark.sql import functions as F

from curation.arrow_text import Hashes, Ints
from curation.dedup.buckets import language_hashes
from curation.dedup.certificate.nearest_kernel import Nearest, Pages, find_minima, look_at
from curation.dedup.certificate.sample import draw
from curation.dedup.lsh import estimate_error
from curation.dedup.minhash import MinHashParams, matrix
from curation.kernels import compile_once
from curation.parts import Parts
from curation.rows_at import one_batch, rows_at
from curation.spark_tables import map_each
from schemas.keys import KEYS

_MOST = 16
"""So many of each sampled page are told."""
_ERRORS = 4
"""Standard errors below the threshold down to which pages are told."""
_FOUND = "sampled long, position long, order_key long, equal int"


@dataclass(frozen=True)
class _Sample:
    """Pages in the order of their `languages`, as hashes."""

    positions: Ints
    languages: Hashes
    signatures: npt.NDArray[np.uint32]


def find_nearest(
    spark: SparkSession,
    parts: Broadcast[Parts],
    params: MinHashParams,
    *,
    pages: int,
) -> tuple[int, npt.NDArray[np.int64]]:
    """How many were sampled; and pairs, shape (rows, 2): a sampled page and one that is near it.

    By position. `pages` are sampled at most.
    """
    drawn = draw(spark, parts, pages, salt=f"kept {params.seed}")
    sample = spark.sparkContext.broadcast(_read(spark, parts, drawn, params))
    search = partial(_search, parts=parts, sample=sample, params=params)
    found = map_each(spark, parts.value.own, search, _FOUND)
    order = Window.partitionBy("sampled").orderBy(F.desc("equal"), "order_key")
    nearest = found.withColumn("rank", F.row_number().over(order)).where(F.col("rank") <= _MOST)
    rows = nearest.select("sampled", "position").toArrow()
    pairs = np.column_stack([rows["sampled"].to_numpy(), rows["position"].to_numpy()])
    return len(sample.value.positions), pairs[np.lexsort((pairs[:, 1], pairs[:, 0]))]


def _read(
    spark: SparkSession, parts: Broadcast[Parts], drawn: Ints, params: MinHashParams
) -> _Sample:
    of_parts = parts.value.of(drawn)
    work = spark.sparkContext.broadcast([drawn[of_parts == part] for part in np.unique(of_parts)])
    read = partial(_rows, parts=parts, work=work)
    kind = "position long, language string, signature binary"
    batch = one_batch(map_each(spark, len(work.value), read, kind).toArrow())
    batch = batch.filter(batch.column("signature").is_valid())
    languages = language_hashes(batch.column("language"))
    positions = batch.column("position").to_numpy()
    order = np.lexsort((positions, languages))
    signatures = matrix(batch.column("signature"), params)[order]
    return _Sample(positions[order], languages[order], signatures)


def _rows(
    number: int, *, parts: Broadcast[Parts], work: Broadcast[list[Ints]]
) -> Iterator[pa.RecordBatch]:
    for rows in rows_at(parts.value, KEYS, work.value[number], ("language", "signature")):
        yield rows.select(["position", "language", "signature"])


def _search(
    part: int, *, parts: Broadcast[Parts], sample: Broadcast[_Sample], params: MinHashParams
) -> Iterator[pa.RecordBatch]:
    _compile()
    wanted, nearest = sample.value, _room(len(sample.value.positions))
    # Copies, for what a broadcast holds may not be written to, and kernels take one kind.
    minima, positions = find_minima(np.array(wanted.signatures)), np.array(wanted.positions)
    lowest = params.threshold - _ERRORS * estimate_error(params.threshold, params.n)
    least = max(1, math.ceil(lowest * params.n))
    for keys in parts.value.kept(part, KEYS, ("order_key", "language", "signature")):
        signed = keys.filter(keys.column("signature").is_valid())
        pages = _pages(signed, wanted, params)
        look_at(pages, minima, positions, least, nearest)
    row, place = np.nonzero(np.arange(_MOST) < nearest.held[:, None])
    told = {name: getattr(nearest, name)[row, place] for name in nearest._fields[1:]}
    columns = {"sampled": wanted.positions[row], **told}
    names = ("sampled", "position", "order_key", "equal")
    arrays = [columns[n] if n in columns else columns[f"{n}s"] for n in names]
    yield pa.RecordBatch.from_arrays([pa.array(values) for values in arrays], names=list(names))


def _pages(keys: pa.RecordBatch, sample: _Sample, params: MinHashParams) -> Pages:
    languages = language_hashes(keys.column("language"))
    # Copies, for what Arrow holds can't be written to, and kernels are compiled for one kind.
    return Pages(
        np.array(keys.column("position").to_numpy()),
        np.array(keys.column("order_key").to_numpy()),
        np.array(matrix(keys.column("signature"), params)),
        np.searchsorted(sample.languages, languages),
        np.searchsorted(sample.languages, languages, "right"),
    )


def _room(sampled: int) -> Nearest:
    shape = sampled, _MOST
    numbers = np.zeros(sampled, np.int64), np.zeros(shape, np.int32)
    return Nearest(*numbers, np.zeros(shape, np.int64), np.zeros(shape, np.int64))


@cache
def _compile() -> None:
    """Before the first pages of a process."""
    one, signature = np.zeros(1, np.int64), np.zeros((1, 1), np.uint32)
    pages = Pages(one, one, signature, one, one + 1)
    compile_once("nearest", lambda: look_at(pages, find_minima(signature), one, 1, _room(1)))
