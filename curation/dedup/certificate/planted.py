"""Planted near-duplicates on their way through the search: with others to where band keys meet.

They have negative positions. Whoever makes buckets takes other rows alone, so no planted page is
ever compared, connects others, or goes into a table; that one met its original is all that is
noted of it.
"""

from __future__ import annotations

import uuid
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from functools import partial

import numpy as np
import pyarrow as pa

from curation.arrow_text import Hashes, Ints
from curation.parts import is_in
from curation.storage import FileInfo, join, storage
from curation.tables import read_file, write_file
from schemas.pair import MET

_READERS = 16


@dataclass(frozen=True)
class Planted:
    """Synthetic near-duplicates of pages; `name` is that of this attempt at a search.

    `pages` has for each its `position` (-1 for the first row, -2 for the second, ...), the
    `language` and position (`origin`) of its original, and its `signature`.
    """

    name: str
    pages: pa.RecordBatch

    def among(self, parts: Ints, part: int) -> pa.RecordBatch:
        """Those whose originals are in a part; `parts` are those of all originals."""
        return self.pages.filter(pa.array(parts == part))

    @property
    def origins(self) -> Ints:
        """The positions of the originals."""
        found: Ints = self.pages.column("origin").to_numpy()
        return found

    def note_met(self, folder: str, keys: Hashes, positions: Ints) -> None:
        """Of the rows of a task, writes down which planted pages share a key with their original.

        An attempt that is repeated, or was given up, notes the same: they are read as a set.
        """
        planted = positions < 0
        numbers = -1 - positions[planted]
        originals = is_in(positions, np.unique(self.origins))
        there = set(zip(keys[originals].tolist(), positions[originals].tolist(), strict=True))
        ours = zip(keys[planted].tolist(), self.origins[numbers].tolist(), strict=True)
        met = [pair in there for pair in ours]
        if any(met):
            rows = pa.table({"number": np.unique(numbers[met])})
            write_file(folder, f"{self.name}-{uuid.uuid4().hex}", MET, rows)

    def read_met(self, folder: str) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        """Whether each of `pages` met its original, by the notes of all tasks."""
        home = join(folder, MET.name)
        files = [f for f in storage(home).walk(home) if f"/{self.name}-" in f.uri]
        met = np.zeros(self.pages.num_rows, bool)
        with ThreadPoolExecutor(_READERS) as pool:
            for numbers in pool.map(partial(_numbers, folder), files):
                met[numbers] = True
        return met


def _numbers(folder: str, file: FileInfo) -> Ints:
    path = file.uri.removeprefix(join(folder, ""))
    found: Ints = read_file(folder, {"path": path, "bytes": file.size}).read()["number"].to_numpy()
    return found
