"""The hashes that entries of block lists have, and the table that they stand in.

A host is hashed from its last byte to its first, so that one pass over it gives the hash of every
domain that it lies in; an entry with a path goes on from its host, from the path's first byte to
its last, so that one pass over a URL gives the hashes of all that it starts with. ASCII letters
count as lower case, in paths too: UT1 keeps them so.

The table is open addressing in the order of hashes: an entry stands where the upper half of its
hash points to, or in the next free place. Whoever looks for one stops at a greater hash. Hash 0 is
an empty place, and so is the last one.

64 bits meet by chance: a page looks some 3 times at a table, so that one in 10**12 pages (of a
table of 5 million) is taken for an entry that it is not.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from curation.arrow_text import Bytes, Hashes, Ints
from curation.kernels import helper, inlined, int64, njit
from curation.tokens.names_kernel import NAME, extend_plain, finish

DOT, SLASH = 0x2E, 0x2F
_W = 0x77
_SLOTS_PER_ENTRY = 1.5
_EMPTY, _ONE, _HALF = np.uint64(0), np.uint64(1), np.uint64(32)
_HAS_URLS = 0x00  # no host has this byte


@inlined
def lower(byte: int) -> int:
    """The byte, a capital letter of ASCII as its small one."""
    return int64(byte) | 0x20 if 0x41 <= byte <= 0x5A else int64(byte)


@helper
def extend_host(state: np.uint64, data: Bytes, start: int, end: int) -> np.uint64:
    """`state` with these bytes before it."""
    for at in range(end - 1, start - 1, -1):
        state = extend_plain(state, lower(data[at]))
    return state


@helper
def extend_path(state: np.uint64, data: Bytes, start: int, end: int) -> np.uint64:
    """`state` with these bytes after it."""
    for at in range(start, end):
        state = extend_plain(state, lower(data[at]))
    return state


@inlined
def finished(state: np.uint64) -> np.uint64:
    """The hash as it stands in the table."""
    return max(finish(state), _ONE)


@inlined
def has_urls(state: np.uint64) -> np.uint64:
    """The hash that says that there are entries with a path for the host of `state`.

    Few hosts have any, so that the paths of nearly all pages need no look.
    """
    return finished(extend_plain(state, _HAS_URLS))


@helper
def skip_www(data: Bytes, start: int, end: int) -> int:
    """Where the host starts without `www.`."""
    if end - start > 4 and data[start + 3] == DOT:
        for at in range(start, start + 3):
            if lower(data[at]) != _W:
                return start
        return start + 4
    return start


@njit(cache=True)
def hash_entries(
    hosts: Bytes, host_offsets: Ints, paths: Bytes, path_offsets: Ints
) -> tuple[Hashes, Hashes, Hashes]:
    """Of each entry its hash, that of the domain above its own, and that of `has_urls`.

    A path is empty where the entry is a domain, and else starts with `/`.
    """
    rows = len(host_offsets) - 1
    hashes, parents = np.zeros(rows, np.uint64), np.zeros(rows, np.uint64)
    markers = np.zeros(rows, np.uint64)
    for row in range(rows):
        start, end = host_offsets[row], host_offsets[row + 1]
        first, last = path_offsets[row], path_offsets[row + 1]
        hashes[row], parents[row], markers[row] = hash_entry(hosts, start, end, paths, first, last)
    return hashes, parents, markers


@helper
def hash_entry(
    data: Bytes, start: int, end: int, paths: Bytes, first: int, last: int
) -> tuple[np.uint64, np.uint64, np.uint64]:
    """The three of one entry; a final slash of its path counts for nothing."""
    if last > first:
        state = extend_host(NAME, data, skip_www(data, start, end), end)
        marker = has_urls(state)
        if last - first > 1 and paths[last - 1] == SLASH:
            last -= 1
        return finished(extend_path(state, paths, first, last)), _EMPTY, marker
    above = start
    while above < end and data[above] != DOT:
        above += 1
    state = extend_host(NAME, data, min(above + 1, end), end)
    parent = finished(state)
    return finished(extend_host(state, data, start, min(above + 1, end))), parent, _EMPTY


@inlined
def find(hash_: np.uint64, table: Hashes, slots: int) -> int:
    """Where the table has this hash; -1 where it does not."""
    at = int64(((hash_ >> _HALF) * np.uint64(slots)) >> _HALF)
    while table[at] != _EMPTY and table[at] < hash_:
        at += 1
    return at if table[at] == hash_ else -1


@njit(cache=True)
def place(hashes: Hashes, slots: int) -> Ints:
    """Where hashes, sorted and each once, stand in a table of so many slots, or after them."""
    places = np.empty(len(hashes), np.int64)
    free = int64(0)
    for i in range(len(hashes)):
        at = int64(((hashes[i] >> _HALF) * np.uint64(slots)) >> _HALF)
        places[i] = max(at, free)
        free = places[i] + 1
    return places


@njit(cache=True)
def are_in(hashes: Hashes, table: Hashes, slots: int) -> npt.NDArray[np.bool_]:
    """Whether the table has each hash."""
    found = np.empty(len(hashes), np.bool_)
    for i in range(len(hashes)):
        found[i] = find(hashes[i], table, slots) >= 0
    return found


def fill(hashes: Hashes) -> tuple[Hashes, Ints, int]:
    """A table of hashes, sorted and each once; where each stands in it, and its slots."""
    slots = max(int(len(hashes) * _SLOTS_PER_ENTRY), 1)
    places = place(hashes, slots)
    table = np.zeros(max(int(places[-1]) if len(places) else 0, slots) + 2, np.uint64)
    table[places] = hashes
    return table, places, slots
