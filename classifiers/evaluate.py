"""Evaluation: scores, or decisions, and what was true in; figures with 95 % intervals out.

Sources: DeLong, DeLong and Clarke-Pearson, Comparing the Areas under Two or More Correlated ROC
Curves (1988), for areas and their difference; the percentile bootstrap for F1.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import NamedTuple, TypeVar

import numpy as np
import numpy.typing as npt
from scipy.stats import norm, rankdata

Floats = npt.NDArray[np.float64]
_Z = float(norm.ppf(0.975))
_DRAWS, _SEED = 1000, 1
Found = TypeVar("Found")


class Estimate(NamedTuple):
    """A figure, and the ends of its 95 % interval."""

    value: float
    low: float
    high: float

    def __str__(self) -> str:
        """As tables have it."""
        return f"{self.value:.3f} ({self.low:.3f}..{self.high:.3f})"


class F1(NamedTuple):
    """Of the pages that are called positive the right ones, of those that are the found ones."""

    precision: float
    recall: float
    f1: Estimate


def auc(scores: npt.ArrayLike, positive: npt.ArrayLike) -> Estimate:
    """The area under the ROC curve: how often a positive page is scored over a negative one."""
    above, below = _placements(scores, positive)
    variance = np.var(above, ddof=1) / len(above) + np.var(below, ddof=1) / len(below)
    found = _estimate(float(above.mean()), float(variance), 0.0, 1.0)
    if variance:
        return found
    # No page out of order was seen: by the rule of three such may be so many at most.
    unseen = min(1.0, 3 / min(len(above), len(below)))
    return Estimate(found.value, max(0.0, found.low - unseen), min(1.0, found.high + unseen))


def auc_difference(
    scores: npt.ArrayLike, others: npt.ArrayLike, positive: npt.ArrayLike
) -> Estimate:
    """The area of `scores` less that of `others`, of the same pages."""
    above, below = (
        ours - theirs
        for ours, theirs in zip(
            _placements(scores, positive), _placements(others, positive), strict=True
        )
    )
    variance = np.var(above, ddof=1) / len(above) + np.var(below, ddof=1) / len(below)
    return _estimate(float(above.mean()), float(variance), -1.0, 1.0)


def _placements(scores: npt.ArrayLike, positive: npt.ArrayLike) -> tuple[Floats, Floats]:
    """Of each positive page the share of negatives below it, of each negative that above it."""
    values, true = np.asarray(scores, np.float64), np.asarray(positive, bool)
    if true.sum() < 2 or (~true).sum() < 2:
        raise ValueError("an area takes two pages at least of each kind")
    ranks, n, m = rankdata(values), int(true.sum()), int((~true).sum())
    above = (ranks[true] - rankdata(values[true])) / m
    below = 1 - (ranks[~true] - rankdata(values[~true])) / n
    return above, below


def _estimate(value: float, variance: float, least: float, most: float) -> Estimate:
    half = _Z * float(np.sqrt(variance))
    return Estimate(value, max(least, value - half), min(most, value + half))


def f1(predicted: npt.ArrayLike, positive: npt.ArrayLike) -> F1:
    """Precision, recall and F1; NaN where no page is called positive, or none is."""
    calls, true = np.asarray(predicted, bool), np.asarray(positive, bool)
    rng = np.random.default_rng(_SEED)
    drawn = rng.integers(0, max(1, len(true)), (_DRAWS, len(true)))
    spread = [_f1(calls[rows], true[rows])[2] for rows in drawn]
    precision, recall, value = _f1(calls, true)
    if np.isnan(spread).all():
        return F1(precision, recall, Estimate(value, np.nan, np.nan))
    low, high = np.nanpercentile(spread, [2.5, 97.5])
    return F1(precision, recall, Estimate(value, float(low), float(high)))


def _f1(calls: npt.NDArray[np.bool_], true: npt.NDArray[np.bool_]) -> tuple[float, float, float]:
    hits = int((calls & true).sum())
    called, there = int(calls.sum()), int(true.sum())
    return _share(hits, called), _share(hits, there), _share(2 * hits, called + there)


def _share(part: int, whole: int) -> float:
    return part / whole if whole else float("nan")


def precision_at(scores: npt.ArrayLike, positive: npt.ArrayLike, share: float) -> float:
    """Of the best `share` of the pages, the share that is positive; ties in the order given."""
    values, true = np.asarray(scores, np.float64), np.asarray(positive, bool)
    kept = np.argsort(-values, kind="stable")[: max(1, round(share * len(values)))]
    return float(true[kept].mean())


def by_group(
    groups: Sequence[str | None], figure: Callable[[npt.NDArray[np.int64]], Found]
) -> Mapping[str, Found]:
    """`figure` of the rows of each group, such as a source or a language, in their order."""
    names = np.array([group or "" for group in groups], object)
    return {name: figure(np.flatnonzero(names == name)) for name in sorted(set(names.tolist()))}


def confusion(found: Sequence[str], true: Sequence[str]) -> Mapping[tuple[str, str], int]:
    """How many pages that are (the first) were called (the second)."""
    counts: dict[tuple[str, str], int] = {}
    for pair in zip(true, found, strict=True):
        counts[pair] = counts.get(pair, 0) + 1
    return dict(sorted(counts.items()))
