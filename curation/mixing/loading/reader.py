"""Rows of a data set folder as Arrow tables: only the columns asked for, a row group at a time."""

from __future__ import annotations

import io
from collections import OrderedDict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from curation.errors import UserError
from curation.mixing.loading.folder import ShardFolder
from curation.mixing.loading.order import Piece
from curation.storage import RangeReader

_OPEN_FILES = 32


@dataclass(frozen=True)
class _Open:
    """A shard that is open; `ends` are the rows up to the end of each of its row groups."""

    uri: str
    parquet: pq.ParquetFile
    ends: npt.NDArray[np.int64]


class Reader:
    """Reads rows in whatever order; holds the last row group and some open files.

    Raises `UserError` for a shard that is missing, cut off, damaged or another, and for a column
    that is not there.
    """

    def __init__(self, folder: ShardFolder, columns: Sequence[str]) -> None:
        self._folder, self._columns = folder, list(columns)
        self._open: OrderedDict[int, _Open] = OrderedDict()
        self._held: tuple[tuple[int, int], pa.Table] | None = None

    def check(self) -> None:
        """Opens the first shard, which reads no more than its footer: are the columns there?"""
        self._file(0)

    def read(self, pieces: Iterable[Piece]) -> pa.Table:
        """The rows of all pieces (one at least), in their order."""
        return pa.concat_tables([part for piece in pieces for part in self._parts(piece)])

    def _parts(self, piece: Piece) -> list[pa.Table]:
        rows = self.rows(piece.file, piece.start, piece.stop)
        return rows if piece.chosen is None else [pa.concat_tables(rows).take(piece.chosen)]

    def rows(self, file: int, start: int, stop: int) -> list[pa.Table]:
        """Rows `start` to `stop` of a file."""
        ends = self._file(file).ends
        made = []
        group = int(np.searchsorted(ends, start, "right"))
        while start < stop:
            end = int(ends[group])
            rows = self._group(file, group)
            taken = min(end, stop) - start
            made.append(rows.slice(rows.num_rows - (end - start), taken))
            start, group = start + taken, group + 1
        return made

    def _group(self, file: int, group: int) -> pa.Table:
        if self._held is None or self._held[0] != (file, group):
            opened = self._file(file)
            try:
                # More threads would take the cores of the loader's other workers.
                rows = opened.parquet.read_row_group(group, self._columns, use_threads=False)
            except (pa.ArrowException, OSError) as error:
                raise _damaged(opened.uri, error) from error
            self._held = (file, group), rows
        return self._held[1]

    def _file(self, number: int) -> _Open:
        if number not in self._open:
            self._open[number] = self._opened(number)
            if len(self._open) > _OPEN_FILES:
                self._open.popitem(last=False)[1].parquet.close()
        self._open.move_to_end(number)
        return self._open[number]

    def _opened(self, number: int) -> _Open:
        file = self._folder.files[number]
        uri = self._folder.uri_of(file)
        source = io.BufferedReader(RangeReader(uri, file.size)) if "://" in uri else uri
        try:
            # Its threads would keep what Python owns for a moment: see `curation.tables.read_here`.
            parquet = pq.ParquetFile(source, pre_buffer=source is uri)
        except (pa.ArrowException, OSError) as error:
            raise _damaged(uri, error) from error
        told = parquet.metadata
        if told.num_rows != file.rows:
            raise UserError(
                f"{uri}: has {told.num_rows:,} rows, not the {file.rows:,} of the manifest:"
                " copy it again"
            )
        names = parquet.schema_arrow.names
        if missing := [name for name in self._columns if name not in names]:
            raise UserError(
                f"{uri}: has no column {', '.join(missing)}, but these: {', '.join(names)}"
            )
        rows = [told.row_group(group).num_rows for group in range(told.num_row_groups)]
        return _Open(uri, parquet, np.cumsum(rows))


def _damaged(uri: str, error: Exception) -> UserError:
    why = " ".join(str(error).split())
    return UserError(f"{uri}: cannot be read as Parquet, it may be damaged: {why}: copy it again")
