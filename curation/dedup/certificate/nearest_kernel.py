"""The pages that are most similar to each of some sampled ones, by signature: all are looked at."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from curation.arrow_text import Ints
from curation.dedup.minhash_kernel import Signatures
from curation.kernels import helper, njit

_BLOCK = 16
Counts = npt.NDArray[np.int32]


class Pages(NamedTuple):
    """Row r has `signatures[r]`, and may be similar to the sampled `firsts[r]` to `lasts[r] - 1`.

    `order_keys` settle who of equally similar pages goes before, the lower one.
    """

    positions: Ints
    order_keys: Ints
    signatures: Signatures
    firsts: Ints
    lasts: Ints


class Nearest(NamedTuple):
    """Of sampled page s the first `held[s]` of row s, the most similar first; others are free.

    `equal` is how many minima are.
    """

    held: Ints
    equal: Counts
    positions: Ints
    order_keys: Ints


@njit(cache=True, nogil=True)
def look_at(
    pages: Pages, sampled: Signatures, positions: Ints, least: int, nearest: Nearest
) -> None:
    """Adds `pages` with `least` equal minima at least; a sampled page is not similar to itself.

    `sampled` has shape (sampled pages, n), and `positions` are theirs.
    """
    for row in range(len(pages.positions)):
        for s in range(pages.firsts[row], pages.lasts[row]):
            equal = _equal(pages.signatures[row], sampled[s], least)
            if equal >= least and pages.positions[row] != positions[s]:
                _insert(s, equal, pages.positions[row], pages.order_keys[row], nearest)


@helper
def _equal(one: Signatures, other: Signatures, least: int) -> int:
    """-1 as soon as it cannot be `least`."""
    equal, length = 0, len(one)
    for start in range(0, length, _BLOCK):
        end = min(start + _BLOCK, length)
        for i in range(start, end):
            equal += one[i] == other[i]
        if equal + length - end < least:
            return -1
    return equal


@helper
def _insert(s: int, equal: int, position: int, order_key: int, nearest: Nearest) -> None:
    room = nearest.equal.shape[1]
    at = nearest.held[s]
    while at > 0 and (
        nearest.equal[s, at - 1] < equal
        or (nearest.equal[s, at - 1] == equal and nearest.order_keys[s, at - 1] > order_key)
    ):
        at -= 1
    if at == room:
        return
    nearest.held[s] = min(nearest.held[s] + 1, room)
    for later in range(nearest.held[s] - 1, at, -1):
        nearest.equal[s, later] = nearest.equal[s, later - 1]
        nearest.positions[s, later] = nearest.positions[s, later - 1]
        nearest.order_keys[s, later] = nearest.order_keys[s, later - 1]
    nearest.equal[s, at], nearest.positions[s, at] = equal, position
    nearest.order_keys[s, at] = order_key
