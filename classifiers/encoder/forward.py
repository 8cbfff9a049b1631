"""The forward pass of BERT and its kin over tokens without padding.

In: a row per token; out: the last layer's hidden state, float32. Matrix products are in the
precision asked for, residuals and norms in float32: the norms follow the sums, so that what is
rounded there stays to the end.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence

import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812 - as everybody calls it

from classifiers.encoder.architecture import Architecture
from classifiers.encoder.weights import Weights

Attend = Callable[[torch.Tensor], torch.Tensor]
_ACTIVATIONS: dict[str, Callable[[torch.Tensor], torch.Tensor]] = {
    "gelu": F.gelu,
    "gelu_new": lambda x: F.gelu(x, approximate="tanh"),
    "gelu_pytorch_tanh": lambda x: F.gelu(x, approximate="tanh"),
    "relu": F.relu,
}


class Layer(nn.Module):
    """One layer of the encoder."""

    def __init__(
        self, weights: Weights, made: Architecture, number: int, dtype: torch.dtype
    ) -> None:
        super().__init__()
        self._heads = made.heads
        self._activation = _ACTIVATIONS[made.activation]
        name = f"{made.prefix}{made.layer_prefix}{number}."
        parts = [weights.linear(name + part, made.width, made.width) for part in made.names["qkv"]]
        qkv = (torch.cat([part[0] for part in parts]), torch.cat([part[1] for part in parts]))
        self.qkv = _linear(qkv, dtype)
        self.joined = _linear(
            weights.linear(name + made.names["joined"], made.width, made.width), dtype
        )
        self.norm = norm(weights, name + made.names["norm"], made)
        self.wide = _linear(weights.linear(name + made.names["wide"], made.inner, made.width), dtype)
        self.narrow = _linear(
            weights.linear(name + made.names["narrow"], made.width, made.inner), dtype
        )
        self.last_norm = norm(weights, name + made.names["last_norm"], made)

    def forward(self, hidden: torch.Tensor, attend: Attend) -> torch.Tensor:
        """Float32 in and out."""
        dtype = self.qkv.weight.dtype
        qkv = self.qkv(hidden.to(dtype))
        mixed = self.joined(attend(qkv.view(hidden.shape[0], 3, self._heads, -1)))
        hidden = self.norm(hidden + mixed)
        wide = self._activation(self.wide(hidden.to(dtype)))
        made: torch.Tensor = self.last_norm(hidden + self.narrow(wide))
        return made


class Body(nn.Module):
    """Embeddings and all layers."""

    def __init__(self, weights: Weights, made: Architecture, dtype: torch.dtype) -> None:
        super().__init__()
        name = f"{made.prefix}embeddings."
        words = weights.take(f"{name}word_embeddings.weight", (made.vocabulary, made.width))
        positions = weights.take(f"{name}position_embeddings.weight", (made.positions, made.width))
        positions = positions[made.first_position :].clone()
        if made.token_types:
            kinds = weights.take(f"{name}token_type_embeddings.weight", (None, made.width))
            positions += kinds[0]
        self.words = nn.Parameter(words, requires_grad=False)
        self.positions = nn.Parameter(positions, requires_grad=False)
        self.norm = norm(weights, f"{name}LayerNorm", made)
        self.layers = nn.ModuleList(
            Layer(weights, made, number, dtype) for number in range(made.layers)
        )

    def forward(
        self, ids: torch.Tensor, positions: torch.Tensor, attend: Attend
    ) -> torch.Tensor:
        """A row per token: its hidden state after the last layer."""
        hidden: torch.Tensor = self.norm(
            F.embedding(ids, self.words) + F.embedding(positions, self.positions)
        )
        for layer in self.layers:
            hidden = layer(hidden, attend)
        return hidden


class OwnHead(nn.Module):
    """The classifier that a checkpoint brings, over the first token of a piece; float32."""

    def __init__(self, weights: Weights, made: Architecture) -> None:
        super().__init__()
        first, second, between = made.head
        if not weights.has(f"{second}.weight"):
            raise ValueError(f"the checkpoint has no head of its own: no {second}.weight")
        self.first = _linear(weights.linear(first, made.width, made.width), torch.float32)
        self.second = _linear(weights.linear(second, None, made.width), torch.float32)
        self._between = torch.tanh if between == "tanh" else torch.relu

    @property
    def labels(self) -> int:
        """How many logits it has."""
        return self.second.out_features

    def forward(self, first: torch.Tensor) -> torch.Tensor:
        """Logits."""
        made: torch.Tensor = self.second(self._between(self.first(first)))
        return made


def mean(hidden: torch.Tensor, ends: torch.Tensor) -> torch.Tensor:
    """Of each piece, by length 1; of no piece, zero."""
    sums = torch.segment_reduce(hidden, "sum", offsets=ends.long(), axis=0, initial=0.0)
    return F.normalize(sums, dim=1)


def mean_piecewise(hidden: torch.Tensor, lengths: Sequence[int]) -> torch.Tensor:
    """The same, for few pieces."""
    parts = hidden[: sum(lengths)].split(list(lengths))
    return F.normalize(torch.stack([part.sum(0) for part in parts]), dim=1)


def norm(weights: Weights, name: str, made: Architecture) -> nn.LayerNorm:
    """A norm of float32."""
    layer = nn.LayerNorm(made.width, eps=made.epsilon)
    layer.weight = nn.Parameter(weights.take(f"{name}.weight", (made.width,)), requires_grad=False)
    layer.bias = nn.Parameter(weights.take(f"{name}.bias", (made.width,)), requires_grad=False)
    return layer


def _linear(parts: tuple[torch.Tensor, torch.Tensor], dtype: torch.dtype) -> nn.Linear:
    weight, bias = parts
    layer = nn.Linear(weight.shape[1], weight.shape[0], device="meta")
    layer.weight = nn.Parameter(weight.to(dtype), requires_grad=False)
    layer.bias = nn.Parameter(bias.to(dtype), requires_grad=False)
    return layer
