"""Calibration: scores and what was true in, a curve from score to probability out.

A curve is points between which it is linear, from 0 to 1, and rises: pages keep their order.
Sources: Zadrozny and Elkan, Transforming Classifier Scores into Accurate Multiclass Probability
Estimates (2002), for isotonic regression; Oron and Flournoy, Centered Isotonic Regression (2017),
for points at the middle of its steps, which a step function would make ties of; Platt,
Probabilistic Outputs for Support Vector Machines (1999).
"""

from __future__ import annotations

from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt
from scipy.optimize import isotonic_regression, minimize
from scipy.special import expit

Floats = npt.NDArray[np.float64]
ALL = ""
"""The language of the curve for languages that have none of their own."""
_LEAST = 1e-6  # of a score, whose logarithm is taken
_PLATT_POINTS = 65


@dataclass(frozen=True)
class Curve:
    """Probabilities `y` at the scores `x`, both rising from 0 to 1."""

    x: tuple[float, ...]
    y: tuple[float, ...]

    def __post_init__(self) -> None:
        """Raises `ValueError` for points that are none."""
        x, y = np.array(self.x), np.array(self.y)
        rises = len(x) == len(y) >= 2 and bool((np.diff(x) > 0).all() and (np.diff(y) >= 0).all())
        if not rises or x[0] != 0 or x[-1] != 1 or y[0] < 0 or y[-1] > 1:
            raise ValueError("a curve has points that rise, from the score 0 to 1")

    def apply(self, scores: npt.NDArray[np.float32]) -> npt.NDArray[np.float32]:
        """The probability of each score; NaN stays."""
        return np.interp(scores, self.x, self.y).astype(np.float32)


def calibrate(
    scores: npt.NDArray[np.float32],
    languages: Sequence[str | None],
    *,
    known: Collection[str] | None,
    curves: Mapping[str, Curve],
) -> npt.NDArray[np.float32]:
    """The rows by the curve of their language; NaN in one that is not `known` (None: all are)."""
    found = scores.copy()
    names, rows = np.unique(
        np.array([name or ALL for name in languages], object), return_inverse=True
    )
    for number, name in enumerate(names.tolist()):
        of_language = rows == number
        if known is not None and name not in known:
            found[of_language] = np.nan
        elif curve := curves.get(name, curves.get(ALL)):
            found[of_language] = curve.apply(found[of_language])
    return found


def isotonic(scores: npt.ArrayLike, positive: npt.ArrayLike) -> Curve:
    """The rising curve nearest to what was true, by least squares."""
    ordered, true = _ordered(scores, positive)
    steps = isotonic_regression(true)
    blocks = np.asarray(steps.blocks)
    sizes = np.diff(blocks)
    middles = np.add.reduceat(ordered, blocks[:-1]) / sizes
    # As though half a page more of each kind were in a step: none is certain.
    levels = (np.add.reduceat(true, blocks[:-1]) + 0.5) / (sizes + 1)
    return _curve(middles, np.maximum.accumulate(levels))


def platt(scores: npt.ArrayLike, positive: npt.ArrayLike) -> Curve:
    """The logistic curve, of a score's log odds, under which what was true is likeliest."""
    ordered, true = _ordered(scores, positive)
    odds = _log_odds(ordered)
    n = true.sum()
    target = np.where(true > 0, (n + 1) / (n + 2), 1 / (len(true) - n + 2))

    def loss(of: Floats) -> float:
        z = of[0] * odds + of[1]
        return float((np.logaddexp(0, z) - target * z).sum())

    found = minimize(loss, np.array([1.0, 0.0]), method="Nelder-Mead")
    slope, shift = max(float(found.x[0]), 0.0), float(found.x[1])
    most = float(_log_odds(np.array([1.0]))[0])
    everywhere = np.linspace(-most, most, _PLATT_POINTS)
    where_scores_are = np.quantile(odds, np.linspace(0, 1, _PLATT_POINTS))
    points = np.unique([*everywhere, *where_scores_are])
    return _curve(expit(points), expit(slope * points + shift))


def _ordered(scores: npt.ArrayLike, positive: npt.ArrayLike) -> tuple[Floats, Floats]:
    values, true = np.asarray(scores, np.float64), np.asarray(positive, np.float64)
    if not 0 < true.sum() < len(true):
        raise ValueError("to calibrate takes pages that are right, and pages that are not")
    order = np.lexsort([true, values])
    return values[order], true[order]


def _log_odds(scores: Floats) -> Floats:
    inside = np.clip(scores, _LEAST, 1 - _LEAST)
    return np.log(inside / (1 - inside))


def _curve(x: Floats, y: Floats) -> Curve:
    """With ends, without points that are too near to each other to matter."""
    inside = (x > _LEAST) & (x < 1 - _LEAST)
    xs, first = np.unique(np.round(x[inside], 7), return_index=True)
    ys = np.clip(np.round(y[inside][first], 7), 0, 1)
    return Curve((0.0, *xs.tolist(), 1.0), (0.0, *ys.tolist(), 1.0))
