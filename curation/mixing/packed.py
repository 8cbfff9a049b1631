"""Packed sequences read back: any of them by its number, from files that are mapped into memory.

    sequences = PackedSequences("out/packed")
    tokens, cu_seqlens = sequences[7]

A map-style data set as PyTorch understands one; needs NumPy alone.
"""

from __future__ import annotations

import json
from bisect import bisect_right
from itertools import accumulate
from pathlib import Path

import numpy as np
import numpy.typing as npt

from curation.errors import UserError

_Ints = npt.NDArray[np.int32]


class PackedSequences:
    """The sequences that `curate pack --format numpy` wrote to a local folder."""

    def __init__(self, folder: str) -> None:
        try:
            self.index = json.loads((Path(folder) / "index.json").read_bytes())
        except OSError as error:
            raise UserError(f"{folder}: no packed sequences: no index.json there") from error
        if self.index["settings"]["format"] != "numpy":
            raise UserError(f"{folder}: has Parquet files, which tools for Parquet read")
        parts = Path(folder) / "parts"
        files = self.index["files"]
        self._ends = list(accumulate(file["sequences"] for file in files))
        self._arrays = [
            [
                np.load(parts / file["paths"][name], mmap_mode="r")
                for name in ("tokens", "cu_seqlens", "offsets")
            ]
            for file in files
        ]

    def __len__(self) -> int:
        """How many sequences there are."""
        return self._ends[-1] if self._ends else 0

    def __getitem__(self, number: int) -> tuple[_Ints, _Ints]:
        """The tokens of a sequence, and its `cu_seqlens`, both int32."""
        if not 0 <= number < len(self):
            raise IndexError(number)
        at = bisect_right(self._ends, number)
        tokens, borders, offsets = self._arrays[at]
        row = number - (self._ends[at] - len(tokens))
        return tokens[row].astype(np.int32), np.array(borders[offsets[row] : offsets[row + 1]])
