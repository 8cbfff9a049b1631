"""Attention within pieces that lie one behind another, without padding.

In: queries, keys and values, [tokens, 3, heads, size], and where pieces end. Out: [tokens, heads *
size]. What a piece gets depends on nothing but its own rows.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence
from typing import Any

import torch
from torch.nn import functional as F

try:  # newer PyTorch has it
    from torch.nn.attention import varlen
except ImportError:
    varlen_attn: Any = None
else:
    varlen_attn = varlen.varlen_attn

_ONE_SPLIT: dict[str, Any] = (
    {"num_splits": 1}  # otherwise sums depend on what else is in a batch
    if varlen_attn is not None and "num_splits" in inspect.signature(varlen_attn).parameters
    else {}
)
_CACHED_WEIGHTS = 1 << 20


def has_flash(device: torch.device, dtype: torch.dtype, head_size: int) -> bool:
    """Whether flash attention over pieces works there."""
    return (
        varlen_attn is not None
        and device.type == "cuda"
        and torch.cuda.get_device_capability(device) >= (8, 0)
        and dtype in {torch.bfloat16, torch.float16}
        and head_size % 8 == 0
        and head_size <= 256
    )


def flash(qkv: torch.Tensor, ends: torch.Tensor, longest: int) -> torch.Tensor:
    """By one kernel for all pieces; rows behind the last piece are undefined."""
    query, key, value = qkv.unbind(1)
    made: torch.Tensor = varlen_attn(query, key, value, ends, ends, longest, longest, **_ONE_SPLIT)
    return made.reshape(qkv.shape[0], -1)


def piecewise(qkv: torch.Tensor, lengths: Sequence[int]) -> torch.Tensor:
    """Piece by piece; rows behind the last piece are zero."""
    attend = _products if qkv.device.type == "cpu" and qkv.dtype == torch.bfloat16 else _fused
    made = qkv.new_zeros(qkv.shape[0], qkv.shape[2], qkv.shape[3])
    start = 0
    for length in lengths:
        rows = slice(start, start + length)
        query, key, value = qkv[rows].permute(1, 2, 0, 3)
        made[rows] = attend(query, key, value).transpose(0, 1)
        start += length
    return made.reshape(qkv.shape[0], -1)


def _fused(query: torch.Tensor, key: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
    return F.scaled_dot_product_attention(query[None], key[None], value[None])[0]


def _products(query: torch.Tensor, key: torch.Tensor, value: torch.Tensor) -> torch.Tensor:
    """Where CPUs multiply bf16 fast: PyTorch's fused kernel does not, and takes 1.4 times as long.

    A few heads at a time, so that their weights stay in the cache.
    """
    heads, length, size = query.shape
    some = max(1, min(heads, _CACHED_WEIGHTS // length**2))
    made = torch.empty_like(query)
    for first in range(0, heads, some):
        at = slice(first, first + some)
        weights = torch.baddbmm(
            query.new_empty(1), query[at], key[at].transpose(1, 2), beta=0, alpha=size**-0.5
        )
        made[at] = torch.bmm(torch.softmax(weights, -1), value[at])
    return made
