"""Pairs of texts whose similarity is known."""

from __future__ import annotations

import random

UNION = 200
"""The shingles of either text of a pair."""


def pairs_of_similarity(jaccard: float, count: int, *, seed: int) -> tuple[list[str], list[str]]:
    """`count` pairs with the Jaccard index `jaccard` of 5-grams, a multiple of 1 / 100.

    The texts of a pair have equally many words, of which the first are the same.
    """
    both = round(jaccard * UNION)
    each = (both + UNION) // 2
    drawn = random.Random(f"{jaccard} {seed}")

    def words(number: int) -> list[str]:
        return [f"w{drawn.getrandbits(64)}" for _ in range(number)]

    shared = [words(both + 4) for _ in range(count)]
    ones, others = ([" ".join(s + words(each - both)) for s in shared] for _ in range(2))
    return ones, others
