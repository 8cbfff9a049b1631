"""The batched loop as people write it: pages in order, tokenised, padded, run, one batch at a time.

A checkpoint with a head of its own gives the logits, another the mean over its tokens.
"""

from __future__ import annotations

import time
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from transformers import AutoModel, AutoModelForSequenceClassification, AutoTokenizer


@dataclass(frozen=True)
class Outcome:
    """Of all pages: a row each, in how many seconds."""

    outputs: npt.NDArray[np.float32]
    seconds: float


class Plain:
    """A checkpoint as `from_pretrained` gives it, in a precision."""

    def __init__(self, folder: Path, *, own: bool, device: str, dtype: torch.dtype) -> None:
        loader = AutoModelForSequenceClassification if own else AutoModel
        self._model = loader.from_pretrained(str(folder), dtype=dtype).eval().to(device)
        self._tokenizer = AutoTokenizer.from_pretrained(str(folder))
        self._own, self._device = own, device

    def run(self, texts: list[str], *, pages_per_batch: int, max_tokens: int) -> Outcome:
        """Every page once."""
        made = []
        start = time.perf_counter()
        for first in range(0, len(texts), pages_per_batch):
            made.append(self._batch(texts[first : first + pages_per_batch], max_tokens))
        return Outcome(np.concatenate(made), time.perf_counter() - start)

    @torch.inference_mode()
    def _batch(self, texts: list[str], max_tokens: int) -> npt.NDArray[np.float32]:
        inputs = self._tokenizer(
            texts, padding=True, truncation=True, max_length=max_tokens, return_tensors="pt"
        ).to(self._device)
        made = self._model(**inputs)
        if self._own:
            return made.logits.float().cpu().numpy()
        mask = inputs["attention_mask"][..., None]
        mean = (made.last_hidden_state.float() * mask).sum(1)
        return torch.nn.functional.normalize(mean, dim=1).cpu().numpy()
