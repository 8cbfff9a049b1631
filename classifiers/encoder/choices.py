"""What whoever uses an encoder may choose; without torch, so that recipes can name it."""

from __future__ import annotations

from typing import Literal

LongPages = Literal["first", "mean", "max"]
"""Of a page longer than a piece: its first tokens alone; or windows, whose scores are combined."""
Pooling = Literal["mean", "first", "own"]
"""Of a piece's vector: the mean over its tokens, its first token's, or logits of its own head."""
Precision = Literal["auto", "bf16", "fp32"]
"""Of matrix products: `auto` is bf16 where that is the faster one."""
