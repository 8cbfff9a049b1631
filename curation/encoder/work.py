"""Which documents an encoder reads: those still in, of a seeded share, that it has not read yet.

The unit of work is a split: what is said of its documents is one file in `scores/` and one receipt,
so a run that was killed goes on with the splits that have none. After a take-down each split has
another receipt: documents that came back, or lose other lines now, are read then.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from curation import receipts
from curation.dedup.buckets import mixed
from curation.driver import JUDGES, parts_of, require_done, score_work, split_receipts
from curation.parts import Parts, is_in
from curation.run import Run
from curation.scored import lines_hashes, rows_of
from schemas.arrow import with_columns
from schemas.document import DOCUMENT
from schemas.keys import KEYS


@dataclass(frozen=True)
class ScoreWork:
    """The documents of one split, which `parts` has alone; `file` is what they came from."""

    name: str
    file: str
    input: str
    parts: Parts


def is_scored(run: Run) -> bool:
    """Whether all is read that has to be, as of now."""
    works = {score_work(split.number, run.take_downs) for split in run.splits}
    return works <= receipts.done(run.folder)


def find_work(run: Run) -> list[ScoreWork]:
    """What is not done yet, the longest first; raises `UserError` for a run that is not so far."""
    require_done(run, "quality")
    done = receipts.done(run.folder)
    works = [(score_work(split.number, run.take_downs), split) for split in run.splits]
    todo = [(name, split) for name, split in works if name not in done]
    if not todo:
        return []
    parts = parts_of(run, split_receipts(run, scored=True), *JUDGES)
    todo.sort(key=lambda of: -sum(file["rows"] for file in parts.of_split(of[1].number, DOCUMENT)))
    return [
        ScoreWork(name, split.uri, parts.inputs[split.number], parts.only(split.number))
        for name, split in todo
    ]


def read_texts(
    parts: Parts, share: float, languages: frozenset[str] | None
) -> Iterator[pa.RecordBatch]:
    """`position`, `doc_id`, `language`, `text` and `lines_hash` of what is to be read of one part.

    Of all documents, or those in some languages, the share is read. Texts are as verdicts leave
    them.
    """
    wanted = _positions(parts, share, languages)
    if not len(wanted):
        return
    for batch in parts.kept(0, DOCUMENT, ("position", "doc_id", "language", "text")):
        rows = batch.filter(pa.array(is_in(batch.column("position").to_numpy(), wanted)))
        hashes = lines_hashes(rows.column("dropped_lines"))
        named = rows.select(["position", "doc_id", "language", "text"])
        yield with_columns(named, {"lines_hash": hashes})


def _positions(
    parts: Parts, share: float, languages: frozenset[str] | None
) -> npt.NDArray[np.int64]:
    known, found = parts.scores(0, ()), [np.empty(0, np.int64)]
    for batch in parts.kept(0, KEYS, ("position", "order_key", "language", "dropped_lines")):
        read = rows_of(batch.column("position"), batch.column("dropped_lines"), known)
        wanted = read.is_null().to_numpy(zero_copy_only=False)
        wanted &= in_share(batch.column("order_key"), share)
        wanted &= _is_in(batch.column("language"), languages)
        found.append(batch.column("position").to_numpy()[wanted])
    return np.sort(np.concatenate(found))


def _is_in(found: pa.StringArray, languages: frozenset[str] | None) -> npt.NDArray[np.bool_]:
    if languages is None:
        return np.ones(len(found), bool)
    known: npt.NDArray[np.bool_] = pc.is_in(found, pa.array(sorted(languages), pa.string()))
    return np.asarray(known)


def in_share(order_keys: pa.Int64Array, share: float) -> npt.NDArray[np.bool_]:
    """Whether each document is read: by a hash of its place in the order, which is a seeded hash.

    So they are not those of the first shards.
    """
    if share == 1:
        return np.ones(len(order_keys), bool)
    return np.asarray(mixed(order_keys.to_numpy()) < np.uint64(int(share * 2.0**64)))
