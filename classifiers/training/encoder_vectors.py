"""Vectors of texts, each made once: a folder keeps them, for an encoder is slow on a CPU."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np
import xxhash

from classifiers.encoder.train import Embed, Vectors

_LOT = 64


def kept(embed: Embed, folder: Path, name: str) -> Embed:
    """As `embed`, but that what it made of a text, as `name`, is read again from `folder`."""

    def embed_or_read(texts: Sequence[str]) -> Vectors:
        files = [folder / f"{_key(name, text)}.npy" for text in texts]
        missing = [row for row, file in enumerate(files) if not file.exists()]
        folder.mkdir(parents=True, exist_ok=True)
        for start in range(0, len(missing), _LOT):
            rows = missing[start : start + _LOT]
            for row, vector in zip(rows, embed([texts[row] for row in rows]), strict=True):
                unfinished = files[row].with_suffix(".unfinished.npy")
                np.save(unfinished, vector)
                unfinished.rename(files[row])
        return np.stack([np.load(file) for file in files])

    return embed_or_read


def _key(name: str, text: str) -> str:
    return xxhash.xxh3_128_hexdigest(f"{name} {text}".encode("utf-8", "surrogatepass"))
