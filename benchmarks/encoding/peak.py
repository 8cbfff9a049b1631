"""What a device and a model can do: the matrix product's measured peak; FLOPs of a model."""

from __future__ import annotations

import time

import torch

from classifiers.encoder.architecture import Architecture

_TRIES, _REPEATS = 5, 10


def matrix_peak(device: torch.device, dtype: torch.dtype, shape: tuple[int, int, int]) -> float:
    """FLOP/s of the best of some tries at a product of M by K and K by N."""
    m, k, n = shape
    left = torch.randn(m, k, device=device).to(dtype)
    right = torch.randn(n, k, device=device).to(dtype)
    repeats = _REPEATS if device.type == "cuda" else 1
    best = float("inf")
    for _ in range(_TRIES):
        _wait(device)
        start = time.perf_counter()
        for _ in range(repeats):
            torch.nn.functional.linear(left, right)
        _wait(device)
        best = min(best, (time.perf_counter() - start) / repeats)
    return 2 * m * k * n / best


def model_flops(made: Architecture, tokens: int, token_pairs: int) -> float:
    """Of the layers, for real tokens alone; `token_pairs`: the sum of squares of lengths."""
    weights = made.layers * (4 * made.width**2 + 2 * made.width * made.inner)
    return 2.0 * weights * tokens + 4.0 * made.layers * made.width * token_pairs


def _wait(device: torch.device) -> None:
    if device.type == "cuda":
        torch.cuda.synchronize(device)
