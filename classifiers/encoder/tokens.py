"""Tokens of pages: what a tokeniser makes and an encoder reads.

A page is one piece, its first tokens, or several windows of it. NumPy only, so that a process on a
machine with GPUs needs nothing else.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Ints = npt.NDArray[np.int32]


@dataclass(frozen=True)
class Tokens:
    """The pieces of `pages` pages, special tokens included.

    `ids` has the tokens of all pieces, one piece after another; `lengths` how many each has, and
    `page` which page it is of, rising. A page without a piece could not be tokenised, or is empty.
    """

    ids: Ints
    lengths: Ints
    page: Ints
    pages: int

    @property
    def starts(self) -> npt.NDArray[np.int64]:
        """Where each piece begins in `ids`."""
        ends = np.cumsum(self.lengths, dtype=np.int64)
        return ends - self.lengths
