"""Parts of a run: neighbouring splits, whose tables one task reads together.

Wide stages read narrow tables part by part, and write what they decide (`verdicts/`) by part as
well. So a task that reads the documents of a part needs the verdicts of that part alone, however
many there are of others; no text and no join moves.
"""

from __future__ import annotations

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
import pyarrow as pa

from curation.arrow_text import Ints
from curation.splits import Split, split_of
from curation.storage import join, normalise, storage
from curation.tables import read_file
from schemas.arrow import Table
from schemas.document import DOCUMENT
from schemas.keys import KEYS
from schemas.removal import REMOVAL
from schemas.verdict import VERDICT

Files = Sequence[Mapping[str, Any]]
"""Rows of the manifest."""
_PART_BYTES = 64 << 20
_GROUPS_AT_ONCE = 4  # of documents, some 6 MB of text
_OPEN_BYTES = 1 << 20  # what opening a file costs, as bytes


@dataclass(frozen=True)
class Parts:
    """The parts of the run in `folder`: part p has the splits `firsts[p]` to `firsts[p + 1] - 1`.

    `files` are those of each split, of every table, and `inputs` the names of the inputs that
    splits are of; `verdicts` are files of that table. The pages of `removals`, files of that table,
    are left out of all that is read, as though they had never been seen.
    """

    folder: str
    firsts: Sequence[int]
    files: Mapping[int, Files]
    inputs: Mapping[int, str]
    verdicts: Files = ()
    removals: Files = ()

    def __len__(self) -> int:
        """How many there are."""
        return len(self.firsts) - 1

    def of(self, positions: Ints) -> Ints:
        """The part of each position."""
        return np.searchsorted(np.asarray(self.firsts), split_of(positions), side="right") - 1

    def splits(self, part: int) -> range:
        """The numbers of its splits."""
        return range(self.firsts[part], self.firsts[part + 1])

    def listed(self, part: int, table: Table) -> Files:
        """The files of one table."""
        return [file for split in self.splits(part) for file in self.of_split(split, table)]

    def of_split(self, split: int, table: Table) -> Files:
        """The files of one table of one split."""
        return [file for file in self.files.get(split, ()) if file["table"] == table.name]

    def read(self, part: int, table: Table, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """The rows of one table, with or without a verdict; all but those that were taken down."""
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
        return _positions(rows.filter(rows["drop_reason"].is_valid()))

    def shortened(self, part: int) -> pa.Table:
        """Its documents that stay less some lines: `position`, in order, and `dropped_lines`."""
        names = ["drop_reason", "dropped_lines"]
        rows = self.rows_on(part, self.verdicts, VERDICT, names)
        return rows.filter(rows["drop_reason"].is_null()).select(["position", "dropped_lines"])

    def taken_down(self, part: int) -> Ints:
        """The positions of its pages that were taken down, sorted."""
        return _positions(self.rows_on(part, self.removals, REMOVAL, []))

    def rows_on(self, part: int, files: Files, table: Table, columns: Sequence[str]) -> pa.Table:
        """The rows on its pages in `files`, which are named after splits, as verdicts are.

        `position` comes first, and is their order.
        """
        splits, names = self.splits(part), ["position", *columns]
        found = [table.arrow.empty_table().select(names)]
        for file in files:
            if not file["rows"]:  # of a run in which nothing went; its name says no splits
                continue
            first, last = file["path"].rsplit("/", 1)[1].split("-")[:2]
            if splits and int(first) <= splits[-1] and splits[0] <= int(last):
                found.append(read_file(self.folder, file).read(columns=names).select(names))
        rows = pa.concat_tables(found)
        of_splits = np.isin(split_of(rows["position"].to_numpy()), splits)
        return rows.filter(pa.array(of_splits)).sort_by("position")

    def kept(self, part: int, table: Table, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
        """The rows of a table whose pages are still in, by reject and verdict; with `position`."""
        gone, reasons = self.gone(part), "drop_reason" in table.arrow.names
        wanted = dict.fromkeys([*columns, "position", *(["drop_reason"] if reasons else [])])
        for batch in self.read(part, table, list(wanted)):
            stays = ~is_in(batch.column("position").to_numpy(), gone)
            if reasons:
                stays &= batch.column("drop_reason").is_null().to_numpy(zero_copy_only=False)
            yield batch.filter(pa.array(stays))

    def name(self, part: int) -> str:
        """How the name of a file of verdicts begins."""
        splits = self.splits(part)
        return f"{splits[0]:06d}-{splits[-1]:06d}"


def parts_of_run(folder: str, files: Files) -> Parts:
    """The parts of a finished run, whose manifest names `files`; without the names of inputs."""
    of_splits: dict[int, list[Mapping[str, Any]]] = {}
    for file in files:
        if file["table"] in (KEYS.name, DOCUMENT.name):
            of_splits.setdefault(Split.number_in(file["path"]), []).append(file)
    parts = plan_parts(folder, of_splits, dict.fromkeys(of_splits, ""), KEYS)
    verdicts, removals = (
        [file for file in files if file["table"] == table.name] for table in (VERDICT, REMOVAL)
    )
    return replace(parts, verdicts=verdicts, removals=removals)


def read_documents(folder: str, columns: Sequence[str]) -> Iterator[pa.RecordBatch]:
    """The documents of a finished run that are still in: `documents/` less `verdicts/`.

    `columns` are those of documents/ (`schemas.document.DOCUMENT`). What is held at a time are some
    documents and the verdicts on their neighbours. Raises `UserError` where there is no such run.
    """
    folder = normalise(folder)
    manifest = join(folder, "manifest.json")
    parts = parts_of_run(folder, json.loads(storage(manifest).read(manifest))["files"])
    for part in range(len(parts)):
        for batch in parts.kept(part, DOCUMENT, columns):
            yield batch.select(list(columns))


def _without(batch: pa.RecordBatch, down: Ints, columns: Sequence[str]) -> pa.RecordBatch:
    stays = ~is_in(batch.column("position").to_numpy(), down)
    return batch.filter(pa.array(stays)).select(list(columns))


def _positions(rows: pa.Table) -> Ints:
    positions: Ints = rows["position"].to_numpy()
    return positions


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
