"""Quotas: as many pages as wanted, no more than there are, and shared out by the rule."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.annotation.quotas import Quotas, quotas

SIZES = st.lists(st.integers(0, 50), max_size=12).map(lambda of: dict(enumerate(of)))
KINDS: tuple[Quotas, ...] = ("equal", "proportional")


@given(SIZES, st.integers(0, 400), st.sampled_from(KINDS))
def test_so_many_are_taken(sizes: dict[int, int], pages: int, kind: Quotas) -> None:
    found = quotas(sizes, pages, kind)
    assert sum(found.values()) == min(pages, sum(sizes.values()))
    assert all(0 <= found[stratum] <= size for stratum, size in sizes.items())
    assert [*found] == [*sizes]


@given(SIZES, st.integers(0, 400))
def test_equal_strata_differ_by_one_unless_they_are_taken_whole(
    sizes: dict[int, int], pages: int
) -> None:
    found = quotas(sizes, pages, "equal")
    cut = [found[stratum] for stratum, size in sizes.items() if found[stratum] < size]
    most = max(found.values(), default=0)
    assert all(most - of <= 1 for of in cut)


@given(SIZES, st.integers(0, 400))
def test_proportional_strata_are_off_by_less_than_a_page(sizes: dict[int, int], pages: int) -> None:
    total = sum(sizes.values())
    taken = min(pages, total)
    for stratum, of in quotas(sizes, pages, "proportional").items():
        assert abs(of - taken * sizes[stratum] / max(1, total)) < 1


@pytest.mark.parametrize(
    ("kind", "expected"),
    [("equal", {"a": 1, "b": 4, "c": 5}), ("proportional", {"a": 0, "b": 1, "c": 9})],
)
def test_what_is_rare(kind: Quotas, expected: dict[str, int]) -> None:
    assert quotas({"a": 1, "b": 10, "c": 90}, 10, kind) == expected
