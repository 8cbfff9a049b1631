"""The order of a pass: blocks of `BLOCK_ROWS` rows as the shards have them, or shuffled by a seed.

Shards are shuffled already. A seed gives each pass another order of the blocks of all shards, and
of the rows within each block; so a pass still reads whole row groups.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
import numpy.typing as npt

BLOCK_ROWS = 1024  # of a row group of shards
_Ints = npt.NDArray[np.int64]
_STEP = 0x9E3779B97F4A7C15
_WORD = (1 << 64) - 1


@dataclass(frozen=True)
class Piece:
    """Rows `start` to `stop` of a file; of these the `chosen`, in that order, where it says so."""

    file: int
    start: int
    stop: int
    chosen: _Ints | None


class PassOrder:
    """The rows of files of so many rows, in the order of a pass, counted from 0."""

    def __init__(self, file_rows: Sequence[int], *, seed: int | None, pass_number: int) -> None:
        self._file_rows = np.array(file_rows, np.int64)
        self._key = None if seed is None else _mix_one(_mix_one(seed) ^ pass_number)

    def pieces(self, start: int, stop: int) -> Iterator[Piece]:
        """Where the rows `start` to `stop` of the pass lie, in order."""
        place = int(np.searchsorted(self._ends, start, "right"))
        while start < stop:
            end, block = int(self._ends[place]), int(self._blocks[place])
            file, first, rows = self._block(block)
            low = rows - (end - start)
            high = min(rows, low + stop - start)
            yield self._piece(file, block, first=first, rows=rows, span=(low, high))
            start, place = end, place + 1

    @cached_property
    def _file_ends(self) -> _Ints:
        """How many blocks there are up to the end of each file."""
        return np.cumsum(-(-self._file_rows // BLOCK_ROWS))

    @cached_property
    def _blocks(self) -> _Ints:
        """The blocks, in the order of the pass."""
        return _shuffled(int(self._file_ends[-1]), self._key)

    @cached_property
    def _ends(self) -> _Ints:
        """How many rows there are up to the end of each block in that order."""
        rows = np.full(len(self._blocks), BLOCK_ROWS)
        some = self._file_rows > 0
        rows[self._file_ends[some] - 1] = (self._file_rows[some] - 1) % BLOCK_ROWS + 1
        return np.cumsum(rows[self._blocks])

    def _block(self, block: int) -> tuple[int, int, int]:
        """Its file, its first row there, and how many it has."""
        file = int(np.searchsorted(self._file_ends, block, "right"))
        rows = int(self._file_rows[file])
        first = (block - (int(self._file_ends[file]) - -(-rows // BLOCK_ROWS))) * BLOCK_ROWS
        return file, first, min(BLOCK_ROWS, rows - first)

    def _piece(
        self, file: int, block: int, *, first: int, rows: int, span: tuple[int, int]
    ) -> Piece:
        low, high = span
        if self._key is None:
            return Piece(file, first + low, first + high, None)
        chosen = _shuffled(rows, _mix_one(self._key ^ (block + 1)))[low:high]
        return Piece(file, first, first + rows, chosen)


def _shuffled(count: int, key: int | None) -> _Ints:
    """0 to `count`, in an order that no version of NumPy changes."""
    numbers = np.arange(count)
    if key is None:
        return numbers
    return np.argsort(_mix(numbers.astype(np.uint64) + np.uint64(key)), kind="stable")


def _mix_one(number: int) -> int:
    return int(_mix(np.array([number & _WORD], np.uint64))[0])


def _mix(numbers: npt.NDArray[np.uint64]) -> npt.NDArray[np.uint64]:
    """SplitMix64."""
    mixed = (numbers + np.uint64(1)) * np.uint64(_STEP)
    mixed = (mixed ^ (mixed >> np.uint64(30))) * np.uint64(0xBF58476D1CE4E5B9)
    mixed = (mixed ^ (mixed >> np.uint64(27))) * np.uint64(0x94D049BB133111EB)
    return mixed ^ (mixed >> np.uint64(31))
