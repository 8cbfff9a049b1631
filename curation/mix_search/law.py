"""The regression: mixes and a domain's losses in; a law that gives the loss for any mix out.

The law is that of Data Mixing Laws: loss = floor + exp(sum of rate_j * share_j). It has one
parameter more than there are domains, is convex in the shares, and falls or rises along each. With
shares that add up to 1 a constant factor is in the rates. Fitted by least squares, from several
floors so that no bad start decides.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from scipy.optimize import least_squares

from curation.mix_search.schedule import Floats

_STARTS = np.array([0.02, 0.1, 0.3, 1.0, 3.0, 10.0])
_REFINED = 2


@dataclass(frozen=True)
class Law:
    """Of one domain's loss."""

    floor: float
    rates: Floats

    def predict(self, mixes: Floats) -> Floats:
        """The loss for each row of shares."""
        found: Floats = self.floor + np.exp(mixes @ self.rates)
        return found

    def slopes(self, mix: Floats) -> Floats:
        """By share, at one mix."""
        found: Floats = np.exp(mix @ self.rates) * self.rates
        return found


def fit(mixes: Floats, losses: Floats) -> Law:
    """The law nearest to `losses` (all above 0), one for each row of `mixes`."""
    low, spread = float(losses.min()), float(np.ptp(losses)) or 1e-6
    starts = [_start(mixes, losses, floor) for floor in _floors(low, spread)]
    starts.sort(key=lambda start: _squares(start, mixes, losses))
    found = [_refined(start, mixes, losses, below=low) for start in starts[:_REFINED]]
    best = min(found, key=lambda start: _squares(start, mixes, losses))
    return Law(float(best[0]), best[1:])


def left_out_errors(mixes: Floats, losses: Floats) -> Floats:
    """Predicted minus measured for each mix, by the law of all others.

    NaN for a mix that has a domain's greatest share: without it the law would be asked beyond what
    it has seen, as it never is for a best mix.
    """
    outermost = set(mixes.argmax(axis=0).tolist())
    errors = np.full(len(mixes), np.nan)
    for row in set(range(len(mixes))) - outermost:
        law = fit(np.delete(mixes, row, axis=0), np.delete(losses, row))
        errors[row] = float(law.predict(mixes[row])) - losses[row]
    return errors


def _floors(low: float, spread: float) -> list[float]:
    return sorted({max(0.0, low - spread * part) for part in _STARTS.tolist()})


def _start(mixes: Floats, losses: Floats, floor: float) -> Floats:
    """The law of that floor, by least squares of logarithms."""
    rates, *_ = np.linalg.lstsq(mixes, np.log(np.maximum(losses - floor, 1e-12)), rcond=None)
    return np.concatenate([[floor], rates])


def _refined(start: Floats, mixes: Floats, losses: Floats, *, below: float) -> Floats:
    def errors(law: Floats) -> Floats:
        found: Floats = law[0] + np.exp(mixes @ law[1:]) - losses
        return found

    def slopes(law: Floats) -> Floats:
        grown = np.exp(mixes @ law[1:])
        return np.column_stack([np.ones(len(mixes)), grown[:, None] * mixes])

    lower = np.concatenate([[0.0], np.full(mixes.shape[1], -np.inf)])
    upper = np.concatenate([[below], np.full(mixes.shape[1], np.inf)])
    begun = np.clip(start, lower, upper)
    done = least_squares(
        errors,
        begun,
        slopes,
        bounds=(lower, upper),
        x_scale="jac",
        xtol=1e-12,
        ftol=1e-12,
        gtol=1e-12,
    )
    found: Floats = done.x
    return found


def _squares(start: Floats, mixes: Floats, losses: Floats) -> float:
    return float(np.square(start[0] + np.exp(mixes @ start[1:]) - losses).sum())
