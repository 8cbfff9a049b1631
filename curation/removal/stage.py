"""The stage `take_down`: lists and keys in; the record `removals/`, and verdicts on documents, out.

One narrow pass by part, in which no row moves. The pages that it finds are left out of all that
later stages read (`Parts.removals`), rejects too, since these are versions of URLs and count for
hosts; so what these stages make is what they make of a run that never had the pages. Superseded
pages are only recorded: later stages see them, until deduplication drops what is left of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pyspark import Broadcast
from pyspark.sql import SparkSession
from pyspark.sql.pandas.types import from_arrow_schema

from curation import receipts
from curation.arrow_text import Ints
from curation.mixing import selection
from curation.mixing.chances import entries_of, kept
from curation.mixing.layout import find_rows
from curation.mixing.selection import Selection
from curation.mixing.stage import Mixed
from curation.parts import Parts, is_in
from curation.receipts import IN, KEPT, Counts, Receipt
from curation.removal.wanted import READ, Wanted
from curation.spark_tables import map_each
from schemas.arrow import UTC_TIME, with_columns
from schemas.drop_reason import DropReason
from schemas.keys import KEYS
from schemas.mix import LEFT_OUT
from schemas.receipt import RECEIPT
from schemas.removal import IN_SHARDS, REMOVAL
from schemas.verdict import VERDICT

STAGE = "take_down"
BEFORE, TAKEN = "shards:before", "shards:taken_down"
"""Outcomes beside the sums: see `schemas/ledger.py`."""
_REASON, _DOCUMENT = "drop_reason", "is_document"
_COLUMNS = ("doc_id", "position", "input", _REASON)
Bools = npt.NDArray[np.bool_]
_FOUND = pa.schema([*RECEIPT.arrow, pa.field("named", pa.list_(pa.int64()), nullable=False)])


@dataclass(frozen=True)
class Request:
    """A take-down: its number in the run (1, 2, ...), what is wanted, and when that was said.

    `selection` is what was drawn until then. Pages that are `superseded` keep others out as before;
    else those come back.
    """

    number: int
    wanted: Wanted
    at: datetime
    selection: Selection
    superseded: bool = False


def find_pages(
    spark: SparkSession, parts: Parts, request: Request, mixed: Mixed
) -> tuple[Receipt, Ints]:
    """Writes the record and verdicts; returns what was found, and the entries that named a page.

    `parts` have the verdicts of all stages, and `removals` of take-downs before, and know what an
    encoder said; `mixed` says which shards have a page. The counts hold for all take-downs
    together.
    """
    shared = spark.sparkContext.broadcast((parts, request, mixed))
    find = partial(_find, shared=shared)
    schema = from_arrow_schema(_FOUND, prefer_timestamp_ntz=False)
    made = map_each(spark, len(parts), find, schema).toArrow().cast(_FOUND)
    files = receipts.files(made).drop_columns("work").to_pylist()
    named: Ints = np.unique(pc.list_flatten(made["named"]).to_numpy())
    return Receipt(STAGE, "driver", files, receipts.counts(made)), named


def _find(
    part: int, *, shared: Broadcast[tuple[Parts, Request, Mixed]]
) -> Iterator[pa.RecordBatch]:
    parts, request, mixed = shared.value
    every = list(replace(parts, removals=()).read(part, KEYS, [*dict.fromkeys((*_COLUMNS, *READ))]))
    if not every:
        return
    keys = pa.Table.from_batches(every)
    entries, named = request.wanted.match(keys)
    positions = keys["position"].to_numpy()
    before = is_in(positions, parts.taken_down(part))
    new = (entries >= 0) & ~before
    if request.superseded:
        new &= ~is_in(positions, parts.superseded(part))
    asked = request.wanted.asked.take(pa.array(entries[new]))
    rows = keys.filter(pa.array(new))
    was = _was(rows, parts, part, mixed)
    in_shards: Ints = np.sort(rows.filter(pc.equal(was, IN_SHARDS))["position"].to_numpy())
    held = _held(in_shards, part, parts, request.selection, mixed.layout)
    removed = _removed(rows, asked, was, _shards(rows, held))
    counts = _count(keys, before if request.superseded else before | new, removed)
    receipt = Receipt(f"part-{part}", STAGE, _write(removed, request, part, parts), counts)
    found = RECEIPT.batch([receipt.to_row()])
    entries_named = pa.array([named.tolist()], pa.list_(pa.int64()))
    yield pa.RecordBatch.from_arrays([*found.columns, entries_named], schema=_FOUND)


def _was(keys: pa.Table, parts: Parts, part: int, mixed: Mixed) -> pa.Array:
    """Why each page was not in the shards, or that it was."""
    every = parts.rows_on(part, parts.verdicts, VERDICT, ["drop_reason"])
    judged = every.filter(
        every["drop_reason"].is_valid()
    )  # others shorten a page, which may go too
    at = pc.index_in(keys["position"], value_set=judged["position"].combine_chunks())
    out = parts.rows_on(part, mixed.left_out, LEFT_OUT, [])["position"].combine_chunks()
    left_out = pc.is_in(keys["position"], value_set=out)
    not_drawn = pc.if_else(left_out, pa.scalar(DropReason.NOT_DRAWN), pa.scalar(None, pa.string()))
    reasons = keys["drop_reason"], judged["drop_reason"].take(at), not_drawn
    return pc.coalesce(*reasons, pa.scalar(IN_SHARDS))


def _held(positions: Ints, part: int, parts: Parts, drawn: Selection, layout: pa.Table) -> pa.Table:
    """Which shard held which of the pages at `positions`: `position` and `name`, in this order.

    A page that was drawn repeatedly may have lain in several.
    """
    found = [pa.table({"position": pa.array([], pa.int64()), "name": pa.array([], pa.string())})]
    for batch in kept(parts, part, selection.READ) if len(positions) else ():
        pages = batch.filter(pa.array(is_in(batch.column("position").to_numpy(), positions)))
        if pages.num_rows:
            entries = drawn.entries(pages)
            names = layout["name"].take(pa.array(find_rows(layout, entries)))
            found.append(pa.table({"position": entries["position"], "name": names}))
    pairs = pa.concat_tables(found).group_by(["position", "name"]).aggregate([])
    return pairs.sort_by([("position", "ascending"), ("name", "ascending")])


def _shards(keys: pa.Table, held: pa.Table) -> pa.ListArray:
    """The names of the shards that `held` each page; none of pages that were in none."""
    there, positions = held["position"].to_numpy(), keys["position"].to_numpy()
    starts, ends = (np.searchsorted(there, positions, side=side) for side in ("left", "right"))
    pages, numbers = entries_of(ends - starts)
    names = held["name"].combine_chunks().take(pa.array(starts[pages] + numbers))
    offsets = np.append(0, np.cumsum(ends - starts)).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), names)


def _removed(keys: pa.Table, asked: pa.Array, was: pa.Array, shards: pa.ListArray) -> pa.Table:
    """The columns of the record, but for those that are the same for all pages."""
    columns = {name: keys[name] for name in ("position", "doc_id", "input")}
    columns |= {"asked": asked, "was": was, "shards": shards, _DOCUMENT: keys[_REASON].is_null()}
    return pa.table(columns).combine_chunks()


def _count(keys: pa.Table, down: Bools, removed: pa.Table) -> Counts:
    counts: Counts = Counter()
    outcome = pc.if_else(pa.array(down), DropReason.TAKEN_DOWN, KEPT)
    documents = keys.append_column("outcome", outcome).filter(keys[_REASON].is_null())
    for source, what, pages in _counted(documents, "input", "outcome"):
        counts[STAGE, source, IN] += pages
        counts[STAGE, source, what] += pages
    for source, was, pages in _counted(removed, "input", "was"):
        if was == IN_SHARDS:
            counts[STAGE, source, TAKEN] += pages
    return counts


def _counted(rows: pa.Table, *by: str) -> Iterator[tuple[Any, ...]]:
    grouped = rows.group_by(list(by)).aggregate([([], "count_all")])
    return zip(*(grouped[name].to_pylist() for name in (*by, "count_all")), strict=True)


def _write(removed: pa.Table, request: Request, part: int, parts: Parts) -> list[dict[str, Any]]:
    if not removed.num_rows:
        return []
    (batch,) = removed.to_batches()
    rows = batch.num_rows
    same = {
        "removal": pa.array([request.number] * rows, pa.int32()),
        "superseded": pa.array([request.superseded] * rows, pa.bool_()),
        "taken_at": pa.array([request.at] * rows, UTC_TIME),
        "drop_reason": pa.array([DropReason.TAKEN_DOWN] * rows, pa.string()),
    }
    record = with_columns(batch, same)
    verdicts = record.filter(record.column(_DOCUMENT)) if not request.superseded else record[:0]
    return [
        file
        for table, found in ((REMOVAL, record), (VERDICT, verdicts))
        for file in parts.write(part, table, pa.Table.from_batches([table.conform(found)]))
    ]
