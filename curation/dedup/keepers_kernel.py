"""Who stays among pages that are joined by pairs, and who belongs together.

A page goes if a page before it, that stays, is similar to it: the lexicographically first maximal
independent set of the graph of pairs. It is found by walking along the pairs from first to second,
each page once all pages before it have been decided.

Source: Cook, "A taxonomy of problems with fast parallel algorithms", 1985 (the set); union by the
lowest root, with path halving (Tarjan and van Leeuwen 1984).
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from curation.arrow_text import Ints
from curation.kernels import helper, njit

STAYS = -1
EQUAL = 2
"""In place of the similarity to a page whose text is the same."""


@njit(cache=True, nogil=True)
def find_keepers(
    pages: int,
    firsts: Ints,
    seconds: Ints,
    similarities: npt.NDArray[np.float32],
    equal: npt.NDArray[np.bool_],
) -> tuple[Ints, npt.NDArray[np.float32], Ints]:
    """Of each page: its keeper or `STAYS`, the similarity to it or `EQUAL`, its component's root.

    Pair i says that page `firsts[i]` comes before `seconds[i]`, so there are no cycles. Where
    `equal`, the second has gone for the first whatever becomes of that. Of several keepers the most
    similar counts, then the one with the lowest number; a root has the lowest of its component.
    """
    roots = np.arange(pages)
    keepers, best = np.full(pages, STAYS), np.zeros(pages, np.float32)
    for pair in range(len(firsts)):
        _join(firsts[pair], seconds[pair], roots)
        if equal[pair]:
            keepers[seconds[pair]], best[seconds[pair]] = firsts[pair], EQUAL
    _decide(firsts, seconds, similarities, keepers, best)
    for page in range(pages):
        roots[page] = _root(page, roots)
    return keepers, best, roots


@njit(cache=True, nogil=True)
def _decide(
    firsts: Ints,
    seconds: Ints,
    similarities: npt.NDArray[np.float32],
    keepers: Ints,
    best: npt.NDArray[np.float32],
) -> None:
    pages = len(keepers)
    waits_for, starts = np.zeros(pages, np.int64), np.zeros(pages + 1, np.int64)
    for pair in range(len(firsts)):
        waits_for[seconds[pair]] += 1
        starts[firsts[pair] + 1] += 1
    starts = np.cumsum(starts)
    ends, of_first = starts[:-1].copy(), np.empty(len(firsts), np.int64)
    for pair in range(len(firsts)):
        of_first[ends[firsts[pair]]] = pair
        ends[firsts[pair]] += 1
    ready, done = np.flatnonzero(waits_for == 0), 0
    queue = np.empty(pages, np.int64)
    queue[: len(ready)] = ready
    found = len(ready)
    while done < found:
        page = queue[done]
        done += 1
        for i in range(starts[page], ends[page]):
            pair = of_first[i]
            second = seconds[pair]
            if keepers[page] == STAYS:
                _offer(page, second, similarities[pair], keepers, best)
            waits_for[second] -= 1
            if waits_for[second] == 0:
                queue[found] = second
                found += 1


@helper
def _offer(
    page: int, second: int, similarity: float, keepers: Ints, best: npt.NDArray[np.float32]
) -> None:
    worse = similarity < best[second]
    same = similarity == best[second] and keepers[second] != STAYS and keepers[second] <= page
    if not worse and not same:
        keepers[second], best[second] = page, similarity


@helper
def _join(first: int, second: int, roots: Ints) -> None:
    a, b = _root(first, roots), _root(second, roots)
    roots[max(a, b)] = min(a, b)


@helper
def _root(page: int, roots: Ints) -> int:
    while roots[page] != page:
        roots[page] = roots[roots[page]]
        page = roots[page]
    return page
