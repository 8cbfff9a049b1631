"""Candidates to pairs: pages of one bucket are compared, and those that are similar are written.

In: (bucket, position). Out: files of `pairs/` and `members/`. What is compared (signatures, or for
`verify: exact` sets of shingles) is read by part, for pages in buckets alone, and meets by bucket
in the order of who stays; a task holds a stretch of that and a bucket's leaders, however large the
bucket is. With `old_wins` pages of earlier runs come first in their buckets.
"""

from __future__ import annotations

import uuid
from collections.abc import Iterator
from functools import cache
from itertools import pairwise

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc
from pyspark import Broadcast

from curation.arrow_text import Ints, text_view
from curation.dedup.compare_kernel import ALL_PAIRS, Carried, Compared, Contents, compare
from curation.dedup.config import DedupConfig
from curation.dedup.doc_ids import binaries, halves
from curation.dedup.minhash import MinHashParams, shingle_sets
from curation.dedup.order import columns, rank_names, with_ranks
from curation.exchange import gather
from curation.kernels import compile_once
from curation.parts import Parts, is_in
from curation.tables import TableWriter, cuts_of
from schemas.document import DOCUMENT
from schemas.keys import KEYS
from schemas.manifest import MANIFEST
from schemas.pair import MEMBER, PAIR

_ROWS = 5_000
_BATCH_BYTES = 16 << 20
_HELD_BYTES = 32 << 20


def sort_columns(config: DedupConfig) -> list[str]:
    """What candidates are sorted by: buckets, and in each who stays."""
    return ["bucket", "may_go", *rank_names(config.keep), "doc_id", "position"]


def candidate_schema(config: DedupConfig) -> pa.Schema:
    """The rows that `fetch` gives, and `compare_sorted` takes."""
    ranks = [(name, pa.int64()) for name in rank_names(config.keep)]
    ends = [("doc_id", pa.binary()), ("position", pa.int64()), ("compared", pa.binary())]
    return pa.schema([("bucket", pa.int64()), ("may_go", pa.bool_()), *ranks, *ends])


def fetch(
    batches: Iterator[pa.RecordBatch],
    *,
    parts: Broadcast[Parts],
    config: DedupConfig,
    params: MinHashParams,
) -> Iterator[pa.RecordBatch]:
    """What is compared of the pages of some parts that are in buckets, once for each bucket."""
    got = gather(batches)
    if got is None:
        return
    rows = got.group_by(["bucket", "position"]).aggregate([]).sort_by("position")
    positions, buckets = rows["position"].to_numpy(), rows["bucket"].to_numpy()
    schema = candidate_schema(config)
    for part in np.unique(parts.value.of(positions)).tolist():
        wanted = np.unique(positions[parts.value.of(positions) == part])
        read = parts.value.read(part, KEYS, [*dict.fromkeys([*_KEYS, *columns(config.keep)])])
        may_go = part < parts.value.own or not config.old_wins
        some = (_in(batch, wanted) for batch in read)
        found: Iterator[pa.Table] = (_keys(batch, config, may_go=may_go) for batch in some)
        if params.verify == "exact":
            found = _with_shingles(pa.concat_tables(found), parts.value, part, wanted, params)
        for pages in found:
            yield from _in_buckets(pages, positions, buckets, schema)


_KEYS = ("position", "doc_id", "signature")


def _keys(keys: pa.RecordBatch, config: DedupConfig, *, may_go: bool) -> pa.Table:
    ranked = with_ranks(keys, config.keep)
    return pa.table(
        {
            "position": keys.column("position"),
            "may_go": np.full(keys.num_rows, may_go),
            "doc_id": binaries(halves(keys.column("doc_id"))),
            "compared": keys.column("signature"),
            **{name: ranked.column(name) for name in rank_names(config.keep)},
        }
    )


def _with_shingles(
    keys: pa.Table, parts: Parts, part: int, wanted: Ints, params: MinHashParams
) -> Iterator[pa.Table]:
    """The same, with sets of shingles in place of signatures, some documents at a time."""
    keys = keys.sort_by("position").drop_columns("compared")
    for batch in parts.read(part, DOCUMENT, ["position", "text"]):
        some = _in(batch, wanted)
        at = np.searchsorted(keys["position"].to_numpy(), some.column("position").to_numpy())
        sets = shingle_sets(some.column("text"), params)
        yield keys.take(pa.array(at)).append_column("compared", sets)


def _in_buckets(
    pages: pa.Table, positions: Ints, buckets: Ints, schema: pa.Schema
) -> Iterator[pa.RecordBatch]:
    """A row for each bucket that a page is in; `positions` are sorted."""
    at = pages["position"].to_numpy()
    first = np.searchsorted(positions, at)
    number = np.searchsorted(positions, at, "right") - first
    of_page = np.repeat(np.arange(pages.num_rows), number)
    begins = np.repeat(first - np.cumsum(number) + number, number)
    of_bucket = buckets[begins + np.arange(len(of_page))]
    lengths = pc.binary_length(pages["compared"]).to_numpy().astype(np.int64)[of_page]
    batches = np.cumsum(lengths) // _BATCH_BYTES + np.arange(len(of_page)) // _ROWS
    for start, end in pairwise(cuts_of(batches)):
        rows = pages.take(pa.array(of_page[start:end]))
        rows = rows.append_column("bucket", pa.array(of_bucket[start:end]))
        yield from rows.select(schema.names).cast(schema).combine_chunks().to_batches()


def _in(batch: pa.RecordBatch, wanted: Ints) -> pa.RecordBatch:
    return batch.filter(pa.array(is_in(batch.column("position").to_numpy(), wanted)))


def compare_sorted(
    batches: Iterator[pa.RecordBatch], *, folder: str, params: MinHashParams, number: int
) -> Iterator[pa.RecordBatch]:
    """Compares what comes sorted by `sort_columns`; yields rows of the manifest.

    After the first round, pages of small buckets are members too, so that it is known that they are
    settled: each was compared with all others.
    """
    _compile()
    name = uuid.uuid4().hex
    pairs, members = TableWriter(folder, name, PAIR), TableWriter(folder, name, MEMBER)
    for rows, leaders, found in _compare(batches, params):
        pairs.add(_pairs(rows, found))
        members.add(_members(rows, found.members, found.leads, number))
        if number > 1:
            others = np.setdiff1d(np.arange(leaders, rows.num_rows), found.members)
            members.add(_members(rows, others, np.ones(len(others), bool), number))
    if files := [*pairs.close(), *members.close()]:
        yield MANIFEST.batch(files)


def _compare(
    batches: Iterator[pa.RecordBatch], params: MinHashParams
) -> Iterator[tuple[pa.Table, int, Compared]]:
    """Stretches of rows, how many of these are leaders of the one before, and what was found."""
    carried = Carried(0, 0)
    held: list[pa.RecordBatch] = []
    for batch in batches:
        held.append(batch)
        if sum(b.nbytes for b in held) < _HELD_BYTES:
            continue
        rows = pa.Table.from_batches(held).combine_chunks()
        end = _end(rows["bucket"].to_numpy(), carried.leaders)
        if end > carried.leaders:
            done, rest = rows.slice(0, end), rows.slice(end)
            found = _compare_rows(done, params, carried)
            yield done, carried.leaders, found
            leaders = done.take(pa.array([] if rest.num_rows else found.leaders, pa.int64()))
            carried = Carried(leaders.num_rows, found.seen)
            held = [*leaders.to_batches(), *rest.to_batches()]
    if held:
        rows = pa.Table.from_batches(held).combine_chunks()
        yield rows, carried.leaders, _compare_rows(rows, params, carried)


def _end(buckets: Ints, leaders: int) -> int:
    """Up to which row to compare now: while the last bucket is small it waits for its rest."""
    last = int(np.searchsorted(buckets, buckets[-1]))
    is_large = len(buckets) - last > ALL_PAIRS or (leaders and last == 0)
    return len(buckets) if is_large else last


@cache
def _compile() -> None:
    """Before the first pages of a process: for signatures, and for sets of shingles."""

    def call() -> None:
        # As what Arrow holds, not to be written to: kernels are compiled for one kind of array.
        bucket, offsets = np.frombuffer(bytes(8), np.int64), np.arange(2)
        may_go = np.frombuffer(bytes(1), np.bool_)
        for kind in (np.uint32, np.uint64):
            words = np.frombuffer(bytes(8), np.uint8).view(kind)
            compare(bucket, may_go, Contents(words, offsets, False, 0.5), Carried(0, 0))

    compile_once("compare", call)


def _compare_rows(rows: pa.Table, params: MinHashParams, carried: Carried) -> Compared:
    (compared,) = rows["compared"].chunks  # more would be over 2 GiB
    view = text_view(compared)
    exact = params.verify == "exact"
    kind = np.dtype(np.uint64 if exact else np.uint32)
    start = view.offsets[0]
    words = view.data[start : view.offsets[-1]].view(kind)
    offsets = (view.offsets - start) // kind.itemsize
    contents = Contents(words, offsets, exact, params.threshold)
    may_go = rows["may_go"].to_numpy()
    may_go.flags.writeable = False
    return compare(rows["bucket"].to_numpy(), may_go, contents, carried)


def _pairs(rows: pa.Table, found: Compared) -> pa.RecordBatch:
    firsts, seconds = pa.array(found.firsts), pa.array(found.seconds)
    return pa.RecordBatch.from_pydict(
        {
            "first": _take(rows, "doc_id", firsts),
            "first_position": _take(rows, "position", firsts),
            "second": _take(rows, "doc_id", seconds),
            "second_position": _take(rows, "position", seconds),
            "similarity": pa.array(found.similarities),
            "equal": pa.array(np.zeros(len(found.firsts), bool)),
        }
    )


def _members(
    rows: pa.Table, members: Ints, leads: npt.NDArray[np.bool_], number: int
) -> pa.RecordBatch:
    at = pa.array(members)
    return pa.RecordBatch.from_pydict(
        {
            "bucket": _take(rows, "bucket", at),
            "position": _take(rows, "position", at),
            "leads": pa.array(leads),
            "round": pa.array(np.full(len(members), number, np.int32)),
        }
    )


def _take(rows: pa.Table, name: str, at: pa.Array) -> pa.Array:
    found = rows[name].take(at)
    return pa.concat_arrays(found.chunks) if found.num_chunks else pa.array([], found.type)
