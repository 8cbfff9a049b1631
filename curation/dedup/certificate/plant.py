"""Planting: pages in; near-duplicates of them out, whose similarity is known exactly.

A near-duplicate of a page with n shingles has r of them replaced by r random ones, so its Jaccard
index is (n - r) / (n + r); r is what brings this nearest to the similarity that is wanted. A page
is left out where that is not near enough, for it has too few shingles.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterator
from functools import partial
from itertools import product

import numpy as np
import pyarrow as pa
from pyspark import Broadcast
from pyspark.sql import SparkSession

from curation.arrow_text import Hashes, Ints
from curation.dedup.certificate.planted import Planted
from curation.dedup.certificate.rates import FOUND, MET, PLANTED, TOO_SHORT
from curation.dedup.certificate.sample import draw
from curation.dedup.config import CertificateConfig
from curation.dedup.minhash import MinHashParams, matrix, shingle_sets, signatures_of_sets
from curation.parts import Parts
from curation.rows_at import one_batch, rows_at
from curation.spark_tables import map_each
from schemas.document import DOCUMENT

_SCHEMA = (
    "origin long, language string, level int, similarity double, estimate double, signature binary"
)
_FURTHEST = 0.01
"""How far a planted similarity may be from the one that is wanted."""


def plant(
    spark: SparkSession,
    parts: Broadcast[Parts],
    params: MinHashParams,
    config: CertificateConfig,
) -> Planted:
    """Near-duplicates of a sample of the pages that are still in.

    Beside what `Planted` needs, `pages` says of each the `level` (its place in
    `config.similarities`), the `similarity` that it has, and the `estimate` by signatures. A page
    that is left out at a level has no signature there.
    """
    drawn = draw(spark, parts, config.pages, salt=f"plant {params.seed}")
    of_parts = parts.value.of(drawn)
    work = spark.sparkContext.broadcast([drawn[of_parts == part] for part in np.unique(of_parts)])
    make = partial(_plant, parts=parts, work=work, params=params, config=config)
    rows = map_each(spark, len(work.value), make, _SCHEMA).toArrow()
    rows = rows.sort_by([("origin", "ascending"), ("level", "ascending")])
    rows = rows.append_column("position", pa.array(-1 - np.arange(rows.num_rows)))
    return Planted(uuid.uuid4().hex, one_batch(rows))


def _plant(
    number: int,
    *,
    parts: Broadcast[Parts],
    work: Broadcast[list[Ints]],
    params: MinHashParams,
    config: CertificateConfig,
) -> Iterator[pa.RecordBatch]:
    names = ("language", "order_key", "text")
    for pages in rows_at(parts.value, DOCUMENT, work.value[number], names):
        yield plant_near(pages, params, config)


def plant_near(
    pages: pa.RecordBatch, params: MinHashParams, config: CertificateConfig
) -> pa.RecordBatch:
    """A row for each page and level; without signature where the page has too few shingles."""
    sets = shingle_sets(pages.column("text"), params)
    numbers = [np.frombuffer(value.as_buffer() or b"", "<u8") for value in sets]
    seeds = pages.column("order_key").to_numpy().view(np.uint64)
    rows, made, similarities = [], [], []
    levels = range(len(config.similarities))
    for row, level in product(range(len(numbers)), levels):
        changed = _replaced(len(numbers[row]), config.similarities[level])
        similarity = _jaccard(len(numbers[row]), changed)
        near = abs(similarity - config.similarities[level]) <= _FURTHEST
        seed = np.random.SeedSequence([params.seed, int(seeds[row]), level])
        made.append(replace_some(numbers[row], changed, seed).tobytes() if near else None)
        similarities.append(similarity)
        rows.append(row)
    found = signatures_of_sets(pa.array(made, pa.binary()), params)
    own = signatures_of_sets(sets, params)
    at = pa.array(rows, pa.int64())
    return pa.RecordBatch.from_pydict(
        {
            "origin": pages.column("position").take(at),
            "language": pages.column("language").take(at),
            "level": pa.array(list(levels) * len(numbers), pa.int32()),
            "similarity": pa.array(similarities, pa.float64()),
            "estimate": _estimates(found, own.take(at), params),
            "signature": found,
        }
    )


def _replaced(shingles: int, similarity: float) -> int:
    return round(shingles * (1 - similarity) / (1 + similarity))


def _jaccard(shingles: int, replaced: int) -> float:
    return (shingles - replaced) / (shingles + replaced) if shingles else 0.0


def replace_some(shingles: Hashes, number: int, seed: np.random.SeedSequence) -> Hashes:
    """`number` of the shingles, whichever, replaced by random ones; in no order."""
    raw = np.random.PCG64(seed).random_raw(len(shingles) + number)
    order = np.argsort(raw[: len(shingles)], kind="stable")
    return np.concatenate([shingles[order[number:]], raw[len(shingles) :]]).astype("<u8")


def _estimates(one: pa.BinaryArray, other: pa.BinaryArray, params: MinHashParams) -> pa.Array:
    """Null where `one` is."""
    there = one.is_valid()
    equal = matrix(one.filter(there), params) == matrix(other.filter(there), params)
    found = np.zeros(len(one))
    mask = there.to_numpy(zero_copy_only=False)
    found[mask] = equal.mean(axis=1)
    return pa.array(found, mask=~mask)


def count_found(
    planted: Planted, folder: str, params: MinHashParams, config: CertificateConfig
) -> Counter[str]:
    """How many of each similarity were planted, met their original, and would be a pair with it."""
    there = planted.pages.column("signature").is_valid().to_numpy(zero_copy_only=False)
    levels = planted.pages.column("level").to_numpy()
    by = "similarity" if params.verify == "exact" else "estimate"
    similar = planted.pages.column(by).fill_null(0).to_numpy() >= params.threshold
    met = planted.read_met(folder)
    counts: Counter[str] = Counter()
    for level, similarity in enumerate(config.similarities):
        of_level = levels == level
        for outcome, which in (
            (PLANTED, there),
            (TOO_SHORT, ~there),
            (MET, met),
            (FOUND, met & similar),
        ):
            counts[f"{outcome}{similarity:g}"] = int((of_level & which).sum())
    return counts
