"""Parts of a run: neighbouring splits, whose tables one task reads together.

Wide stages read narrow tables part by part, and write what they decide (`verdicts/`) by part as
well. So a task that reads the documents of a part needs the verdicts of that part alone, however
many there are of others; no text and no join moves.
"""

from __future__ import annotations

import json
import uuid
from bisect import bisect
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from difflib import get_close_matches
from functools import cached_property
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from curation.arrow_text import Ints
from curation.errors import UserError
from curation.left import CHANGED, LENGTHS, add_lengths, last_lines, leave, lines_read
from curation.scored import SCORED, add_scores
from curation.splits import ROW_BITS, Split, split_of
from curation.storage import join, normalise, storage
from curation.tables import read_file, write_file
from curation.token_counts.known import NEEDED, TokenCounts, add_tokens
from schemas.arrow import Table, with_columns
from schemas.document import DOCUMENT
from schemas.drop_reason import DropReason
from schemas.keys import KEYS
from schemas.removal import REMOVAL
from schemas.score import SCORE
from schemas.token_count import TOKEN_COUNT
from schemas.verdict import LEFT, VERDICT

Files = Sequence[Mapping[str, Any]]
"""Rows of the manifest."""
_PART_BYTES = 64 << 20
_GROUPS_AT_ONCE = 4  # of documents, some 6 MB of text
_OPEN_BYTES = 1 << 20  # what opening a file costs, as bytes
_AFTER_LINES = (
    *(DropReason.LEFT_TOO_SHORT, DropReason.LOW_QUALITY, DropReason.NOT_TOKENISED),
    *(DropReason.LOW_ENCODER_QUALITY, DropReason.SEMANTIC_DUPLICATE, DropReason.CONTAMINATED),
)
"""The reasons of stages that judge documents as they are left without lines."""


@dataclass(frozen=True)
class Parts:
    """The parts of the run in `folder`: part p has the splits `firsts[p]` to `firsts[p + 1] - 1`.

    `files` are those of each split, of every table, and `inputs` the names of the inputs that
    splits are of; `verdicts` are files of that table, of which those for `spared` reasons do not
    count. `run` is the id, of an earlier run. The pages of `removals`, files of that table, are
    left out of all that is read, as though they had never been seen. `counts` says where tokens are
    counted; None: they are estimated.

    Behind the parts of this run there may be those of `earlier` ones (`joined`).
    """

    folder: str
    firsts: Sequence[int]
    files: Mapping[int, Files]
    inputs: Mapping[int, str]
    verdicts: Files = ()
    removals: Files = ()
    run: str = ""
    earlier: Sequence[Earlier] = ()
    spared: tuple[str, ...] = ()
    counts: TokenCounts | None = None

    def __len__(self) -> int:
        """How many there are."""
        return len(self.firsts) - 1

    def joined(self, earlier: Sequence[Parts]) -> Parts:
        """These parts, and behind them those of `earlier` runs: parts and splits are numbered on.

        So positions are unique over all. Files of an earlier run stay where they are, and what its
        own verdicts dropped is gone.
        """
        firsts, runs = [*self.firsts], list[Earlier]()
        for run in earlier:
            begins = Earlier(run, len(firsts) - 1, firsts[-1])
            firsts += [begins.split + first for first in run.firsts[1:]]
            runs.append(begins)
        return replace(self, firsts=firsts, earlier=runs)

    def before_lines(self) -> Parts:
        """The same before lines were deduplicated: all documents in which these were counted."""
        return replace(self, spared=_AFTER_LINES)

    def only(self, split: int) -> Parts:
        """One part, of one split of this run, with no more than what a task on it needs."""
        part = self.name(int(self.of(np.array([split << ROW_BITS]))[0]))
        verdicts, removals = (of_parts.get(part, ()) for of_parts in self._of_parts)
        files, inputs = {split: self.files.get(split, ())}, {split: self.inputs[split]}
        counts = self.counts and replace(
            self.counts, files=[f for f in self.counts.files if _is_on(f, range(split, split + 1))]
        )
        only = Parts(self.folder, (split, split + 1), files, inputs, verdicts, removals)
        return replace(only, counts=counts)

    @cached_property
    def _of_parts(self) -> tuple[Mapping[str, Files], ...]:
        """The files of verdicts, and of removals, by what the name of their part begins with."""
        found: list[dict[str, list[Mapping[str, Any]]]] = []
        for files in (self.verdicts, self.removals):
            found.append({})
            for file in files:
                name = "-".join(file["path"].rsplit("/", 1)[1].split("-")[:2])
                found[-1].setdefault(name, []).append(file)
        return tuple(found)

    @property
    def own(self) -> int:
        """How many parts are of this run: the first ones."""
        return self.earlier[0].part if self.earlier else len(self)

    @property
    def end(self) -> int:
        """All positions of this run are below, all of earlier runs are not."""
        return (self.earlier[0].split if self.earlier else self.firsts[-1]) << ROW_BITS

    def run_of(self, positions: Ints) -> pa.StringArray:
        """The id of the earlier run that each position is of; null: this one."""
        starts = np.array([run.split for run in self.earlier], np.int64)
        at = np.searchsorted(starts, split_of(positions), side="right")
        names = pa.array([None, *(run.parts.run for run in self.earlier)], pa.string())
        return names.take(pa.array(at))

    def of(self, positions: Ints) -> Ints:
        """The part of each position."""
        return np.searchsorted(np.asarray(self.firsts), split_of(positions), side="right") - 1

    def splits(self, part: int) -> range:
        """The numbers of its splits."""
        return range(self.firsts[part], self.firsts[part + 1])

    def listed(self, part: int, table: Table) -> Files:
        """The files of one table."""
        return [file for split in self.splits(part) for file in self.of_split(split, table)]

    def rows(self, table: Table) -> int:
        """How many rows of one table there are of this run, with or without a verdict."""
        files = (file for of_split in self.files.values() for file in of_split)
        return sum(file["rows"] for file in files if file["table"] == table.name)

    def of_split(self, split: int, table: Table) -> Files:
        """The files of one table of one split."""
        return [file for file in self.files.get(split, ()) if file["table"] == table.name]

    def read(self, part: int, table: Table, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """The rows of one table, with or without a verdict; all but those that were taken down."""
        if run := self._earlier(part):
            for batch in run.parts.read(part - run.part, table, columns):
                yield _moved(batch, run.first_position)
            return
        at_once = _GROUPS_AT_ONCE * table.row_group_rows
        down = self.taken_down(part)
        wanted = list(dict.fromkeys([*columns, *(["position"] if len(down) else [])]))
        for file in self.listed(part, table):
            batches = read_file(self.folder, file).iter_batches(at_once, columns=wanted)
            yield from (
                (_without(batch, down, columns) for batch in batches) if len(down) else batches
            )

    def gone(self, part: int) -> Ints:
        """The positions of its documents that a verdict dropped, sorted."""
        rows = self.rows_on(part, self.verdicts, VERDICT, ["drop_reason"])
        spared = pc.is_in(rows["drop_reason"], pa.array([None, *self.spared], pa.string()))
        gone: Ints = rows.filter(pc.invert(spared))["position"].to_numpy()
        if run := self._earlier(part):
            gone = np.append(gone, run.parts.gone(part - run.part) + run.first_position)
        return np.sort(gone)

    def taken_down(self, part: int) -> Ints:
        """The positions of its pages that were taken down, sorted; not of superseded ones."""
        return self._removed(part, superseded=False)

    def superseded(self, part: int) -> Ints:
        """The positions of its pages that a later run superseded, sorted."""
        return self._removed(part, superseded=True)

    def _removed(self, part: int, *, superseded: bool) -> Ints:
        rows = self.rows_on(part, self.removals, REMOVAL, ["superseded"])
        removed: Ints = rows.filter(pc.equal(rows["superseded"], superseded))["position"].to_numpy()
        return removed

    def rows_on(self, part: int, files: Files, table: Table, columns: Sequence[str]) -> pa.Table:
        """The rows on its pages in `files`, which are named after splits, as verdicts are.

        `position` comes first, and is their order.
        """
        splits, names = self.splits(part), ["position", *columns]
        found = [table.arrow.empty_table().select(names)]
        for file in files:
            if _is_on(file, splits):
                rows = read_file(self.folder, file).read(columns=names).select(names)
                there = np.isin(split_of(rows["position"].to_numpy()), splits)
                found.append(rows.filter(pa.array(there)).cast(found[0].schema))
        return pa.concat_tables(found).sort_by("position")

    def kept(self, part: int, table: Table, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """The rows of a table whose pages are still in, by reject and verdict; with `position`.

        They are as verdicts leave them (`curation.left`): texts without dropped lines. The bitmap
        of these, `dropped_lines`, may be among the `columns`, and so may what an encoder said of
        the text that is left (`curation.scored`). Of keys, `tokens` are those of that text; null:
        not counted yet.
        """
        counts = table.name == KEYS.name and "tokens" in columns
        columns = [*columns, *NEEDED] if counts else columns
        counted = self._counted(part) if counts else None
        gone, reasons = self.gone(part), "drop_reason" in table.arrow.names
        scored = [name for name in columns if name in SCORED]
        scores = self.scores(part, scored) if scored else None
        left = self.left(part) if scored or CHANGED & set(columns) else None
        named = [name for name in columns if name in table.arrow.names]
        wanted = dict.fromkeys([*named, "position", *(["drop_reason"] if reasons else [])])
        for batch in self.read(part, table, list(wanted)):
            stays = ~is_in(batch.column("position").to_numpy(), gone)
            if reasons:
                stays &= batch.column("drop_reason").is_null().to_numpy(zero_copy_only=False)
            rows = batch.filter(pa.array(stays))
            rows = rows if left is None else leave(rows, left)
            if left is not None and scores is not None:
                rows = add_scores(rows, scores, scored, lines_read(rows, left))
            yield add_tokens(rows, counted, self.counts) if counts else rows

    def _counted(self, part: int) -> pa.Table | None:
        """The rows of `token_counts/` on its documents; None: tokens are estimated."""
        if self.counts is None:
            return None
        there = replace(self, folder=self.counts.folder)
        names = ["lines_hash", "tokens"]
        return there.rows_on(part, self.counts.files, TOKEN_COUNT, names)

    def scores(self, part: int, columns: Sequence[str]) -> pa.Table:
        """What an encoder said of its documents, in or not: all rows of `scores/`, by position."""
        names = ["position", "lines_hash", *columns]
        found = [SCORE.arrow.empty_table().select(names)]
        found += [
            read_file(self.folder, file).read(columns=names).cast(found[0].schema)
            for file in self.listed(part, SCORE)
        ]
        return pa.concat_tables(found).sort_by("position")

    def left(self, part: int) -> pa.Table:
        """The verdicts on its documents that stay without some of their lines, one of each.

        `lines_read` are those of them that had gone when an encoder read the document.
        """
        names = ["drop_reason", "lines_reason", *(column.name for column in LEFT)]
        rows = self.rows_on(part, self.verdicts, VERDICT, names)
        return last_lines(rows.filter(rows["drop_reason"].is_null()))

    def write(self, part: int, table: Table, rows: pa.Table) -> list[dict[str, Any]]:
        """Writes rows on its pages, as `rows_on` finds them; returns the manifest rows.

        There is one, or none where there are no rows.
        """
        if not rows.num_rows:
            return []
        name = f"{self.name(part)}-{uuid.uuid4().hex}"
        return [write_file(self.folder, name, table, rows.sort_by("position"))]

    def name(self, part: int) -> str:
        """How the name of such a file begins."""
        splits = self.splits(part)
        return f"{splits[0]:06d}-{splits[-1]:06d}"

    def _earlier(self, part: int) -> Earlier | None:
        at = bisect(self.earlier, part, key=lambda run: run.part)
        return self.earlier[at - 1] if at else None


class Earlier(NamedTuple):
    """An earlier run among joined parts, and the numbers that its first part and split have."""

    parts: Parts
    part: int
    split: int

    @property
    def first_position(self) -> int:
        """What its own positions count from."""
        return self.split << ROW_BITS


def _is_on(file: Mapping[str, Any], splits: range) -> bool:
    """Whether it may have rows on pages of these splits, by its name."""
    if not file["rows"] or not splits:  # where nothing went, a file's name says no splits
        return False
    first, last = file["path"].rsplit("/", 1)[1].split("-")[:2]
    return int(first) <= splits[-1] and splits[0] <= int(last)


def _moved(batch: pa.RecordBatch, by: int) -> pa.RecordBatch:
    if "position" not in batch.schema.names:
        return batch
    moved = batch.column("position").to_numpy() + by
    return with_columns(batch, {"position": pa.array(moved)})


def parts_of_run(folder: str, files: Files) -> Parts:
    """The parts of a finished run, whose manifest names `files`; without the names of inputs."""
    of_splits: dict[int, list[Mapping[str, Any]]] = {}
    for file in files:
        if file["table"] in (KEYS.name, DOCUMENT.name) and file["rows"]:
            of_splits.setdefault(Split.number_in(file["path"]), []).append(file)
    parts = plan_parts(folder, of_splits, dict.fromkeys(of_splits, ""), KEYS)
    verdicts, removals = (
        [file for file in files if file["table"] == table.name] for table in (VERDICT, REMOVAL)
    )
    return replace(parts, verdicts=verdicts, removals=removals)


def read_documents(folder: str, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """The documents of a finished run that are still in: `documents/` less `verdicts/`.

    `columns` are those of documents/ (`schemas.document.DOCUMENT`). Where lines were dropped,
    `text`, `line_kinds` and `n_words_left` are of what is left; all other measures are those of the
    original text. `text_bytes`, the length in UTF-8 of the text as it is read, and
    `n_dropped_lines` may be among the columns too. What is held at a time are some documents and
    the verdicts on their neighbours. Raises `UserError` where there is no such run, or no such
    column.
    """
    if unknown := sorted({*columns} - {*DOCUMENT.arrow.names, *LENGTHS}):
        near = get_close_matches(unknown[0], DOCUMENT.arrow.names, n=1)
        hint = f": did you mean '{near[0]}'?" if near else ""
        raise UserError(f"documents have no column '{unknown[0]}'{hint}")
    more = ["text", "dropped_lines"] if {*LENGTHS} & set(columns) else []
    folder = normalise(folder)
    manifest = join(folder, "manifest.json")
    if storage(manifest).find(manifest) is None:
        raise UserError(f"{folder}: is not the folder of a finished run: no manifest.json")
    parts = parts_of_run(folder, json.loads(storage(manifest).read(manifest))["files"])
    for part in range(len(parts)):
        for batch in parts.kept(part, DOCUMENT, [*columns, *more]):
            yield (add_lengths(batch) if more else batch).select(list(columns))


def _without(batch: pa.RecordBatch, down: Ints, columns: Sequence[str]) -> pa.RecordBatch:
    stays = ~is_in(batch.column("position").to_numpy(), down)
    return batch.filter(pa.array(stays)).select(list(columns))


def is_in(values: Ints, ordered: Ints) -> np.ndarray[Any, np.dtype[np.bool_]]:
    """Whether each of `values` is one of `ordered`, which are sorted."""
    if not len(ordered):
        return np.zeros(len(values), bool)
    at = np.minimum(np.searchsorted(ordered, values), len(ordered) - 1)
    return np.asarray(ordered[at] == values)


def plan_parts(
    folder: str, files: Mapping[int, Files], inputs: Mapping[int, str], table: Table
) -> Parts:
    """Parts of about as many bytes of `table`; `files` of each split that has some."""
    splits = max(inputs, default=-1) + 1
    sizes = np.zeros(splits, np.int64)
    for split, of_split in files.items():
        sizes[split] = sum(f["bytes"] + _OPEN_BYTES for f in of_split if f["table"] == table.name)
    before = np.cumsum(sizes) - sizes
    firsts = np.flatnonzero(np.diff(before // _PART_BYTES, prepend=-1)).tolist()
    return Parts(folder, [*firsts, splits], files, inputs)
