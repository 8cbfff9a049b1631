"""BERT and its kin over batches of one shape: what a batch's pieces come to."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from functools import partial

import torch

from classifiers.encoder.architecture import Architecture
from classifiers.encoder.attention import flash, has_flash, piecewise
from classifiers.encoder.batches import Batch, Shape, batches
from classifiers.encoder.checkpoint import Checkpoint
from classifiers.encoder.device import can_compile
from classifiers.encoder.forward import Body, OwnHead, mean, mean_piecewise
from classifiers.encoder.tokens import Tokens
from classifiers.encoder.weights import Weights


class Packed:
    """A checkpoint of these families. `width`: how many numbers a piece gets."""

    def __init__(
        self,
        checkpoint: Checkpoint,
        made: Architecture,
        *,
        pooling: str,
        device: torch.device,
        dtype: torch.dtype,
        rows: int,
    ) -> None:
        weights = Weights(checkpoint, prefix=made.prefix)
        self.longest = made.max_tokens
        self.shape = Shape(max(rows, self.longest))
        self._device = device
        self._pooling = pooling
        self._body = Body(weights, made, dtype).to(device)
        self._head = OwnHead(weights, made).to(device) if pooling == "own" else None
        self.width = made.width if self._head is None else self._head.labels
        self._flash = has_flash(device, dtype, made.width // made.heads)
        self._one_kernel = self._compiled() if self._flash else None

    def plan(self, tokens: Tokens) -> Iterator[Batch]:
        """The batches of pieces."""
        return batches(tokens, self.shape)

    @torch.inference_mode()
    def launch(self, batch: Batch) -> torch.Tensor:
        """A row for each of the batch's pieces, and perhaps more, on the device."""
        ids, positions, ends = (
            self._sent(torch.from_numpy(array)) for array in (batch.ids, batch.positions, batch.ends)
        )
        lengths = batch.lengths.tolist()
        if self._one_kernel is not None:
            hidden = self._one_kernel(ids, positions, ends)
        else:
            hidden = self._body(ids, positions, partial(piecewise, lengths=lengths))
        if self._pooling == "mean":
            return mean(hidden, ends) if self._flash else mean_piecewise(hidden, lengths)
        first = hidden[ends[:-1].long().clamp(max=self.shape.tokens - 1)]
        return first if self._head is None else self._head(first)

    def _compiled(self) -> Callable[[torch.Tensor, torch.Tensor, torch.Tensor], torch.Tensor]:
        body, longest = self._body, self.longest

        def whole(ids: torch.Tensor, positions: torch.Tensor, ends: torch.Tensor) -> torch.Tensor:
            made: torch.Tensor = body(ids, positions, lambda qkv: flash(qkv, ends, longest))
            return made

        return torch.compile(whole, dynamic=False) if can_compile(self._device) else whole

    def _sent(self, array: torch.Tensor) -> torch.Tensor:
        if self._device.type != "cuda":
            return array
        return array.pin_memory().to(self._device, non_blocking=True)
