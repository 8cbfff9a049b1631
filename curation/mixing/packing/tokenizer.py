"""Tokenizers that texts are packed with: a `tokenizer.json` of Hugging Face, or its folder.

No text stands for a special token: a page that says `<|endoftext|>` does not end there.
"""

from __future__ import annotations

import hashlib
import os
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from curation.errors import UserError

_ENDS = ("<|endoftext|>", "<|end_of_text|>", "<|eos|>", "</s>", "<eos>", "[SEP]")
Ids = npt.NDArray[np.int32]


@dataclass(frozen=True)
class PackTokenizer:
    """`vocabulary` is how many ids there are; `end_of_document` is the one between documents."""

    name: str
    sha256: str
    vocabulary: int
    end_of_document: int | None
    encode: Callable[[pa.StringArray], list[Ids]]


def open_tokenizer(name: str) -> PackTokenizer:
    """The tokenizer; raises `UserError` where there is none that can be read."""
    try:
        from tokenizers import Tokenizer
    except ModuleNotFoundError as error:
        raise UserError("packing needs tokenizers: pip install 'winnow-curation[ml]'") from error
    path = Path(name) / "tokenizer.json" if Path(name).is_dir() else Path(name)
    if not path.is_file():
        raise UserError(f"--tokenizer {name}: no tokenizer.json, nor a folder that has one")
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")  # whoever has cores has processes
    content = path.read_bytes()
    try:
        read = Tokenizer.from_buffer(content)
    except (ValueError, TypeError) as error:
        raise UserError(f"{path}: no tokenizer that can be read: {error}") from error
    read.no_padding()
    read.no_truncation()
    read.encode_special_tokens = True
    known = read.get_vocab()

    def encode(texts: pa.StringArray) -> list[Ids]:
        made = read.encode_batch_fast(
            [text or "" for text in texts.to_pylist()], add_special_tokens=False
        )
        return [np.array(one.ids, np.int32) for one in made]

    ends = [known[token] for token in _ENDS if token in known]
    digest = hashlib.sha256(content).hexdigest()
    return PackTokenizer(name, digest, max(known.values()) + 1, ends[0] if ends else None, encode)
