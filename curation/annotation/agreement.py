"""How far two series of scores agree: pairs of scores in, figures with 95 % intervals out.

The judge with itself and the student with the judge are measured alike. Intervals are percentiles
of a bootstrap over sites, for pages of one site are alike.

Sources: Cohen, Weighted kappa (1968), with quadratic weights; Spearman's rank correlation;
Efron and Tibshirani, An Introduction to the Bootstrap (1993).
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from itertools import combinations
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from scipy.stats import rankdata

from classifiers.evaluate import Estimate

Floats = npt.NDArray[np.float64]
Ints = npt.NDArray[np.int64]
_DRAWS, _SEED = 500, 1
_LEAST_PAIRS = 10
"""Fewer say nothing."""


class Agreement(NamedTuple):
    """Of so many pairs; NaN where all scores of a side are the same."""

    pairs: int
    kappa: Estimate
    exact: Estimate
    rank: Estimate


def agreement(one: npt.ArrayLike, other: npt.ArrayLike, sites: Sequence[str]) -> Agreement | None:
    """Of whole scores, paired; `sites` are those of the pages. None where there are too few."""
    ours, theirs = np.asarray(one, np.float64), np.asarray(other, np.float64)
    if len(ours) < _LEAST_PAIRS:
        return None
    figures = [_estimate(of, ours, theirs, sites) for of in (kappa, _exact, rank_correlation)]
    return Agreement(len(ours), *figures)


def repeats_of(rows: pa.Table) -> tuple[Ints, Ints, list[str]]:
    """All pairs of scores that a page got at different times, and the pages' sites.

    The earlier of a pair comes first for half of the pairs, so that neither side is special.
    """
    scores: dict[tuple[str, str], list[int]] = {}
    names = ("doc_id", "site", "score")
    for doc_id, site, score in zip(*(rows[name].to_pylist() for name in names), strict=True):
        if score is not None:
            scores.setdefault((doc_id, site), []).append(score)
    pairs = [
        (*(pair if number % 2 else pair[::-1]), site)
        for (_, site), of_page in scores.items()
        for number, pair in enumerate(combinations(of_page, 2))
    ]
    one, other, sites = ([pair[at] for pair in pairs] for at in range(3))
    return np.array(one, np.int64), np.array(other, np.int64), list(map(str, sites))


def kappa(one: Floats, other: Floats) -> float:
    """With quadratic weights; of two scores it is Cohen's own."""
    chance = float((one**2).mean() + (other**2).mean() - 2 * one.mean() * other.mean())
    return 1 - float(((one - other) ** 2).mean()) / chance if chance > 0 else float("nan")


def _exact(one: Floats, other: Floats) -> float:
    return float((one == other).mean())


def rank_correlation(one: Floats, other: Floats) -> float:
    """Spearman's."""
    ranks = [rankdata(values) for values in (one, other)]
    if min(float(np.ptp(of)) for of in ranks) == 0:
        return float("nan")
    return float(np.corrcoef(*ranks)[0, 1])


def rank_estimate(one: npt.ArrayLike, other: npt.ArrayLike, sites: Sequence[str]) -> Estimate:
    """Spearman's, of any numbers."""
    ours, theirs = np.asarray(one, np.float64), np.asarray(other, np.float64)
    return _estimate(rank_correlation, ours, theirs, sites)


def _estimate(
    figure: Callable[[Floats, Floats], float],
    one: Floats,
    other: Floats,
    sites: Sequence[str],
) -> Estimate:
    spread = [figure(one[rows], other[rows]) for rows in _drawn(sites)]
    if np.isnan(spread).all():
        return Estimate(figure(one, other), np.nan, np.nan)
    low, high = np.nanpercentile(spread, [2.5, 97.5])
    return Estimate(figure(one, other), float(low), float(high))


def _drawn(sites: Sequence[str]) -> list[Ints]:
    """Rows of as many sites as there are, drawn with replacement."""
    of_site: dict[str, list[int]] = {}
    for row, site in enumerate(sites):
        of_site.setdefault(site, []).append(row)
    rows = [np.array(found, np.int64) for found in of_site.values()]
    rng = np.random.default_rng(_SEED)
    draws = rng.integers(0, len(rows), (_DRAWS, len(rows)))
    return [np.concatenate([rows[at] for at in drawn]) for drawn in draws]


def on_scale(values: npt.ArrayLike, reference: npt.ArrayLike, scores: npt.ArrayLike) -> Ints:
    """Numbers as scores of a scale: the score at the same quantile as the number's.

    `reference` are such numbers of pages whose `scores` are known: so many of them get each score
    as have it.
    """
    known, ordered = np.sort(np.asarray(reference)), np.sort(np.asarray(scores, np.int64))
    below = np.searchsorted(known, np.asarray(values), side="left")
    above = np.searchsorted(known, np.asarray(values), side="right")
    return np.asarray(ordered[np.minimum((below + above) // 2, len(ordered) - 1)])
