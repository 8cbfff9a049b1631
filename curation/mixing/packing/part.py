"""One shard packed: its full sequences as files, and a receipt, which has what is left over.

What is left over may be nearly a sequence, and there may be many thousands of shards: receipts are
read one at a time.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from curation.mixing.loading.folder import ShardFolder
from curation.mixing.loading.reader import Reader
from curation.mixing.packing.cut import Cutter, Ints, Tokens
from curation.mixing.packing.files import Format, writer
from curation.storage import join, put, storage
from curation.token_counts.open import open_tokenizer
from curation.token_counts.tokenizer import Ids, Tokenizer

_ROWS_AT_ONCE = 64
_RECEIPT = "receipt"


@dataclass(frozen=True)
class PackSettings:
    """What decides on the sequences; `data` is the identity of the data set."""

    data: str
    tokenizer: str
    sha256: str | None
    length: int
    end_token: int
    vocabulary: int
    format: Format

    @property
    def dtype(self) -> np.dtype[Any]:
        """The least that every token fits."""
        return np.dtype(np.uint16 if self.vocabulary <= 1 << 16 else np.uint32)


@dataclass(frozen=True)
class Packed:
    """What came of a shard: `rest` and `ends` are the tokens that filled no sequence."""

    files: dict[str, str]
    sequences: int
    documents: int
    empty_documents: int
    tokens: int
    rest: Tokens
    ends: Ints


def pack_part(folder: ShardFolder, number: int, settings: PackSettings, parts: str) -> None:
    """Packs the only shard of `folder` as that part, unless there is a receipt that tells of it."""
    uri = _receipt(parts, number)
    if storage(uri).find(uri) is not None:
        return
    folder.verify(folder.files[0])
    packed = _pack(folder, number, settings, parts)
    told = {**vars(packed), "rest": _as_text(packed.rest), "ends": _as_text(packed.ends)}
    put(uri, json.dumps(told).encode())


def read_part(parts: str, number: int, settings: PackSettings) -> Packed:
    """What the receipt of a part tells."""
    uri = _receipt(parts, number)
    told = json.loads(storage(uri).read(uri))
    rest, ends = _from_text(told["rest"], settings.dtype), _from_text(told["ends"], np.int64)
    return Packed(**{**told, "rest": rest, "ends": ends})


def _receipt(parts: str, number: int) -> str:
    return join(parts, f"{_RECEIPT}-{number:06d}.json")


def _as_text(values: npt.NDArray[Any]) -> str:
    little_endian = values.dtype.newbyteorder("<")
    return b64encode(values.astype(little_endian).tobytes()).decode()


def _from_text(text: str, dtype: npt.DTypeLike) -> npt.NDArray[Any]:
    return np.frombuffer(b64decode(text), np.dtype(dtype).newbyteorder("<"))


def _pack(folder: ShardFolder, number: int, settings: PackSettings, parts: str) -> Packed:
    end = np.array([settings.end_token], np.int32)
    cutter = Cutter(settings.length, settings.dtype)
    documents = empty = tokens = 0
    with writer(parts, number, settings.format, settings.length, settings.dtype) as made:
        for ids in _tokens(folder, _tokenizer(settings.tokenizer)):
            ended = [np.concatenate([one, end]) for one in ids if len(one)]
            documents, empty = documents + len(ended), empty + len(ids) - len(ended)
            tokens += sum(map(len, ended))
            made.add(cutter.add(ended))
    return Packed(
        made.files, made.sequences, documents, empty, tokens, rest=cutter.rest, ends=cutter.ends
    )


def _tokens(folder: ShardFolder, tokenizer: Tokenizer) -> Iterator[list[Ids]]:
    """The tokens of some documents at a time, in order."""
    reader = Reader(folder, ["text"])
    rows = folder.rows
    for start in range(0, rows, _ROWS_AT_ONCE):
        for texts in reader.rows(0, start, min(start + _ROWS_AT_ONCE, rows)):
            column = texts.column("text").combine_chunks()
            yield tokenizer.encode(pa.chunked_array(column).combine_chunks())


@cache
def _tokenizer(name: str) -> Tokenizer:
    """Loaded once per process."""
    return open_tokenizer(name)
