"""The pages that are most similar to each of some sampled ones, by signature: all are looked at.

Which sampled pages have a given minimum at a given place is in a hash table. So a page costs one
look at it for each of its minima, and what it finds there is just how many are equal.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from curation.arrow_text import Hashes, Ints
from curation.dedup.minhash_kernel import Signatures
from curation.kernels import helper, int64, njit

_ODD = np.uint64(0x9E3779B97F4A7C15)
_BITS = np.uint64(64)
_FREE = np.uint64(0)  # of no place: these count from 1
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


class Minima(NamedTuple):
    """The minima of sampled pages: those that have one are `pages[starts[g] : starts[g + 1]]`.

    The table has 2^`bits` places: in `keys` which minimum it is, of which place in signatures, or
    0; and in `groups` its number g.
    """

    pages: Ints
    starts: Ints
    keys: Hashes
    groups: Ints
    bits: int


@njit(cache=True, nogil=True)
def find_minima(sampled: Signatures) -> Minima:
    """The table for `sampled`, shape (sampled pages, n)."""
    number, n = sampled.shape
    every = np.empty(number * n, np.uint64)
    for s in range(number):
        for place in range(n):
            every[s * n + place] = _key(place, sampled[s, place])
    order = np.argsort(every, kind="mergesort")
    bits = 1
    while 1 << bits < 2 * number * n:
        bits += 1
    keys, groups = np.zeros(1 << bits, np.uint64), np.zeros(1 << bits, np.int64)
    starts, group = np.empty(number * n + 1, np.int64), 0
    for at in range(number * n):
        key = every[order[at]]
        if at == 0 or key != every[order[at - 1]]:
            slot = _slot(key, keys, bits)
            keys[slot], groups[slot], starts[group] = key, group, at
            group += 1
    starts[group] = number * n
    return Minima(order // n, starts[: group + 1], keys, groups, bits)


@helper
def _key(place: int, minimum: np.uint32) -> np.uint64:
    return np.uint64(place + 1) << np.uint64(32) | np.uint64(minimum)


@helper
def _slot(key: np.uint64, keys: Hashes, bits: int) -> int:
    """Where `key` is in the table, or may be put."""
    slot = int64((key * _ODD) >> (_BITS - np.uint64(bits)))
    while keys[slot] not in (key, _FREE):
        slot = (slot + 1) & (len(keys) - 1)
    return slot


@njit(cache=True, nogil=True)
def look_at(pages: Pages, minima: Minima, positions: Ints, least: int, nearest: Nearest) -> None:
    """Adds `pages` with `least` equal minima at least; a sampled page is not similar to itself.

    `minima` and `positions` are those of the sampled pages.
    """
    equal, met = np.zeros(len(positions), np.int32), np.empty(len(positions), np.int64)
    for row in range(len(pages.positions)):
        number = _count(row, pages, minima, equal, met)
        for s in met[:number]:
            if equal[s] >= least and pages.positions[row] != positions[s]:
                _insert(s, equal[s], pages.positions[row], pages.order_keys[row], nearest)
            equal[s] = 0


@helper
def _count(row: int, pages: Pages, minima: Minima, equal: Counts, met: Ints) -> int:
    """Counts the minima that sampled pages share with a row; returns how many pages it has met."""
    number = 0
    for place in range(pages.signatures.shape[1]):
        slot = _slot(_key(place, pages.signatures[row, place]), minima.keys, minima.bits)
        if minima.keys[slot] == _FREE:
            continue
        group = minima.groups[slot]
        for s in minima.pages[minima.starts[group] : minima.starts[group + 1]]:
            if pages.firsts[row] <= s < pages.lasts[row]:
                if equal[s] == 0:
                    met[number] = s
                    number += 1
                equal[s] += 1
    return number


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
