from __future__ import annotations

import numpy as np
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.dedup.certificate.nearest import _MOST, _room
from curation.dedup.certificate.nearest_kernel import Pages, find_minima, look_at


@settings(max_examples=60)
@given(
    st.integers(0, 60),
    st.integers(0, 6),
    st.sampled_from([1, 5, 16, 40]),
    st.integers(2, 4),
    st.integers(0, 999),
)
def test_the_most_similar_of_all_pages_are_told(
    rows: int, sampled: int, n: int, values: int, seed: int
) -> None:
    """In whatever pieces they come."""
    dice = np.random.default_rng(seed)
    signatures = dice.integers(0, values, (rows, n)).astype(np.uint32)
    chosen = dice.permutation(rows)[:sampled]
    order_keys = dice.permutation(rows).astype(np.int64)
    positions = np.arange(100, 100 + rows)
    firsts = dice.integers(0, len(chosen) + 1, rows)
    lasts = np.minimum(firsts + dice.integers(0, 7, rows), len(chosen))
    least = int(dice.integers(1, n + 1))
    nearest = _room(len(chosen))
    for some in np.array_split(dice.permutation(rows), 3):
        pages = Pages(
            positions[some], order_keys[some], signatures[some], firsts[some], lasts[some]
        )
        look_at(pages, find_minima(signatures[chosen]), positions[chosen], least, nearest)
    for s, own in enumerate(chosen.tolist()):
        equal = (signatures == signatures[own]).sum(axis=1)
        expected = sorted(
            (-int(equal[row]), int(order_keys[row]), int(positions[row]))
            for row in range(rows)
            if firsts[row] <= s < lasts[row] and equal[row] >= least and row != own
        )[:_MOST]
        held = nearest.held[s]
        told = zip(
            (-nearest.equal[s, :held]).tolist(),
            nearest.order_keys[s, :held].tolist(),
            nearest.positions[s, :held].tolist(),
            strict=True,
        )
        assert list(told) == expected
