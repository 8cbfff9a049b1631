"""The weights of a checkpoint, checked: all there, of the right shape, finite."""

from __future__ import annotations

from collections.abc import Sequence

import torch
from safetensors import SafetensorError, safe_open

from classifiers.encoder.checkpoint import Checkpoint


class Weights:
    """Tensors by name, as float32; `ValueError`, in one line, where one is not what it should be.

    Names may lack the prefix of the family, as in checkpoints without a head.
    """

    def __init__(self, checkpoint: Checkpoint, *, prefix: str) -> None:
        self._folder = checkpoint.folder
        self._prefix = prefix
        self._found: dict[str, torch.Tensor] = {}
        for file in checkpoint.weight_files:
            try:
                with safe_open(str(file), framework="pt") as opened:
                    for name in opened.keys():  # noqa: SIM118 - it is no mapping
                        self._found[_modern(name)] = opened.get_tensor(name)
            except (SafetensorError, OSError) as error:
                reason = " ".join(str(error).split())
                raise ValueError(f"{file}: cannot be read as safetensors: {reason}") from error

    def has(self, name: str) -> bool:
        """Whether there is a tensor of that name."""
        return self._at(name) is not None

    def take(self, name: str, shape: Sequence[int | None]) -> torch.Tensor:
        """The tensor; None in a shape is any size."""
        found = self._at(name)
        if found is None:
            raise ValueError(f"{self._folder}: the weight {name} is missing")
        if len(shape) != found.dim() or any(
            size not in {None, there} for size, there in zip(shape, found.shape, strict=True)
        ):
            expected = ", ".join("?" if size is None else str(size) for size in shape)
            there = ", ".join(map(str, found.shape))
            raise ValueError(f"{self._folder}: {name} is [{there}], not [{expected}] as configured")
        found = found.float()
        if not bool(torch.isfinite(found).all()):
            raise ValueError(f"{self._folder}: {name} has numbers that are not finite")
        return found

    def linear(
        self, name: str, out: int | None, width: int
    ) -> tuple[torch.Tensor, torch.Tensor]:
        """Weight and bias of a layer."""
        weight = self.take(f"{name}.weight", (out, width))
        return weight, self.take(f"{name}.bias", (weight.shape[0],))

    def _at(self, name: str) -> torch.Tensor | None:
        found = self._found.get(name)
        return self._found.get(name.removeprefix(self._prefix)) if found is None else found


def _modern(name: str) -> str:
    """Old checkpoints call the parameters of a norm otherwise."""
    return name.replace("LayerNorm.gamma", "LayerNorm.weight").replace(
        "LayerNorm.beta", "LayerNorm.bias"
    )
