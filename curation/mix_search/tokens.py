"""What small models read: numbers of a text's bytes, or of its tokens by a tokenizer.json.

Bytes are the default. A vocabulary fits some domains better than others and so would be part of
what is compared; 257 embeddings leave nearly all weights of a small model to the model; and nothing
has to be fetched. Losses are in bits per byte of text, whatever is read. The price: scripts of
several bytes per character need more of a model's context.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from curation.errors import UserError
from curation.storage import storage

Ids = npt.NDArray[np.integer[Any]]
_MOST_SHORT = 1 << 16


@dataclass(frozen=True)
class Reader:
    """Makes ids of a text; each text ends with `end`, which no text has in it."""

    name: str
    vocabulary: int
    encode: Callable[[str], Sequence[int]]

    def ids(self, text: str) -> Ids:
        """Of the text, with its end."""
        short = self.vocabulary <= _MOST_SHORT  # half the memory
        return np.array([*self.encode(text), self.end], np.uint16 if short else np.int32)

    @property
    def end(self) -> int:
        """The last id."""
        return self.vocabulary - 1


def open_reader(path: str | None) -> Reader:
    """Bytes, or the tokenizer.json at `path`; raises `UserError` where that is none."""
    if path is None:
        return Reader("bytes", 257, str.encode)
    from tokenizers import Tokenizer

    content = storage(path).read(path)
    try:
        tokenizer = Tokenizer.from_buffer(content)
    except ValueError as error:
        raise UserError(f"{path}: is no tokenizer.json: {error}") from error

    def encode(text: str) -> Sequence[int]:
        found: Sequence[int] = tokenizer.encode(text, add_special_tokens=False).ids
        return found

    return Reader(path, tokenizer.get_vocab_size() + 1, encode)
