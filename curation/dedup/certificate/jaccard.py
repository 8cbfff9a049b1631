"""Pairs of pages compared exactly: the Jaccard index of their sets of shingles, from their text."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pyspark import Broadcast
from pyspark.sql import SparkSession

from curation.arrow_text import Hashes
from curation.dedup.minhash import MinHashParams, shingle_sets
from curation.exchange import PACKED, Sent, exchange, gather, scatter
from curation.parts import Parts
from curation.rows_at import rows_at
from curation.spark_tables import map_each
from schemas.document import DOCUMENT

Pairs = npt.NDArray[np.int64]
"""Shape (rows, 2): positions."""
_PAIRS_PER_TASK = 200


def jaccards(
    spark: SparkSession, parts: Broadcast[Parts], pairs: Pairs, params: MinHashParams
) -> npt.NDArray[np.float64]:
    """That of each pair; NaN where one of the two has no text in `documents/`."""
    found = np.full(len(pairs), np.nan)
    if not len(pairs):
        return found
    shared = spark.sparkContext.broadcast(pairs)
    work = np.unique(parts.value.of(pairs.ravel())).tolist()
    send = partial(_send, work=work, parts=parts, pairs=shared, params=params)
    sent = map_each(spark, len(work), send, PACKED)
    arrived = exchange(sent, 1 + len(pairs) // _PAIRS_PER_TASK)
    judged = arrived.mapInArrow(partial(_judge, pairs=shared), "pair long, jaccard double")
    rows = judged.toArrow()
    found[rows["pair"].to_numpy()] = rows["jaccard"].to_numpy()
    return found


def _send(
    number: int,
    *,
    work: list[int],
    parts: Broadcast[Parts],
    pairs: Broadcast[Pairs],
    params: MinHashParams,
) -> Iterator[pa.RecordBatch]:
    """The sets of a part's pages, each once to every task that has pairs with it."""
    task = np.repeat(np.arange(len(pairs.value)) // _PAIRS_PER_TASK, 2)
    of_pages = np.unique(np.column_stack([pairs.value.ravel(), task]), axis=0)
    of_pages = of_pages[parts.value.of(of_pages[:, 0]) == work[number]]
    texts = rows_at(parts.value, DOCUMENT, np.unique(of_pages[:, 0]), ["text"])
    return scatter(_sets(batch, of_pages, params) for batch in texts)


def _sets(pages: pa.RecordBatch, of_pages: Pairs, params: MinHashParams) -> Sent:
    positions = pages.column("position").to_numpy()
    order = np.argsort(positions)
    at = np.searchsorted(positions[order], of_pages[:, 0])
    there = positions[order[np.minimum(at, len(order) - 1)]] == of_pages[:, 0]
    rows = order[at[there]]
    tasks = of_pages[there, 1]
    sets = shingle_sets(pages.column("text"), params).take(pa.array(rows))
    columns = {"position": pa.array(positions[rows]), "task": pa.array(tasks), "shingles": sets}
    return Sent(pa.RecordBatch.from_pydict(columns), tasks)


def _judge(
    batches: Iterator[pa.RecordBatch], *, pairs: Broadcast[Pairs]
) -> Iterator[pa.RecordBatch]:
    rows = gather(batches)
    if rows is None:
        return
    sets = {
        position: np.frombuffer(shingles.as_buffer() or b"", "<u8")
        for position, shingles in zip(rows["position"].to_pylist(), rows["shingles"], strict=True)
    }
    first = rows["task"][0].as_py() * _PAIRS_PER_TASK
    mine = pairs.value[first : first + _PAIRS_PER_TASK].tolist()
    judged = [
        (first + number, jaccard(sets[a], sets[b]))
        for number, (a, b) in enumerate(mine)
        if a in sets and b in sets
    ]
    if judged:
        numbers, found = zip(*judged, strict=True)
        yield pa.RecordBatch.from_pydict({"pair": list(numbers), "jaccard": list(found)})


def jaccard(one: Hashes, other: Hashes) -> float:
    """Of two sets, each as different numbers; 0 where both are empty."""
    common = len(np.intersect1d(one, other, assume_unique=True))
    either = len(one) + len(other) - common
    return common / either if either else 0.0
