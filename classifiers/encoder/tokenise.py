"""Texts in, tokens out, by a checkpoint's own fast tokeniser."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from tokenizers import Tokenizer

from classifiers.encoder.checkpoint import Checkpoint
from classifiers.encoder.tokens import LongPages, Tokens


class Tokeniser:
    """The tokeniser of a checkpoint; a piece has `max_tokens` at most."""

    def __init__(
        self,
        checkpoint: Checkpoint,
        *,
        max_tokens: int,
        long_pages: LongPages = "first",
        max_windows: int = 8,
    ) -> None:
        self._tokenizer = Tokenizer.from_file(str(checkpoint.folder / "tokenizer.json"))
        self._tokenizer.no_padding()
        self._tokenizer.enable_truncation(max_tokens)
        self._windows = 1 if long_pages == "first" else max_windows

    def tokens(self, texts: Sequence[str | None]) -> Tokens:
        """The pieces of each text; none of a null or empty one, or that breaks the tokeniser."""
        ids: list[list[int]] = []
        page: list[int] = []
        for number, text in enumerate(texts):
            if not text:
                continue
            found = self._tokenizer.encode(text)
            for piece in [found, *found.overflowing][: self._windows]:
                ids.append(piece.ids)
                page.append(number)
        flat = np.array([token for piece in ids for token in piece], np.int32)
        lengths = np.array([len(piece) for piece in ids], np.int32)
        return Tokens(flat, lengths, np.array(page, np.int32), len(texts))
