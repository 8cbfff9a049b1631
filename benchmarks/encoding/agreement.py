"""How well two lots of outputs of the same pages agree, as scores of a head.

The head is a safetensors file's first weight, or, without one, the first principal direction of
the first lot. Flips are pages that are kept by one and dropped by the other, at cuts of the first.
"""

from __future__ import annotations

from pathlib import Path

import numpy as np
import numpy.typing as npt

_CUTS = (0.4, 0.5, 0.6)
Outputs = npt.NDArray[np.float32]


def direction(outputs: Outputs, head: Path | None) -> npt.NDArray[np.float64]:
    """A weight per column."""
    if head is not None:
        from safetensors.numpy import load_file

        weights = load_file(str(head))
        name = min(name for name in weights if name.endswith("weight"))
        return np.asarray(weights[name][-1], np.float64)
    known = outputs[~np.isnan(outputs).any(1)].astype(np.float64)
    found: npt.NDArray[np.float64] = np.linalg.svd(known - known.mean(0), full_matrices=False)[2][0]
    return found


def agreement(
    first: Outputs, second: Outputs, weights: npt.NDArray[np.float64]
) -> dict[str, float]:
    """Rank correlation, share of flips at each cut, the largest difference, whether bits agree."""
    known = ~np.isnan(first).any(1) & ~np.isnan(second).any(1)
    a, b = first[known] @ weights, second[known] @ weights
    found = {
        "pages": float(len(a)),
        "rank_correlation": float(np.corrcoef(_ranks(a), _ranks(b))[0, 1]),
        "largest_difference": float(np.abs(first[known] - second[known]).max()),
        "error_of_score_std": float(np.std(a - b) / np.std(a)),
        "identical": float(np.array_equal(first, second, equal_nan=True)),
    }
    for share in _CUTS:
        cut = np.quantile(a, share)
        found[f"flips_at_{share}"] = float(((a >= cut) != (b >= cut)).mean())
    return found


def _ranks(scores: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    _, inverse, counts = np.unique(scores, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    return ((ends - (counts - 1) / 2))[inverse]
