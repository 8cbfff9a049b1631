"""Tables of a run as Parquet files: written under names that no other attempt uses.

In: record batches. Out: files, and for each a row of the manifest (path, rows, bytes, sha256). The
bytes of a file depend on its rows alone: chunks are combined, row groups have a fixed number of
rows, and nothing of the run goes into its metadata.
"""

from __future__ import annotations

import hashlib
import io
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from curation.errors import UserError
from curation.storage import FileInfo, RangeReader, join, storage
from schemas.arrow import Table

_HELD_BYTES = 256 << 20
_BLOCK_BYTES = 1 << 18  # near a row group of documents, so that a stretch reads little more


def read_schema(file: FileInfo) -> pa.Schema:
    """The schema of a Parquet file, from its footer alone.

    Raises `pa.ArrowException` or `OSError` where it is none.
    """
    return pq.read_schema(io.BufferedReader(RangeReader(file.uri, file.size)))


def write_file(folder: str, name: str, table: Table, rows: pa.Table) -> dict[str, Any]:
    """Writes `rows` to `TABLE/NAME.parquet` in `folder`; returns the file's manifest row."""
    path = f"{table.name}/{name}.parquet"
    uri = join(folder, path)
    with storage(uri).create(uri) as local:
        pq.write_table(
            rows.cast(table.arrow).combine_chunks(),
            local,
            compression="zstd",
            row_group_size=table.row_group_rows,
            store_schema=False,
            # A group's first and last text would make the footer as big as the data.
            write_statistics=[c.name for c in table.columns if pa.types.is_integer(c.type)],
        )
        with local.open("rb") as stream:
            digest = hashlib.file_digest(stream, "sha256").hexdigest()
        size, written = local.stat().st_size, pq.read_metadata(local).num_rows
    return {
        "table": table.name,
        "path": path,
        "rows": written,
        "bytes": size,
        "sha256": digest,
    }


def read_file(folder: str, file: Mapping[str, Any], *, here: bool = False) -> pq.ParquetFile:
    """Opens a file of the run, given by its manifest row, for reading by row groups.

    `here` is for `read_here`. Raises `UserError` where it is not what was written.
    """
    uri = join(folder, file["path"])
    reader = RangeReader(uri, file["bytes"], block_bytes=_BLOCK_BYTES)
    try:
        return pq.ParquetFile(io.BufferedReader(reader, _BLOCK_BYTES), pre_buffer=not here)
    except pa.ArrowInvalid as error:
        raise UserError(f"{uri}: is damaged, no Parquet file: {error}") from error


def read_here(
    file: pq.ParquetFile, columns: Sequence[str] | None = None, *, group: int | None = None
) -> pa.Table:
    """The rows of a file, or of one of its row groups, read by this thread alone.

    Arrow's own threads let go of what was read, bytes that Python owns, a moment after the rows
    are there. A process that ends in that moment aborts, so what may end soon reads here. The file
    must be open without `pre_buffer`, which has threads of its own.
    """
    names = None if columns is None else list(columns)
    if group is None:
        return file.read(names, use_threads=False)
    return file.read_row_group(group, names, use_threads=False)


def cuts_of(keys: npt.NDArray[np.int64]) -> list[int]:
    """Where `keys` change from one row to the next, with both ends, for `pairwise` to slice by."""
    return [0, *(np.flatnonzero(np.diff(keys)) + 1).tolist(), len(keys)]


class TableWriter:
    """Collects batches of one table and writes them, in files of bounded size.

    `sort_by` orders the rows within each file.
    """

    def __init__(
        self, folder: str, name: str, table: Table, *, sort_by: Iterable[str] = ()
    ) -> None:
        self._folder, self._name, self._table = folder, name, table
        self._sort_by = [(column, "ascending") for column in sort_by]
        self._held: list[pa.RecordBatch] = []
        self._held_bytes = 0
        self.files: list[dict[str, Any]] = []

    def add(self, batch: pa.RecordBatch) -> None:
        """Takes rows; writes a file when many bytes are held."""
        if batch.num_rows:
            self._held.append(self._table.conform(batch))
            self._held_bytes += batch.nbytes
        if self._held_bytes >= _HELD_BYTES:
            self._write()

    def close(self) -> list[dict[str, Any]]:
        """Writes what is left; returns the manifest rows of all files."""
        if self._held:
            self._write()
        return self.files

    def _write(self) -> None:
        rows = pa.Table.from_batches(self._held, self._table.arrow)
        if self._sort_by:
            rows = rows.sort_by(self._sort_by)
        name = f"{self._name}-{len(self.files)}"
        self.files.append(write_file(self._folder, name, self._table, rows))
        self._held, self._held_bytes = [], 0
