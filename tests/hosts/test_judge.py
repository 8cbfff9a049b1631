"""Who goes by counts alone: the bound against the score test that it inverts, and the limits."""

from __future__ import annotations

from itertools import product
from math import comb, sqrt
from statistics import NormalDist
from typing import Any

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.hosts.config import HostPiiConfig, HostsConfig, HostUnsafeConfig
from curation.hosts.count import COUNTS
from curation.hosts.judge import judge, lower_bound

DEFAULT = HostsConfig()
NOTHING = dict.fromkeys(COUNTS, 0)


def bound(found: int, of: int, confidence: float) -> float:
    return float(lower_bound(np.array([found]), np.array([of]), confidence)[0])


def judged(*rows: dict[str, int], config: HostsConfig = DEFAULT) -> list[dict[str, Any]]:
    counted = [{**NOTHING, "pages": 1000, "documents": 1000, **row} for row in rows]
    schema = pa.schema([(name, pa.int64()) for name in COUNTS])
    found: list[dict[str, Any]] = judge(
        pa.RecordBatch.from_pylist(counted, schema), config
    ).to_pylist()
    return found


def reasons(*rows: dict[str, int], config: HostsConfig = DEFAULT) -> list[str | None]:
    return [row["drop_reason"] for row in judged(*rows, config=config)]


def pii(found: int, of: int) -> dict[str, int]:
    return {"pii_pages": found, "pii_looked_at": of}


def unsafe(found: int, of: int) -> dict[str, int]:
    return {"unsafe_pages": found, "unsafe_looked_at": of}


@pytest.mark.parametrize(
    ("found", "of", "lower"), [(81, 263, 0.2535), (15, 148, 0.0598), (0, 20, 0), (1, 29, 0.0018)]
)
def test_the_bound_is_that_of_newcombes_examples(found: int, of: int, lower: float) -> None:
    """R. G. Newcombe, Statistics in Medicine 17 (1998), table I, method 4: two-sided 95 %."""
    assert bound(found, of, 0.975) == pytest.approx(lower, abs=5e-5)


@given(st.integers(1, 3000).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n))))
def test_the_bound_is_where_the_corrected_score_test_no_longer_rejects(
    pages: tuple[int, int],
) -> None:
    found, of = pages
    z, low, high = NormalDist().inv_cdf(0.99), 0.0, found / of
    for _ in range(60):
        rate = (low + high) / 2
        rejects = (found - 0.5) / of - rate > z * sqrt(rate * (1 - rate) / of)
        low, high = (rate, high) if rejects else (low, rate)
    assert bound(found, of, 0.99) == pytest.approx(low, abs=1e-9)


@pytest.mark.parametrize("max_rate", [0.1, 0.2, 0.3, 0.5, 0.9])
def test_a_host_at_the_limit_goes_by_chance_in_two_of_a_hundred_cases_at_most(
    max_rate: float,
) -> None:
    for of in (20, 21, 33, 50, 100, 500):
        lower = lower_bound(np.arange(of + 1), np.full(of + 1, of), 0.99)
        chance = sum(
            comb(of, k) * max_rate**k * (1 - max_rate) ** (of - k)
            for k in np.flatnonzero(lower > max_rate).tolist()
        )
        assert chance <= 0.02


def test_few_pages_make_no_host_go() -> None:
    assert reasons(pii(3, 3), pii(19, 19), pii(20, 20)) == [None, None, "host_high_pii"]
    assert reasons(unsafe(3, 3), unsafe(19, 19), unsafe(20, 20)) == [None, None, "host_unsafe"]


def test_a_rate_over_the_limit_must_be_beyond_doubt() -> None:
    assert reasons(pii(11, 20), pii(12, 20)) == [None, "host_high_pii"]
    assert reasons(pii(334, 1000), pii(335, 1000)) == [None, "host_high_pii"]
    sure = HostsConfig(confidence=0.999)
    assert reasons(pii(12, 20), pii(335, 1000), config=sure) == [None, None]


def test_the_first_reason_counts() -> None:
    assert reasons({**pii(20, 20), **unsafe(20, 20)}) == ["host_high_pii"]


def test_a_rule_can_be_turned_off() -> None:
    no_pii = HostsConfig(pii=HostPiiConfig(max_rate=None))
    assert reasons({**pii(20, 20), **unsafe(20, 20)}, pii(20, 20), config=no_pii) == [
        "host_unsafe",
        None,
    ]


def test_a_limit_of_nothing_spares_hosts_without_any() -> None:
    strict = HostsConfig(unsafe=HostUnsafeConfig(max_rate=0))
    every = [unsafe(0, of) for of in range(20, 500)]
    assert set(reasons(*every, config=strict)) == {None}
    assert reasons(unsafe(1, 500), config=strict) == ["host_unsafe"]


def test_rates_are_of_what_was_looked_at_and_null_where_nothing_was() -> None:
    counts = {"pages": 8, "documents": 6, "duplicates": 3, **pii(1, 4)}
    some, none = judged(counts, {"pages": 2, "documents": 0})
    rates = ("reject_rate", "duplicate_rate", "pii_rate", "unsafe_rate", "unsafe_rate_lower")
    assert [some[name] for name in rates] == [0.25, 0.5, 0.25, None, None]
    assert [none[name] for name in rates] == [1, None, None, None, None]
    assert some["pii_rate_lower"] == bound(1, 4, 0.99)


def test_every_order_of_rows_gives_the_same() -> None:
    rows = [pii(n, 40) | unsafe(m, 40) for n, m in product((0, 20, 40), (0, 40))]
    assert reasons(*rows[::-1]) == reasons(*rows)[::-1]
