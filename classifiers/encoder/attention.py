"""Attention within pieces that lie one behind another, without padding.

In: queries, keys and values, [tokens, 3, heads, size], and where pieces end. Out: [tokens, heads *
size]. What a piece gets depends on nothing but its own rows.
"""

from __future__ import annotations

import inspect
from collections.abc import Sequence

import torch
from torch.nn import functional as F  # noqa: N812 - as everybody calls it

try:  # newer PyTorch has it
    from torch.nn.attention.varlen import varlen_attn
except ImportError:
    varlen_attn = None

_ONE_SPLIT = (
    {"num_splits": 1}  # otherwise sums depend on what else is in a batch
    if varlen_attn is not None and "num_splits" in inspect.signature(varlen_attn).parameters
    else {}
)


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
    made = varlen_attn(query, key, value, ends, ends, longest, longest, **_ONE_SPLIT)
    return made.reshape(qkv.shape[0], -1)


def piecewise(qkv: torch.Tensor, lengths: Sequence[int]) -> torch.Tensor:
    """Piece by piece; rows behind the last piece are zero."""
    made = qkv.new_zeros(qkv.shape[0], qkv.shape[2], qkv.shape[3])
    start = 0
    for length in lengths:
        rows = slice(start, start + length)
        query, key, value = qkv[rows].permute(1, 2, 0, 3).unsqueeze(1)
        made[rows] = F.scaled_dot_product_attention(query, key, value)[0].transpose(0, 1)
        start += length
    return made.reshape(qkv.shape[0], -1)
