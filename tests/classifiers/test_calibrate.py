"""Curves rise, keep the order of pages, and say what is true."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.calibrate import Curve, isotonic, platt


def _drawn(sharpness: float, pages: int = 20_000) -> tuple[np.ndarray, np.ndarray]:
    """Scores that are too sure of themselves, and what is true at the rate that they stand for."""
    rng = np.random.default_rng(5)
    odds = rng.normal(size=pages)
    true = rng.random(pages) < 1 / (1 + np.exp(-odds))
    return 1 / (1 + np.exp(-sharpness * odds)), true


@pytest.mark.parametrize("fit", [isotonic, platt])
def test_says_how_often_it_is_right(fit) -> None:  # type: ignore[no-untyped-def]
    scores, true = _drawn(sharpness=4)
    found = fit(scores, true).apply(scores.astype(np.float32))
    for low in (0.1, 0.3, 0.5, 0.7):
        inside = (found >= low) & (found < low + 0.2)
        assert found[inside].mean() == pytest.approx(true[inside].mean(), abs=0.03)
    assert abs(scores[scores > 0.9].mean() - true[scores > 0.9].mean()) > 0.1  # they were not


@pytest.mark.parametrize("fit", [isotonic, platt])
def test_scores_that_differ_little(fit) -> None:  # type: ignore[no-untyped-def]
    scores, true = _drawn(sharpness=4)
    narrow = 0.5 + (scores - 0.5) / 2000
    found = fit(narrow, true).apply(narrow.astype(np.float32))
    assert found.mean() == pytest.approx(true.mean(), abs=0.02)
    assert found[true].mean() > found[~true].mean() + 0.1


@given(
    st.lists(st.tuples(st.floats(0, 1), st.booleans()), min_size=2, max_size=60).filter(
        lambda rows: 0 < sum(true for _, true in rows) < len(rows)
    )
)
def test_rises(rows: list[tuple[float, bool]]) -> None:
    scores, true = zip(*rows, strict=True)
    for fit in (isotonic, platt):
        curve = fit(scores, true)
        grid = np.linspace(0, 1, 101, dtype=np.float32)
        found = curve.apply(grid)
        assert (np.diff(found) >= 0).all()
        assert found[0] >= 0
        assert found[-1] <= 1


def test_has_no_steps_of_equal_pages() -> None:
    scores, true = _drawn(sharpness=1, pages=500)
    found = isotonic(scores, true).apply(scores.astype(np.float32))
    assert len(np.unique(found)) > 400


def test_nan_stays() -> None:
    assert np.isnan(Curve((0, 1), (0, 1)).apply(np.array([np.nan], np.float32)))[0]


@pytest.mark.parametrize(
    ("x", "y"),
    [((0.0, 1.0), (0.0,)), ((0.0, 0.0, 1.0), (0, 0, 1)), ((0.1, 1), (0, 1)), ((0, 1), (1, 0))],
)
def test_points_that_are_no_curve(x: tuple[float, ...], y: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="points that rise"):
        Curve(x, y)


def test_one_kind_of_page_is_not_enough() -> None:
    with pytest.raises(ValueError, match="takes pages that are right"):
        isotonic([0.1, 0.2], [True, True])
