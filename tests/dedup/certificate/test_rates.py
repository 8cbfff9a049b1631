from __future__ import annotations

from collections import Counter

import pytest
from scipy.stats import binom

from curation.dedup.certificate.rates import Rate, rates


@pytest.mark.parametrize(("found", "checked"), [(0, 50), (1, 7), (300, 1000), (40, 40)])
@pytest.mark.parametrize("confidence", [0.9, 0.99])
def test_beyond_the_ends_what_was_found_is_as_rare_as_stated(
    found: int, checked: int, confidence: float
) -> None:
    counts = Counter({"checked:kept": checked, "missed:kept": found})
    (rate,) = rates(counts, confidence)
    tail = (1 - confidence) / 2
    assert rate.share == found / checked
    if found:
        assert binom.sf(found - 1, checked, rate.lower) == pytest.approx(tail)
    else:
        assert rate.lower == 0
    if found < checked:
        assert binom.cdf(found, checked, rate.upper) == pytest.approx(tail)
    else:
        assert rate.upper == 1


def test_rates_are_by_similarity_and_only_where_something_was_checked() -> None:
    counts = Counter(
        {
            "planted:0.75": 10,
            "met:0.75": 8,
            "found:0.75": 5,
            "planted:0.5": 0,
            "met:0.5": 0,
            "rounds:near_duplicates": 3,
            "checked:removals": 0,
            "checked:kept": 4,
        }
    )
    found = rates(counts, 0.99)
    assert [(r.kind, r.similarity, r.found, r.checked) for r in found] == [
        ("met", 0.75, 8, 10),
        ("found", 0.75, 5, 10),
        ("missed", None, 0, 4),
    ]
    assert rates(Counter(), 0.99) == list[Rate]()
