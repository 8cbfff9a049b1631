"""doc_ids as numbers: 128 bits in hex, as two unsigned halves, which sort as the hex does."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

Halves = npt.NDArray[np.uint64]
"""Shape (rows, 2): high and low 64 bits."""
_BYTES = 16


def halves(doc_ids: pa.StringArray) -> Halves:
    """Of doc_ids in hex; raises `ValueError` for what is none."""
    raw = bytes.fromhex("".join(doc_ids.to_pylist()))
    if len(raw) != _BYTES * len(doc_ids):
        raise ValueError("a doc_id is not 128 bits")
    return np.frombuffer(raw, ">u8").reshape(-1, 2).astype(np.uint64)


def hexes(doc_ids: Halves) -> pa.StringArray:
    """As they stand in tables."""
    text = doc_ids.astype(">u8").tobytes().hex().encode()
    return _cut(text, len(doc_ids), 2 * _BYTES, pa.string())


def binaries(doc_ids: Halves) -> pa.BinaryArray:
    """As 16 bytes each, which sort as the hex does."""
    return _cut(doc_ids.astype(">u8").tobytes(), len(doc_ids), _BYTES, pa.binary())


def of_binaries(values: pa.BinaryArray) -> Halves:
    """Of what `binaries` gave."""
    start = values.offset * _BYTES
    data = np.frombuffer(values.buffers()[2] or b"", np.uint8)
    return data[start : start + len(values) * _BYTES].view(">u8").reshape(-1, 2).astype(np.uint64)


def _cut(data: bytes, rows: int, width: int, kind: pa.DataType) -> pa.Array:
    offsets = pa.py_buffer(np.arange(rows + 1, dtype=np.int32) * np.int32(width))
    return pa.Array.from_buffers(kind, rows, [None, offsets, pa.py_buffer(data)])
