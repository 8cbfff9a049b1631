"""Heads: what an encoder makes of pieces in; probabilities of labels out.

A head is a linear layer over vectors, or nothing where the encoder gives logits itself. Invariant:
a row's probabilities are the same bits whatever other rows a call has. So sums are NumPy's along a
row, in float64, and no matrix product, whose order of sums depends on how many rows there are.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt
from safetensors import SafetensorError
from safetensors.numpy import load, save
from scipy.special import expit

Floats = npt.NDArray[np.float64]
_TYPES = ("float16", "float32")


@dataclass(frozen=True)
class Linear:
    """`weight` is labels by width, `bias` labels."""

    weight: npt.NDArray[np.floating[Any]]
    bias: npt.NDArray[np.floating[Any]]

    def logits(self, vectors: npt.NDArray[np.float32]) -> Floats:
        """A row per vector, a column per label."""
        rows = np.ascontiguousarray(vectors, np.float64)
        columns = [(rows * weight).sum(axis=1) for weight in self.weight.astype(np.float64)]
        return np.stack(columns, axis=1) + self.bias


def probabilities(logits: Floats, bounds: tuple[float, float] | None) -> Floats:
    """By softmax; of one label by the logistic function, or from 0 to 1 between `bounds`."""
    if bounds is not None:
        low, high = bounds
        return np.clip((logits - low) / (high - low), 0, 1)
    if logits.shape[1] == 1:
        return np.asarray(expit(logits))
    shares = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(shares / shares.sum(axis=1, keepdims=True))


def write_heads(heads: Mapping[str, Linear]) -> bytes:
    """Safetensors with `HEAD.weight` and `HEAD.bias`, float32."""
    return save(
        {
            f"{name}.{part}": np.ascontiguousarray(getattr(head, part), np.float32)
            for name, head in sorted(heads.items())
            for part in ("weight", "bias")
        }
    )


def read_heads(content: bytes, labels: Mapping[str, int], *, width: int) -> dict[str, Linear]:
    """The heads that have so many labels each, over vectors of `width`.

    Raises `ValueError`, in one line, for content that does not have them, or anything else.
    """
    try:
        found = load(content)
    except (SafetensorError, KeyError) as error:  # `KeyError`: a type that NumPy does not have
        raise ValueError(f"no file of safetensors: {error}") from error
    shapes: dict[str, tuple[int, ...]] = {}
    for name, count in labels.items():
        shapes |= {f"{name}.weight": (count, width), f"{name}.bias": (count,)}
    if odd := sorted({*found} ^ {*shapes}):
        kind = "has no" if odd[0] in shapes else "has the unknown"
        raise ValueError(f"{kind} tensor '{odd[0]}'")
    for name, shape in shapes.items():
        _check(name, found[name], shape)
    return {
        name: Linear(
            found[f"{name}.weight"].astype(np.float64), found[f"{name}.bias"].astype(np.float64)
        )
        for name in labels
    }


def _check(name: str, tensor: npt.NDArray[np.generic], shape: tuple[int, ...]) -> None:
    if tensor.shape != shape:
        raise ValueError(f"'{name}' has the shape {tensor.shape}: expected {shape}")
    if str(tensor.dtype) not in _TYPES:
        raise ValueError(f"'{name}' is {tensor.dtype}: expected {' or '.join(_TYPES)}")
    if not np.isfinite(tensor.astype(np.float64)).all():
        raise ValueError(f"'{name}' has values that are not finite")
