"""Encoders of other families by Hugging Face's own code, in padded batches of like lengths.

What a piece gets may differ in the last digits with the batch it is in.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
from safetensors import SafetensorError
from transformers import AutoModel, AutoModelForSequenceClassification

from classifiers.encoder.checkpoint import Checkpoint
from classifiers.encoder.device import Placement
from classifiers.encoder.tokens import Tokens

_WRONG = (
    *(AttributeError, ImportError, LookupError, OSError, RuntimeError, TypeError, ValueError),
    SafetensorError,
)
"""What the library raises, of files that are not as it expects them."""


@dataclass(frozen=True)
class PaddedBatch:
    """`pieces` are the numbers of its pieces; a row of `ids` each, `lengths` of them count."""

    ids: npt.NDArray[np.int64]
    lengths: npt.NDArray[np.int32]
    pieces: npt.NDArray[np.int64]


class Padded:
    """A checkpoint of any family that Hugging Face's library knows without code of others."""

    def __init__(
        self,
        checkpoint: Checkpoint,
        *,
        pooling: str,
        placement: Placement,
    ) -> None:
        self._model = _read(checkpoint, own=pooling == "own", dtype=placement.dtype)
        self._model.eval().to(placement.device)
        self._pooling, self._device, self._rows = pooling, placement.device, placement.rows
        config: Any = self._model.config
        self.longest = checkpoint.max_tokens or placement.rows
        self.width: int = config.num_labels if pooling == "own" else config.hidden_size

    def plan(self, tokens: Tokens) -> Iterator[PaddedBatch]:
        """The batches of pieces, longest first."""
        order = np.argsort(-tokens.lengths, kind="stable").astype(np.int64)
        starts = tokens.starts
        while len(order):
            pieces = order[: max(1, self._rows // int(tokens.lengths[order[0]]))]
            order = order[len(pieces) :]
            lengths = tokens.lengths[pieces]
            ids = np.zeros((len(pieces), int(lengths[0])), np.int64)
            for row, (start, length) in enumerate(zip(starts[pieces], lengths, strict=True)):
                ids[row, :length] = tokens.ids[start : start + length]
            yield PaddedBatch(ids, lengths, pieces)

    @torch.inference_mode()
    def launch(self, batch: PaddedBatch) -> torch.Tensor:
        """A row for each of the batch's pieces, on the device."""
        ids = torch.from_numpy(batch.ids).to(self._device)
        lengths = torch.from_numpy(batch.lengths).to(self._device)
        mask = (torch.arange(ids.shape[1], device=self._device) < lengths[:, None]).long()
        made = self._model(input_ids=ids, attention_mask=mask)
        if self._pooling == "own":
            return made.logits.float()
        hidden = made.last_hidden_state.float()
        if self._pooling == "first":
            return hidden[:, 0]
        return torch.nn.functional.normalize((hidden * mask[..., None]).sum(1), dim=1)


def _read(checkpoint: Checkpoint, *, own: bool, dtype: torch.dtype) -> torch.nn.Module:
    loader = AutoModelForSequenceClassification if own else AutoModel
    try:
        model, report = loader.from_pretrained(
            str(checkpoint.folder),
            local_files_only=True,
            use_safetensors=True,
            trust_remote_code=False,
            output_loading_info=True,
            dtype=dtype,
        )
    except _WRONG as error:
        reason = " ".join(str(error).split())[:300]
        raise ValueError(f"{checkpoint.folder}: cannot be read: {reason}") from error
    missing = sorted(name for name in report["missing_keys"] if own or "pooler" not in name)
    if missing:
        raise ValueError(f"{checkpoint.folder}: weights are missing: {', '.join(missing[:3])}")
    for name, tensor in model.state_dict().items():
        if tensor.is_floating_point() and not bool(torch.isfinite(tensor).all()):
            raise ValueError(f"{checkpoint.folder}: {name} has numbers that are not finite")
    return model
