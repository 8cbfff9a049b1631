"""A small decoder-only transformer: ids in, logits of the next id out.

As Llama is built, at a size for a CPU: root mean squares normalise before each part, positions are
rotations of queries and keys, the feed-forward is gated. Embeddings are those of the output too, as
is usual where they are a good part of all weights. Sources: Touvron et al., LLaMA (2023); Su et
al., RoFormer (2021); Shazeer, GLU variants (2020).
"""

from __future__ import annotations

import torch
from torch import nn
from torch.nn import functional as F

from curation.mix_search.config import HEAD_WIDTH, Size

_OF_EMBEDDINGS = 0.05
_ROTATIONS_FROM = 10_000.0


class Model(nn.Module):
    """The model; its weights are what `seed` draws, on whatever device it then goes to."""

    def __init__(self, size: Size, *, vocabulary: int, context: int, seed: int) -> None:
        super().__init__()
        self.embedding = nn.Embedding(vocabulary, size.width)
        self.layers = nn.ModuleList(_Layer(size.width) for _ in range(size.layers))
        self.norm = nn.RMSNorm(size.width)
        self.rotations = nn.Buffer(_rotations(context), persistent=False)
        self._draw(torch.Generator().manual_seed(seed))

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """(batch, length) ids; (batch, length, vocabulary) logits."""
        states = self.embedding(ids)
        rotations = self.rotations[:, : ids.shape[1]]
        for layer in self.layers:
            states = layer(states, rotations)
        return F.linear(self.norm(states), self.embedding.weight)

    def parameters_count(self) -> int:
        """Weights in all."""
        return sum(weights.numel() for weights in self.parameters())

    @torch.no_grad()
    def _draw(self, generator: torch.Generator) -> None:
        """By what goes in, as a small width needs; writing to the stream begins at nothing."""
        for name, weights in self.named_parameters():
            if name.endswith(("out.weight", "down.weight")):
                weights.zero_()
            elif weights.ndim > 1:
                of_layer = weights.shape[1] ** -0.5
                deviation = _OF_EMBEDDINGS if name == "embedding.weight" else of_layer
                weights.normal_(0.0, deviation, generator=generator)


class _Layer(nn.Module):
    def __init__(self, width: int) -> None:
        super().__init__()
        inner = 8 * width // 3 // 8 * 8  # as many weights as 4 * width without a gate
        self.before_attention, self.before_forward = nn.RMSNorm(width), nn.RMSNorm(width)
        self.queries_keys_values = nn.Linear(width, 3 * width, bias=False)
        self.out = nn.Linear(width, width, bias=False)
        self.gate_up = nn.Linear(width, 2 * inner, bias=False)
        self.down = nn.Linear(inner, width, bias=False)

    def forward(self, states: torch.Tensor, rotations: torch.Tensor) -> torch.Tensor:
        states = states + self._attend(self.before_attention(states), rotations)
        gate, up = self.gate_up(self.before_forward(states)).chunk(2, dim=-1)
        return states + self.down(F.silu(gate) * up)

    def _attend(self, states: torch.Tensor, rotations: torch.Tensor) -> torch.Tensor:
        rows, length, width = states.shape
        split = self.queries_keys_values(states).view(rows, length, 3, -1, HEAD_WIDTH)
        queries, keys, values = split.permute(2, 0, 3, 1, 4)
        attended = F.scaled_dot_product_attention(
            _rotated(queries, rotations), _rotated(keys, rotations), values, is_causal=True
        )
        return self.out(attended.transpose(1, 2).reshape(rows, length, width))


def _rotations(context: int) -> torch.Tensor:
    """(2, context, half of a head): cosines and sines."""
    rates = _ROTATIONS_FROM ** (-torch.arange(0, HEAD_WIDTH, 2) / HEAD_WIDTH)
    angles = torch.outer(torch.arange(context).float(), rates)
    return torch.stack((angles.cos(), angles.sin()))


def _rotated(heads: torch.Tensor, rotations: torch.Tensor) -> torch.Tensor:
    (first, second), (cos, sin) = heads.chunk(2, dim=-1), rotations
    return torch.cat((first * cos - second * sin, first * sin + second * cos), dim=-1)
