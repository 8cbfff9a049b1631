from __future__ import annotations

from itertools import product
from math import log

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.errors import UserError
from curation.mixing.config import MixConfig
from curation.mixing.weights import Solution, describe_short, shares_of, solve

PERCENTS = st.lists(st.integers(0, 100), min_size=2, max_size=2).map(sorted)
NAMES = ("general", "math", "code")


def shares_by_percent(cuts: list[int]) -> dict[str, float]:
    first, second = cuts
    parts = (first, second - first, 100 - second)
    return {name: part / 100 for name, part in zip(NAMES, parts, strict=True)}


def divergence(mix: tuple[int, ...], shares: dict[str, float]) -> float:
    """Of a mix from the shares that are wanted, in nats per token; infinite without a share."""
    found = 0.0
    for tokens, share in zip(mix, shares.values(), strict=True):
        if tokens:
            found += tokens * log(tokens / share / max(1, sum(mix))) if share else float("inf")
    return found


@given(cuts=PERCENTS, there=st.tuples(*[st.integers(0, 25)] * 3), budget=st.integers(1, 60))
def test_what_is_short_is_what_brute_force_finds(
    cuts: list[int], there: tuple[int, int, int], budget: int
) -> None:
    shares = shares_by_percent(cuts)
    available = dict(zip(NAMES, there, strict=True))
    config = MixConfig(shares=shares, tokens=budget)
    found = solve(config, available)
    assert sum(found.wanted.values()) == budget
    for name in NAMES:
        assert abs(found.wanted[name] - shares[name] * budget) < 1
        missing = max(0, found.wanted[name] - available[name])
        assert found.short.get(name, 0) == missing
        assert found.drawn[name] == found.wanted[name] - missing
    percent = {name: round(100 * share) for name, share in shares.items()}
    fits = [n for n in range(2600) if all(percent[m] * n <= 100 * available[m] for m in NAMES)]
    assert found.same_shares == max(fits)
    assert_is_nearest(found, shares, there, budget)


def assert_is_nearest(
    found: Solution, shares: dict[str, float], there: tuple[int, ...], budget: int
) -> None:
    """No mix of whole tokens is nearer than by what rounding may cost."""
    nearest = tuple(found.same_tokens[name] for name in NAMES)
    total = min(budget, sum(n for n, s in zip(there, shares.values(), strict=True) if s))
    every = product(*(range(most + 1) for most in there))
    best = min((mix for mix in every if sum(mix) == total), key=lambda m: divergence(m, shares))
    assert sum(nearest) == total
    assert all(tokens <= most for tokens, most in zip(nearest, there, strict=True))
    assert max(abs(a - b) for a, b in zip(nearest, best, strict=True)) <= 1


def test_without_a_budget_the_scarcest_part_sets_it() -> None:
    found = solve(MixConfig(), {"general": 10_000, "math": 100, "code": 500, "multilingual": 90})
    assert found.budget == 400
    assert found.drawn == {"general": 200, "math": 100, "code": 68, "multilingual": 32}
    assert not found.short


def test_a_part_without_pages_is_short_and_nothing_takes_its_place() -> None:
    found = solve(MixConfig(), {"general": 10_000, "math": 100, "multilingual": 90})
    assert found.drawn == {"general": 200, "math": 100, "code": 0, "multilingual": 32}
    assert found.short == {"code": 68}
    assert solve(MixConfig(), {}).drawn == dict.fromkeys(shares_of(MixConfig()), 0)


@pytest.mark.parametrize(
    ("if_short", "drawn"),
    [
        ("take_less", {"general": 500, "math": 100, "code": 170, "multilingual": 10}),
        ("keep_shares", {"general": 63, "math": 31, "code": 21, "multilingual": 10}),
        ("keep_tokens", {"general": 664, "math": 100, "code": 226, "multilingual": 10}),
    ],
)
def test_what_is_drawn_where_parts_are_short(if_short: str, drawn: dict[str, int]) -> None:
    there = {"general": 1000, "math": 100, "code": 500, "multilingual": 10}
    config = MixConfig(tokens=1000, if_short=if_short)  # type: ignore[arg-type]
    assert solve(config, there).drawn == drawn


def test_stop_says_what_is_missing_and_what_can_be_had() -> None:
    there = {"general": 1000, "math": 100, "code": 500, "multilingual": 80}
    with pytest.raises(UserError) as stopped:
        solve(MixConfig(tokens=1000, if_short="stop"), there)
    assert str(stopped.value) == (
        "the mix cannot be had: math has 100 of 250 tokens, 150 are missing. Nearest: 400 tokens in"
        " these shares; or 1,000 as general 61.2%, math 10.0%, code 20.8%, multilingual 8.0%"
    )


def test_inputs_with_a_share_of_their_own_leave_the_rest_to_domains() -> None:
    config = MixConfig(inputs={"papers": 0.3}, tokens=1000)
    assert {name: float(share) for name, share in shares_of(config).items()} == {
        "papers": 0.3,
        "general": 0.35,
        "math": 0.175,
        "code": 0.119,
        "multilingual": 0.056,
    }
    there = {"papers": 500, "general": 500, "math": 500, "code": 500, "multilingual": 500}
    assert solve(config, there).drawn == {
        "papers": 300,
        "general": 350,
        "math": 175,
        "code": 119,
        "multilingual": 56,
    }
    assert describe_short(solve(config, there | {"papers": 299})).startswith(
        "papers has 299 of 300"
    )
