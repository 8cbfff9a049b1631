"""Laws in, the mix of the least weighted loss within bounds out.

Each law is convex and weights are not below 0, so their sum has one least value on the shares that
bounds allow, and a descent finds it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import Bounds, LinearConstraint, minimize

from curation.errors import UserError
from curation.mix_search.config import SearchConfig
from curation.mix_search.law import Law
from curation.mix_search.schedule import Floats


@dataclass(frozen=True)
class Limits:
    """Least and greatest share of each domain."""

    least: Floats
    most: Floats

    def nearest(self, shares: Floats) -> Floats:
        """The allowed mix nearest to `shares`: a number is taken off all, found by halving."""
        low, high = shares.min() - 1 - self.most.max(), shares.max() + 1
        for _ in range(100):
            off = (low + high) / 2
            total = np.clip(shares - off, self.least, self.most).sum()
            low, high = (off, high) if total > 1 else (low, off)
        found: Floats = np.clip(shares - (low + high) / 2, self.least, self.most)
        return found


def limits_of(config: SearchConfig, tried: Floats) -> Limits:
    """What the user allows, within what is tried: a regression says nothing beyond.

    Raises `UserError` where no mix is left.
    """
    least, most = tried.min(axis=0), tried.max(axis=0)
    for number, domain in enumerate(config.domains):
        asked = config.at_least.get(domain, 0.0), config.at_most.get(domain, 1.0)
        if max(asked[0], least[number]) > min(asked[1], most[number]):
            raise UserError(
                f"{domain}: no share between {asked[0]:g} and {asked[1]:g} is tried, only"
                f" {least[number]:g} to {most[number]:g}: change --at-least or --at-most"
            )
        least[number] = max(asked[0], least[number])
        most[number] = min(asked[1], most[number])
    if least.sum() > 1 or most.sum() < 1:
        raise UserError(
            f"no mix has these shares: least ones add up to {least.sum():.2f}, greatest ones to"
            f" {most.sum():.2f}: change --at-least or --at-most"
        )
    return Limits(least, most)


def objective(laws: Sequence[Law], weights: Floats, mixes: Floats) -> Floats:
    """The weighted mean of predicted losses for each row of `mixes`."""
    return np.asarray(weights) @ np.stack([law.predict(mixes) for law in laws])


def best_mix(laws: Sequence[Law], weights: Floats, limits: Limits) -> Floats:
    """The shares of the least objective."""

    def loss(mix: Floats) -> float:
        return float(objective(laws, weights, mix))

    def slopes(mix: Floats) -> Floats:
        return np.asarray(weights) @ np.stack([law.slopes(mix) for law in laws])

    count = len(limits.least)
    begun = [np.full(count, 1 / count), *np.eye(count)]
    found = [
        minimize(
            loss,
            limits.nearest(start),
            jac=slopes,
            method="SLSQP",
            bounds=Bounds(limits.least, limits.most),
            constraints=LinearConstraint(np.ones(count), 1, 1),
            options={"ftol": 1e-14, "maxiter": 500},
        ).x
        for start in begun
    ]
    # A descent that stopped early is only a worse start; each end is put within the bounds.
    return min((limits.nearest(mix) for mix in found), key=loss)
