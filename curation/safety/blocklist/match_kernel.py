"""Hosts and URLs looked up in a table: one pass over the host, and one over few paths.

In: a column of hosts as `ingest/urls.py` gives them, and one of `url_key`. A host may end in a dot,
which does not count; of a URL only what follows the host is looked at, so that credentials and
ports do not matter.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from curation.arrow_text import Bytes, Hashes, Ints
from curation.kernels import helper, inlined, njit
from curation.safety.blocklist.hash_kernel import (
    DOT,
    SLASH,
    find,
    finished,
    has_urls,
    lower,
    skip_www,
)
from curation.tokens.names_kernel import NAME, extend_plain

NONE, HOST, URL, ALLOWED = 0, 1, 2, 3
IGNORE, BLOCK, ALLOW = 0, 1, 2
_COLON, _QUESTION, _AND, _HASH = 0x3A, 0x3F, 0x26, 0x23


class Matches(NamedTuple):
    """Of each row what matched, with the number of its set of categories.

    The entry is, for `HOST`, bytes `starts[i]` to `ends[i]` of the host; for `URL` the host without
    `www.` and these bytes of the URL.
    """

    kinds: npt.NDArray[np.uint8]
    sets: npt.NDArray[np.uint16]
    starts: Ints
    ends: Ints


@njit(cache=True, nogil=True)
def match(
    hosts: Bytes,
    host_offsets: Ints,
    urls: Bytes,
    url_offsets: Ints,
    hashes: Hashes,
    sets: npt.NDArray[np.uint16],
    slots: int,
    actions: npt.NDArray[np.uint8],
) -> Matches:
    """The match of each row; `actions` says what an entry in a set of categories does.

    One that allows wins; else the domain that is most like the host, else the shortest URL.
    """
    rows = len(host_offsets) - 1
    kinds, of_sets = np.zeros(rows, np.uint8), np.zeros(rows, np.uint16)
    starts, ends = np.zeros(rows, np.int64), np.zeros(rows, np.int64)
    for row in range(rows):
        start, end = host_offsets[row], host_offsets[row + 1]
        while end > start and hosts[end - 1] == DOT:
            end -= 1
        if start == end:
            continue
        place, at, state = _find_domain(hosts, start, end, hashes, sets, slots, actions)
        kind, first, last = HOST, at - start, end - start
        if place < 0 or actions[sets[place]] == BLOCK:
            first_url, last_url = url_offsets[row], url_offsets[row + 1]
            if find(has_urls(state), hashes, slots) >= 0:
                path = _find_path(urls, first_url, last_url)
                on_path, until = _find_url(
                    state, urls, path, last_url, hashes, sets, slots, actions
                )
                if on_path >= 0 and (place < 0 or actions[sets[on_path]] == ALLOW):
                    place, kind = on_path, URL
                    first, last = path - first_url, until - first_url
        if place >= 0:
            allows = actions[sets[place]] == ALLOW
            kinds[row] = ALLOWED if allows else kind
            of_sets[row], starts[row], ends[row] = sets[place], first, last
    return Matches(kinds, of_sets, starts, ends)


@helper
def _find_domain(
    hosts: Bytes,
    start: int,
    end: int,
    hashes: Hashes,
    sets: npt.NDArray[np.uint16],
    slots: int,
    actions: npt.NDArray[np.uint8],
) -> tuple[int, int, np.uint64]:
    """The place of the longest domain that the host is in and that acts; an allowed one first.

    -1 where there is none. And where it starts, and the state of the host without `www.`.
    """
    bare = skip_www(hosts, start, end)
    place, where, labels, allowed = -1, start, 0, False
    state, of_bare = NAME, NAME
    for at in range(end - 1, start - 1, -1):
        byte = lower(hosts[at])
        state = extend_plain(state, byte)
        if at == bare:
            of_bare = state
        if not allowed and (at == start or hosts[at - 1] == DOT):
            labels += 1
            if labels > 1 or at == start:  # no entry has one label
                found = find(finished(state), hashes, slots)
                if found >= 0 and actions[sets[found]] != IGNORE:
                    place, where = found, at
                    allowed = actions[sets[found]] == ALLOW
    return place, where, of_bare


@inlined
def _find_path(urls: Bytes, start: int, end: int) -> int:
    """Where the path starts; the end where there is none."""
    at = start
    while at < end and urls[at] != _COLON:
        at += 1
    at += 3
    while at < end and urls[at] != SLASH:
        if urls[at] == _QUESTION or urls[at] == _HASH:
            return end
        at += 1
    return min(at, end)


@helper
def _find_url(
    state: np.uint64,
    urls: Bytes,
    start: int,
    end: int,
    hashes: Hashes,
    sets: npt.NDArray[np.uint16],
    slots: int,
    actions: npt.NDArray[np.uint8],
) -> tuple[int, int]:
    """The place of the shortest entry that acts and that this starts with; an allowed one first."""
    place, until = -1, end
    if start == end:
        return place, until
    state = extend_plain(state, SLASH)
    for at in range(start + 1, end + 1):
        byte = lower(urls[at]) if at < end else SLASH
        ends = byte == SLASH or byte == _QUESTION or byte == _AND or byte == _HASH
        if ends or at == start + 1:
            found = find(finished(state), hashes, slots)
            if found >= 0 and (
                (place < 0 and actions[sets[found]] == BLOCK) or actions[sets[found]] == ALLOW
            ):
                place, until = found, at
                if actions[sets[found]] == ALLOW:
                    return place, until
        state = extend_plain(state, byte)
    return place, until
