"""Agreement: against its definitions, on series whose agreement is known."""

from __future__ import annotations

import math

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import spearmanr

from curation.annotation.agreement import (
    agreement,
    kappa,
    on_scale,
    rank_correlation,
    repeats_of,
)

PAIRS = st.lists(st.tuples(st.integers(0, 5), st.integers(0, 5)), min_size=1, max_size=30)


def naive_kappa(pairs: list[tuple[int, int]]) -> float:
    """By its definition: observed squared differences, of those of independent scores."""
    seen = sum((a - b) ** 2 for a, b in pairs) / len(pairs)
    chance = sum((a - b) ** 2 for a, _ in pairs for _, b in pairs) / len(pairs) ** 2
    return 1 - seen / chance if chance else math.nan


@given(PAIRS)
def test_kappa_is_its_definition(pairs: list[tuple[int, int]]) -> None:
    one, other = np.array(pairs, np.float64).T
    assert kappa(one, other) == pytest.approx(naive_kappa(pairs), nan_ok=True, abs=1e-9)


@given(PAIRS)
def test_rank_correlation_is_scipys(pairs: list[tuple[int, int]]) -> None:
    one, other = np.array(pairs, np.float64).T
    constant = len({*one}) == 1 or len({*other}) == 1
    expected = math.nan if constant else float(spearmanr(one, other).statistic)
    assert rank_correlation(one, other) == pytest.approx(expected, nan_ok=True, abs=1e-9)


def test_what_is_known() -> None:
    rng = np.random.default_rng(3)
    scores = rng.integers(0, 6, 300)
    sites = [str(n // 2) for n in range(300)]
    same = agreement(scores, scores, sites)
    chance = agreement(scores, rng.permutation(scores), sites)
    near = agreement(scores, np.clip(scores + rng.integers(-1, 2, 300), 0, 5), sites)
    assert same is not None
    assert chance is not None
    assert near is not None
    assert [*same.kappa] == [*same.exact] == [1.0, 1.0, 1.0]
    assert chance.kappa.low < 0 < chance.kappa.high
    assert 0.8 < near.kappa.low < near.kappa.value < near.kappa.high < 0.95
    assert 0.3 < near.exact.value < 0.6
    assert near.pairs == 300


def test_pages_of_one_site_count_as_less() -> None:
    """Ten pages of each of twenty sites, on which the judge agrees with itself, or never."""
    one = np.tile([0, 5], 100)
    agrees = np.repeat(np.arange(20) % 2 == 0, 10)
    other = np.where(agrees, one, 5 - one)
    by_site = agreement(one, other, [str(n // 10) for n in range(200)])
    by_page = agreement(one, other, [str(n) for n in range(200)])
    assert by_site is not None
    assert by_page is not None
    assert by_site.exact.high - by_site.exact.low > 2 * (by_page.exact.high - by_page.exact.low)


def test_few_pairs_tell_nothing() -> None:
    assert agreement([1] * 9, [1] * 9, ["a"] * 9) is None
    constant = agreement([1] * 10, [1] * 10, ["a"] * 10)
    assert constant is not None
    assert math.isnan(constant.kappa.value)
    assert constant.exact.value == 1


def test_pairs_of_repeated_judgements() -> None:
    rows = pa.table(
        {
            "doc_id": ["a", "a", "a", "b", "b", "c"],
            "site": ["x", "x", "x", "y", "y", "y"],
            "score": pa.array([1, 2, 3, 4, None, 5]),
        }
    )
    one, other, sites = repeats_of(rows)
    found = sorted(tuple(sorted(pair)) for pair in zip(one.tolist(), other.tolist(), strict=True))
    assert found == [(1, 2), (1, 3), (2, 3)]
    assert sites == ["x"] * 3


@given(st.lists(st.integers(0, 5), min_size=1, max_size=40), st.randoms())
def test_numbers_in_the_order_of_scores_get_these(scores: list[int], rng: object) -> None:
    ordered = sorted(scores)
    numbers = [n / 100 for n in range(len(ordered))]
    assert on_scale(numbers, numbers, scores).tolist() == ordered
