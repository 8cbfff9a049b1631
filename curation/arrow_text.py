"""Arrow string arrays as flat NumPy views, and back.

In: a string array, sliced or not, with nulls or not. Out: its bytes and the offsets of its rows,
without a copy. Kernels take these arrays and nothing else; they decode UTF-8 as they go. Spans of
bytes that they find become strings again by one copy.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from curation.kernels import helper, inlined, int64, njit

Bytes = npt.NDArray[np.uint8]
Ints = npt.NDArray[np.int64]
Hashes = npt.NDArray[np.uint64]


_EMPTY = np.frombuffer(b"", np.uint8)


@dataclass(frozen=True)
class TextView:
    """Row i is `data[offsets[i]:offsets[i + 1]]`; a null row is empty."""

    data: Bytes
    offsets: Ints


def text_view(texts: pa.StringArray | pa.LargeStringArray) -> TextView:
    """The bytes and offsets of `texts`, honouring its slice. Offsets are copied to int64."""
    width = np.int64 if pa.types.is_large_string(texts.type) else np.int32
    _, offsets_buffer, data_buffer = texts.buffers()
    if len(texts) == 0 or offsets_buffer is None:
        return TextView(_EMPTY, np.zeros(len(texts) + 1, np.int64))
    offsets = np.frombuffer(offsets_buffer, width)[texts.offset : texts.offset + len(texts) + 1]
    data = np.frombuffer(data_buffer, np.uint8) if data_buffer else _EMPTY
    if texts.null_count and np.any(np.diff(offsets)[texts.is_null().to_numpy(False)]):
        return text_view(texts.fill_null(""))  # Arrow lets a null row keep bytes: drop them
    data.flags.writeable = False  # as what Arrow maps is: kernels are compiled for one of the two
    return TextView(data, offsets.astype(np.int64))


@inlined
def decode_at(data: Bytes, at: int, end: int) -> tuple[int, int]:
    """The code point at byte `at` and its length; a broken byte is U+FFFD of length 1."""
    first = data[at]
    if first < 0x80:
        return int64(first), 1
    if 0xC2 <= first < 0xE0 and at + 1 < end and data[at + 1] & 0xC0 == 0x80:
        return (int64(first) & 0x1F) << 6 | (int64(data[at + 1]) & 0x3F), 2
    tail = at + 2 < end and data[at + 1] & 0xC0 == 0x80 and data[at + 2] & 0xC0 == 0x80
    if 0xE0 <= first < 0xF0 and tail:
        high = (int64(first) & 0x0F) << 12 | (int64(data[at + 1]) & 0x3F) << 6
        return high | (int64(data[at + 2]) & 0x3F), 3
    if 0xF0 <= first < 0xF5 and tail and at + 3 < end and data[at + 3] & 0xC0 == 0x80:
        high = (int64(first) & 0x07) << 18 | (int64(data[at + 1]) & 0x3F) << 12
        code = high | (int64(data[at + 2]) & 0x3F) << 6 | (int64(data[at + 3]) & 0x3F)
        if code <= 0x10FFFF:
            return code, 4
    return 0xFFFD, 1


@helper
def longest(offsets: Ints) -> int:
    """The bytes of the longest row."""
    most = int64(0)
    for row in range(len(offsets) - 1):
        most = max(most, offsets[row + 1] - offsets[row])
    return most


def join_spans(data: Bytes, starts: Ints, ends: Ints, rows: Ints) -> pa.StringArray:
    """A string per row: bytes `starts[i]` to `ends[i]` for i from `rows[r]` to `rows[r + 1]`.

    Raises `OverflowError` where all are over 2 GiB, which no batch is.
    """
    offsets = np.concatenate([[0], np.cumsum(ends - starts)])[rows]
    if offsets[-1] > np.iinfo(np.int32).max:
        raise OverflowError(f"{offsets[-1]} bytes of text in one batch")
    joined = np.empty(offsets[-1], np.uint8)
    copy_spans(data, starts, ends, joined)
    buffers = pa.py_buffer(offsets.astype(np.int32)), pa.py_buffer(joined)
    return pa.StringArray.from_buffers(len(rows) - 1, *buffers)


@njit(cache=True, nogil=True)
def copy_spans(data: Bytes, starts: Ints, ends: Ints, joined: Bytes) -> None:
    """Copies these spans into `joined`, one behind another."""
    at = 0
    for span in range(len(starts)):
        for byte in range(starts[span], ends[span]):
            joined[at] = data[byte]
            at += 1
