"""Files of packed sequences: NumPy arrays that can be mapped into memory, or Parquet.

NumPy: `tokens-N.npy` (sequences x length), `cu_seqlens-N.npy` (all of them in one row, int32) and
`offsets-N.npy` (where in it each sequence begins, and the end, int64). Parquet: a row per sequence,
with the lists `tokens` and `cu_seqlens`. Files appear whole or not at all.
"""

from __future__ import annotations

import io
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Literal, Protocol, get_args

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.parquet as pq

from curation.mixing.packing.cut import Cut
from curation.storage import join, put, storage

Format = Literal["numpy", "parquet"]
FORMATS: tuple[Format, ...] = get_args(Format)
_GROUP_TOKENS = 1 << 21


class Writer(Protocol):
    """Takes sequences; `files` are the paths of what it has written, by what is in them."""

    sequences: int
    files: dict[str, str]

    def add(self, cut: Cut) -> None:
        """Takes some sequences."""


@contextmanager
def writer(
    folder: str, number: int, of: Format, length: int, dtype: npt.DTypeLike
) -> Iterator[Writer]:
    """Writes one part below `folder`."""
    if of == "numpy":
        with _numpy(folder, number, length, dtype) as made:
            yield made
    else:
        with _parquet(folder, number, length, dtype) as rows:
            yield rows


class _NumPy:
    def __init__(self, stream: BinaryIO, length: int, dtype: npt.DTypeLike) -> None:
        self.sequences = 0
        self.files: dict[str, str] = {}
        self._stream, self._length, self._dtype = stream, length, np.dtype(dtype)
        self.borders: list[npt.NDArray[np.int32]] = [np.empty(0, np.int32)]
        self.counts: list[npt.NDArray[np.int64]] = [np.zeros(1, np.int64)]
        self._head()

    def add(self, cut: Cut) -> None:
        cut.tokens.astype(self._dtype, copy=False).tofile(self._stream)
        self.sequences += len(cut.tokens)
        self.borders.append(cut.borders)
        self.counts.append(cut.counts)

    def close(self) -> None:
        self._stream.seek(0)
        self._head()

    def _head(self) -> None:
        """NumPy leaves room for the number of rows to grow, so that the head keeps its length."""
        head = {
            "descr": np.lib.format.dtype_to_descr(self._dtype),
            "fortran_order": False,
            "shape": (self.sequences, self._length),
        }
        np.lib.format.write_array_header_1_0(self._stream, head)


@contextmanager
def _numpy(folder: str, number: int, length: int, dtype: npt.DTypeLike) -> Iterator[Writer]:
    paths = {name: f"{name}-{number:06d}.npy" for name in ("tokens", "cu_seqlens", "offsets")}
    uri = join(folder, paths["tokens"])
    little_endian = np.dtype(dtype).newbyteorder("<")
    with storage(uri).create(uri) as path, path.open("w+b") as stream:
        made = _NumPy(stream, length, little_endian)
        yield made
        made.close()
        _put(join(folder, paths["cu_seqlens"]), np.concatenate(made.borders))
        _put(join(folder, paths["offsets"]), np.cumsum(np.concatenate(made.counts)))
    made.files.update(paths)


def _put(uri: str, values: npt.NDArray[np.generic]) -> None:
    made = io.BytesIO()
    np.save(made, values)
    put(uri, made.getvalue())


class _Parquet:
    def __init__(self, path: Path, length: int, dtype: npt.DTypeLike) -> None:
        self.sequences = 0
        self.files: dict[str, str] = {}
        self._group_rows = max(1, _GROUP_TOKENS // length)
        token = pa.from_numpy_dtype(np.dtype(dtype))
        self._schema = pa.schema(
            [("tokens", pa.list_(token)), ("cu_seqlens", pa.list_(pa.int32()))]
        )
        self._writer = pq.ParquetWriter(
            path, self._schema, compression="zstd", use_dictionary=False, store_schema=False
        )
        self._held = self._schema.empty_table()

    def add(self, cut: Cut) -> None:
        length = cut.tokens.shape[1]
        counts = np.full(len(cut.tokens), length)
        columns = [_lists(cut.tokens.ravel(), counts), _lists(cut.borders, cut.counts)]
        self._held = pa.concat_tables([self._held, pa.table(columns, schema=self._schema)])
        self.sequences += len(cut.tokens)
        while self._held.num_rows >= self._group_rows:
            self._write(self._held.slice(0, self._group_rows))
            self._held = self._held.slice(self._group_rows)

    def close(self) -> None:
        if self._held.num_rows:
            self._write(self._held)
        self._writer.close()

    def _write(self, rows: pa.Table) -> None:
        self._writer.write_table(rows.combine_chunks(), row_group_size=self._group_rows)


def _lists(values: npt.NDArray[Any], counts: npt.NDArray[np.int64]) -> pa.ListArray:
    offsets = np.concatenate([[0], np.cumsum(counts)]).astype(np.int32)
    return pa.ListArray.from_arrays(pa.array(offsets), pa.array(values))


@contextmanager
def _parquet(folder: str, number: int, length: int, dtype: npt.DTypeLike) -> Iterator[Writer]:
    path = f"sequences-{number:06d}.parquet"
    uri = join(folder, path)
    with storage(uri).create(uri) as local:
        made = _Parquet(local, length, dtype)
        yield made
        made.close()
    made.files["sequences"] = path
