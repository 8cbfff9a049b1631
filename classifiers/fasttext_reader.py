"""A place in the bytes of a file, and numbers read from there that are checked as they are read.

In: bytes, or a buffer that maps a file; it is not copied. Out: numbers and arrays, little-endian.
Whatever is wrong is a `ValueError` of one line, with the byte where it is.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from curation.arrow_text import Bytes


class Reader:
    """Reads on from byte `at` of `data`."""

    data: Bytes
    at: int

    def __init__(self, content: bytes | pa.Buffer) -> None:
        self.data = np.frombuffer(content, np.uint8) if len(content) else np.empty(0, np.uint8)
        self.data.flags.writeable = False  # as what is mapped: kernels are compiled for one of both
        self.at = self._last = 0

    @property
    def left(self) -> int:
        """The number of bytes up to the end of the file."""
        return len(self.data) - self.at

    def error(self, expected: str, found: str, *, at: int | None = None) -> ValueError:
        """What to raise; where no byte is given, that of the number that was read last."""
        place = self._last if at is None else at
        return ValueError(f"no fastText model: byte {place}: expected {expected}, found {found}")

    def array(self, what: str, dtype: np.dtype[Any], count: int) -> npt.NDArray[Any]:
        """`count` numbers as a view, which need not be aligned."""
        self._last = self.at
        size = count * dtype.itemsize
        if size > self.left:
            raise self.error(f"{size} bytes: {what}", f"the end of the file after {self.left}")
        self.at += size
        return self.data[self.at - size : self.at].view(dtype)

    def integer(self, what: str) -> int:
        """Four bytes, signed."""
        return int(self.array(what, np.dtype("<i4"), 1)[0])

    def long(self, what: str) -> int:
        """Eight bytes, signed."""
        return int(self.array(what, np.dtype("<i8"), 1)[0])

    def within(self, what: str, least: int, most: int, *, long: bool = False) -> int:
        """An integer from `least` to `most`."""
        found = self.long(what) if long else self.integer(what)
        if not least <= found <= most:
            bounds = f"{least} to {most}" if least < most else str(least)
            raise self.error(f"{what}: {bounds}", str(found))
        return found

    def one_of(self, what: str, known: Sequence[int]) -> int:
        """An integer that is `known`."""
        found = self.integer(what)
        if found not in known:
            raise self.error(f"{what}: {' or '.join(map(str, known))}", str(found))
        return found

    def flag(self, what: str) -> bool:
        """A byte that is 0 or 1."""
        found = int(self.array(what, np.dtype(np.uint8), 1)[0])
        if found > 1:
            raise self.error(f"{what}: 0 or 1", str(found))
        return bool(found)

    def magic(self, expected: bytes) -> None:
        """What files of the kind begin with."""
        found = self.data[: len(expected)].tobytes()
        if found != expected:
            start = repr(found)[1:] if found else "an empty file"
            raise self.error(f"{expected!r}"[1:], start)
        self.at = len(expected)

    def end(self) -> None:
        """Raises where the file goes on."""
        if self.left:
            raise self.error("the end of the file", f"{self.left} more bytes", at=self.at)
