"""References in plain Python: one vector after another, whole numbers without bounds."""

from __future__ import annotations

import math
from collections.abc import Sequence

Vector = Sequence[int]


def dot(first: Vector, second: Vector) -> int:
    return sum(a * b for a, b in zip(first, second, strict=True))


def cosine(first: Vector, second: Vector) -> float:
    return dot(first, second) / math.sqrt(dot(first, first) * dot(second, second))


def nearest(vector: Vector, centres: Sequence[Vector]) -> int:
    distances = [sum((a - b) ** 2 for a, b in zip(vector, c, strict=True)) for c in centres]
    return distances.index(min(distances))


def centres(vectors: Sequence[Vector], number: int, iterations: int) -> list[list[int]]:
    found = [list(v) for v in dict.fromkeys(tuple(v) for v in vectors)][:number]
    for _ in range(iterations):
        labels = [nearest(vector, found) for vector in vectors]
        for centre in range(len(found)):
            members = [v for v, label in zip(vectors, labels, strict=True) if label == centre]
            sums = [sum(column) for column in zip(*members, strict=True)]
            if any(sums):
                length = math.sqrt(dot(sums, sums))
                found[centre] = [round(127 * value / length) for value in sums]
    return found


def judge(
    vectors: Sequence[Vector], may_go: Sequence[bool], threshold: float
) -> list[tuple[int, float] | None]:
    """Best first: for each the first one that stays and is like it, and their cosine."""
    stay: list[int] = []
    judged: list[tuple[int, float] | None] = []
    for row, vector in enumerate(vectors):
        near = ((other, cosine(vector, vectors[other])) for other in stay)
        judged.append(next((pair for pair in near if pair[1] >= threshold), None))
        if judged[-1] is None or not may_go[row]:
            stay.append(row)
    return judged
