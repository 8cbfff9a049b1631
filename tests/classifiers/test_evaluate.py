"""Figures against their definitions."""

from __future__ import annotations

from itertools import product

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from classifiers.evaluate import auc, auc_difference, by_group, confusion, f1, precision_at

_PAGES = st.lists(st.tuples(st.integers(0, 5), st.booleans()), min_size=4, max_size=40).filter(
    lambda rows: 2 <= sum(true for _, true in rows) <= len(rows) - 2
)


@given(_PAGES)
def test_area_is_the_share_of_pairs_in_order(rows: list[tuple[int, bool]]) -> None:
    scores, true = zip(*rows, strict=True)
    good = [score for score, is_good in rows if is_good]
    bad = [score for score, is_good in rows if not is_good]
    pairs = [float(g > b) + 0.5 * (g == b) for g, b in product(good, bad)]
    found = auc(scores, true)
    assert found.value == pytest.approx(np.mean(pairs))
    assert found.low <= found.value <= found.high


def test_interval_holds_in_95_of_100_draws() -> None:
    rng = np.random.default_rng(3)
    held = 0
    for _ in range(300):
        true = rng.random(200) < 0.4
        found = auc(rng.normal(size=200) + true, true)
        held += found.low <= 0.7602 <= found.high  # of two normals one apart: Phi(1 / sqrt(2))
    assert 270 <= held <= 297


def test_few_pages_in_order_do_not_make_certain() -> None:
    found = auc(range(60), [n >= 30 for n in range(60)])
    assert (found.value, found.low, found.high) == (1, 0.9, 1)


def test_difference_of_a_score_with_itself_and_with_noise() -> None:
    rng = np.random.default_rng(4)
    true = rng.random(400) < 0.5
    scores = rng.normal(size=400) + true
    assert auc_difference(scores, scores, true) == (0, 0, 0)
    found = auc_difference(scores, rng.normal(size=400), true)
    assert found.low > 0.1


def test_f1() -> None:
    found = f1([True, True, False, False], [True, False, True, False])
    assert found[:2] == (0.5, 0.5)
    assert found.f1.value == 0.5
    assert np.isnan(f1([False], [False]).f1.value)


def test_precision_at_a_share() -> None:
    assert precision_at([0.9, 0.1, 0.8, 0.2], [True, True, False, False], 0.5) == 0.5
    assert precision_at([0.9, 0.1, 0.8, 0.2], [True, True, False, False], 0.25) == 1


def test_groups_and_confusion() -> None:
    found = by_group(["b", None, "b"], lambda rows: rows.tolist())
    assert found == {"": [1], "b": [0, 2]}
    assert confusion(["a", "b", "b"], ["a", "a", "b"]) == {
        ("a", "a"): 1,
        ("a", "b"): 1,
        ("b", "b"): 1,
    }
