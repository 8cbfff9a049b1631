"""What a round leaves to the next: buckets in which two pages that stay may still be similar.

In: the files of `members/`, of all rounds, and of `clusters/`. Out: files of `buckets/`, (bucket,
position) of the pages to compare. Members meet twice: by page, with whoever has gone, and then by
bucket.
"""

from __future__ import annotations

import uuid
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
from curation.dedup.groups import first_of_each
from curation.exchange import PACKED, Sent, exchange, gather, scatter, spread
from curation.parts import Files, is_in
from curation.spark_tables import map_each
from curation.tables import read_file, write_file
from schemas.manifest import MANIFEST
from schemas.pair import BUCKET, MEMBER

_GONE = -1
_ROWS_PER_TASK = 2_000_000


def find_unsettled(
    spark: SparkSession, folder: str, members: Files, clusters: Files
) -> list[dict[str, Any]]:
    """The manifest rows of what was written; none where all is settled."""
    if not members:
        return []
    files = spark.sparkContext.broadcast([*members, *clusters])
    tasks = 1 + sum(file["rows"] for file in files.value) // _ROWS_PER_TASK
    sent = map_each(
        spark, len(files.value), partial(_send, folder=folder, files=files, tasks=tasks), PACKED
    )
    by_page = exchange(sent, tasks).mapInArrow(partial(_mark, tasks=tasks), PACKED)
    by_bucket = exchange(by_page, tasks)
    written = by_bucket.mapInArrow(partial(_write, folder=folder), MANIFEST.spark)
    return [row.asDict() for row in written.collect()]


def _send(
    number: int, *, folder: str, files: Broadcast[list[Mapping[str, Any]]], tasks: int
) -> Iterator[pa.RecordBatch]:
    """Members; and pages that have gone, as members of no round."""
    file = files.value[number]
    rows = read_file(folder, file).read()
    if file["table"] != MEMBER.name:
        positions = rows.filter(rows["keeper"].is_valid())["position"].combine_chunks()
        gone = np.full(len(positions), _GONE, np.int32)
        rows = MEMBER.conform(_members(np.zeros(len(gone), np.int64), positions, gone))
    return scatter([Sent(rows, _task(rows["position"], tasks))])


def _members(buckets: Ints, positions: Any, rounds: npt.NDArray[np.int32]) -> pa.RecordBatch:
    leads = np.zeros(len(rounds), bool)
    columns = {"bucket": buckets, "position": positions, "leads": leads, "round": rounds}
    return pa.RecordBatch.from_pydict({n: pa.array(values) for n, values in columns.items()})


def _task(numbers: Any, tasks: int) -> Ints:
    return spread(mixed(numbers.to_numpy()), tasks)


def _mark(batches: Iterator[pa.RecordBatch], *, tasks: int) -> Iterator[pa.RecordBatch]:
    """Members, with whether each has gone, to where their buckets meet."""
    rows = gather(batches)
    if rows is None:
        return
    are_gone = pc.equal(rows["round"], _GONE)
    gone = np.sort(rows.filter(are_gone)["position"].to_numpy())
    members = rows.filter(pc.invert(are_gone))
    marks = is_in(members["position"].to_numpy(), gone)
    members = members.append_column("gone", pa.array(marks))
    yield from scatter([Sent(members, _task(members["bucket"], tasks))])


def _write(batches: Iterator[pa.RecordBatch], *, folder: str) -> Iterator[pa.RecordBatch]:
    rows = gather(batches)
    if rows is None:
        return
    found = unsettled(rows)
    if found.num_rows:
        yield MANIFEST.batch([write_file(folder, uuid.uuid4().hex, BUCKET, found)])


def unsettled(members: pa.Table) -> pa.Table:
    """`MEMBER` with `gone`, whole buckets, in; `BUCKET` out: pages of unsettled buckets that stay.

    A bucket is settled when each page that stays leads, and was compared in the bucket's last
    round: so with all others that stay.
    """
    names = ("position", "bucket", "round", "leads", "gone")
    column = {name: members[name].to_numpy() for name in names}
    order = np.lexsort((~column["round"], column["position"], column["bucket"]))
    position, bucket, number, leads, gone = (column[name][order] for name in names)
    latest = first_of_each(bucket, position)  # of each page in a bucket
    begins = first_of_each(bucket)
    starts = np.flatnonzero(begins)
    last = np.maximum.reduceat(number, starts) if len(starts) else number
    group = np.cumsum(begins) - 1
    is_open = latest & ~gone & (~leads | (number < last[group]))
    open_groups = np.zeros(len(starts), bool)
    open_groups[group[is_open]] = True
    stays = latest & ~gone & open_groups[group]
    return pa.table({"bucket": bucket[stays], "position": position[stays]})
