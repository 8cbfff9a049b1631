"""An encoder: tokens in; a vector, or the logits of its own head, for each piece out."""

from __future__ import annotations

from typing import Literal

import numpy as np
import numpy.typing as npt
import torch
from transformers import AutoModel, AutoModelForSequenceClassification

from classifiers.encoder.checkpoint import Checkpoint
from classifiers.encoder.tokens import Tokens

Vectors = npt.NDArray[np.float32]
Pooling = Literal["mean", "first", "own"]
"""Of a piece's vector: the mean over its tokens, its first token's, or logits of its own head."""
Precision = Literal["auto", "bf16", "fp32"]


class Encoder:
    """A checkpoint on a device. `width` is that of what it gives: of vectors, or labels."""

    def __init__(
        self,
        checkpoint: Checkpoint,
        *,
        pooling: Pooling,
    ) -> None:
        loader = AutoModelForSequenceClassification if pooling == "own" else AutoModel
        self._model = loader.from_pretrained(
            str(checkpoint.folder), local_files_only=True, use_safetensors=True
        ).eval()
        self._pooling = pooling
        own = pooling == "own"
        self.width: int = self._model.config.num_labels if own else self._model.config.hidden_size

    def outputs(self, tokens: Tokens) -> Vectors:
        """A row per piece: its vector (of length 1 if it is a mean), or its logits; float32."""
        made = np.empty((len(tokens.lengths), self.width), np.float32)
        starts = np.cumsum(tokens.lengths) - tokens.lengths
        order = np.argsort(-tokens.lengths, kind="stable")
        for rows in np.array_split(order, max(1, -(-len(order) // 32))):
            if len(rows):
                made[rows] = self._batch(tokens, starts, rows.astype(np.int64))
        return made

    @torch.inference_mode()
    def _batch(
        self, tokens: Tokens, starts: npt.NDArray[np.int64], rows: npt.NDArray[np.int64]
    ) -> Vectors:
        longest = int(tokens.lengths[rows].max())
        ids = torch.zeros((len(rows), longest), dtype=torch.long)
        mask = torch.zeros_like(ids)
        for at, row in enumerate(rows):
            n = int(tokens.lengths[row])
            ids[at, :n] = torch.from_numpy(tokens.ids[starts[row] : starts[row] + n])
            mask[at, :n] = 1
        out = self._model(input_ids=ids, attention_mask=mask)
        if self._pooling == "own":
            return out.logits.float().numpy()
        hidden = out.last_hidden_state
        if self._pooling == "first":
            return hidden[:, 0].float().numpy()
        weights = mask[..., None].to(hidden.dtype)
        mean = (hidden * weights).sum(1) / weights.sum(1)
        return torch.nn.functional.normalize(mean, dim=1).float().numpy()
