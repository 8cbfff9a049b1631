"""Pieces of pages: what an encoder says of each in; what it says of pages out."""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from classifiers.encoder.choices import LongPages
from classifiers.encoder.tokens import Tokens

Floats = npt.NDArray[np.float64]


class Windows:
    """Which pieces are of which page; `tokens` are how many each page has."""

    def __init__(self, tokens: Tokens) -> None:
        self._pages = tokens.pages
        self._page, self._starts = np.unique(tokens.page, return_index=True)
        self.tokens = np.zeros(tokens.pages, np.int32)
        np.add.at(self.tokens, tokens.page, tokens.lengths)

    def combined(self, of_pieces: Floats, long_pages: LongPages) -> Floats:
        """A row per page; NaN for one without a piece."""
        found = np.full((self._pages, of_pieces.shape[1]), np.nan)
        if len(self._page):
            if long_pages == "max":
                found[self._page] = np.maximum.reduceat(of_pieces, self._starts)
            else:
                counts = np.diff(self._starts, append=len(of_pieces))
                found[self._page] = np.add.reduceat(of_pieces, self._starts) / counts[:, None]
        return found

    def vectors(self, of_pieces: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """The mean over pieces with length 1; 0 for a page without a piece."""
        mean = np.nan_to_num(self.combined(of_pieces.astype(np.float64), "mean"))
        length = np.sqrt((mean * mean).sum(axis=1, keepdims=True))
        return (mean / np.where(length > 0, length, 1)).astype(np.float32)
