"""The regression recovers a planted law; the optimum is that of a fine grid."""

from __future__ import annotations

import itertools

import numpy as np
import pytest

from curation.errors import UserError
from curation.mix_search.law import Law, fit, left_out_errors
from curation.mix_search.optimum import Limits, best_mix, limits_of, objective
from curation.mix_search.schedule import Floats
from tests.mix_search import worlds

PLANTED = [
    Law(1.5, np.array([-2.0, 0.1, 0.3, 0.2])),
    Law(0.8, np.array([0.2, -3.0, -0.4, 0.3])),
    Law(1.1, np.array([0.1, -0.2, -4.0, 0.2])),
    Law(2.0, np.array([0.3, 0.2, 0.2, -1.5])),
]
WEIGHTS = np.full(4, 0.25)


def mixes(count: int, *, seed: int = 0) -> Floats:
    drawn = np.random.default_rng(seed).dirichlet(np.ones(4), count)
    return np.concatenate([0.02 + 0.92 * np.eye(4), 0.02 + 0.92 * drawn])


@pytest.mark.parametrize("law", PLANTED)
def test_a_law_without_noise_is_recovered(law: Law) -> None:
    found = fit(mixes(12), law.predict(mixes(12)))
    others = mixes(50, seed=1)
    assert found.predict(others) == pytest.approx(law.predict(others), abs=1e-5)
    errors = left_out_errors(mixes(12), law.predict(mixes(12)))
    assert np.flatnonzero(np.isnan(errors)).tolist() == [0, 1, 2, 3]  # the corners
    assert np.nanmax(np.abs(errors)) < 1e-3


@pytest.mark.parametrize("law", PLANTED)
def test_a_law_with_noise_is_predicted_within_some_of_it(law: Law) -> None:
    noise, tried = 0.01, mixes(24)
    losses = law.predict(tried) + noise * np.random.default_rng(7).standard_normal(len(tried))
    others = mixes(200, seed=2)
    errors = fit(tried, losses).predict(others) - law.predict(others)
    assert np.sqrt(np.square(errors).mean()) < noise
    left_out = np.sqrt(np.nanmean(np.square(left_out_errors(tried, losses))))
    assert 0.5 * noise < left_out < 2.5 * noise


def test_losses_that_do_not_move_are_predicted_as_they_are() -> None:
    found = fit(mixes(8), np.full(12, 2.5))
    assert found.predict(mixes(5, seed=3)) == pytest.approx(np.full(9, 2.5), abs=1e-4)


def grid(limits: Limits, steps: int) -> Floats:
    """All mixes within limits whose shares are whole numbers of 1 / `steps`."""
    thirds = itertools.product(range(steps + 1), repeat=3)
    rows = np.array([(*t, steps - sum(t)) for t in thirds if sum(t) <= steps]) / steps
    inside = (rows >= limits.least - 1e-9) & (rows <= limits.most + 1e-9)
    return rows[inside.all(axis=1)]


@pytest.mark.parametrize(
    ("least", "most"),
    [
        ([0.0] * 4, [1.0] * 4),
        ([0.5, 0.0, 0.0, 0.1], [1.0, 1.0, 0.1, 1.0]),
        ([0.0, 0.0, 0.0, 0.0], [0.2, 0.3, 0.3, 0.4]),
        ([0.1, 0.2, 0.3, 0.4], [1.0] * 4),
    ],
)
@pytest.mark.parametrize("weights", [[0.25] * 4, [0.7, 0.1, 0.1, 0.1], [0.0, 0.0, 0.0, 1.0]])
def test_the_best_mix_is_that_of_a_fine_grid(
    least: list[float], most: list[float], weights: list[float]
) -> None:
    limits = Limits(np.array(least), np.array(most))
    found = best_mix(PLANTED, np.array(weights), limits)
    assert found.sum() == pytest.approx(1, abs=1e-9)
    assert (found >= limits.least - 1e-12).all()
    assert (found <= limits.most + 1e-12).all()
    losses = objective(PLANTED, np.array(weights), grid(limits, 40))
    best = float(objective(PLANTED, np.array(weights), found))
    assert losses.min() - 2e-3 < best <= losses.min() + 1e-9


def test_bounds_that_no_mix_has_are_refused() -> None:
    tried = np.array([[0.1, 0.9], [0.9, 0.1]])
    for bounds in (
        {"at_least": {"plain": 0.95}},
        {"at_least": {"plain": 0.6, "rich": 0.6}},
        {"at_most": {"plain": 0.3, "rich": 0.3}},
    ):
        with pytest.raises(UserError, match="change --at-least or --at-most"):
            limits_of(worlds.search_config(**bounds), tried)
