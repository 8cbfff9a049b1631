"""Who is similar to whom within buckets: linear in a bucket's pages, not quadratic.

The pages of a bucket come in the order of who stays. The first `ALL_PAIRS` are compared with one
another; each later one with the bucket's *leaders*, pages that are similar to none before them, up
to the first that it is similar to. Of a clique all but one page are followers of one leader, so it
costs one comparison a page. What that leaves out is looked at in a later round: see
`curation.dedup.near`.

Pages that cannot go come first. They are leaders without being compared with one another, so a
bucket's old pages cost nothing but that new ones are compared with them.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from curation.arrow_text import Ints
from curation.kernels import helper, inlined, njit

ALL_PAIRS = 16
MOST_LEADERS, MOST_WORDS = 2048, 1 << 25
"""A page that is similar to none of so many leaders is compared with no more of its bucket; nor is
one where leaders have so many words together (256 MiB of shingles)."""
_BLOCK = 16
Words = npt.NDArray[Any]


class Contents(NamedTuple):
    """Row i is `words[offsets[i] : offsets[i + 1]]`: a signature, or if `exact` a sorted set.

    Rows are similar whose Jaccard index, estimated or exact, is at least `threshold`.
    """

    words: Words
    offsets: Ints
    exact: bool
    threshold: float


class Carried(NamedTuple):
    """What a call leaves to the next: `leaders` of the last bucket, so many of its pages `seen`."""

    leaders: int
    seen: int


class Compared(NamedTuple):
    """Pairs: rows `firsts`, `seconds`, and their `similarities`.

    Of large buckets, the `members` and whether each `leads`. Then what a later call needs of the
    last row's bucket: its `leaders`, and how many of its pages were `seen`.
    """

    firsts: Ints
    seconds: Ints
    similarities: npt.NDArray[np.float32]
    members: Ints
    leads: npt.NDArray[np.bool_]
    leaders: Ints
    seen: int


class _Room(NamedTuple):
    """`held` are the rows to compare with; `ends` says how much of each array is in use."""

    firsts: Ints
    seconds: Ints
    similarities: npt.NDArray[np.float32]
    members: Ints
    leads: npt.NDArray[np.bool_]
    held: Ints
    is_leader: npt.NDArray[np.bool_]
    ends: Ints


_PAIRS, _MEMBERS, _HELD, _WORDS = range(4)


@njit(cache=True, nogil=True)
def compare(
    buckets: Ints, may_go: npt.NDArray[np.bool_], contents: Contents, carried: Carried
) -> Compared:
    """Compares rows that are sorted by bucket, and in it by who stays: first who cannot go.

    The first rows are the leaders that are carried, of a bucket with over `ALL_PAIRS` pages.
    """
    rows = len(buckets)
    room = _Room(
        np.empty(rows * ALL_PAIRS, np.int64),
        np.empty(rows * ALL_PAIRS, np.int64),
        np.empty(rows * ALL_PAIRS, np.float32),
        np.empty(rows + ALL_PAIRS, np.int64),
        np.empty(rows + ALL_PAIRS, np.bool_),
        np.empty(MOST_LEADERS + ALL_PAIRS, np.int64),
        np.empty(MOST_LEADERS + ALL_PAIRS, np.bool_),
        np.zeros(4, np.int64),
    )
    seen = _fill(buckets, may_go, contents, carried, room)
    pairs, members, held, _ = room.ends
    return Compared(
        room.firsts[:pairs],
        room.seconds[:pairs],
        room.similarities[:pairs],
        room.members[:members],
        room.leads[:members],
        room.held[:held],
        seen,
    )


@helper
def _fill(
    buckets: Ints,
    may_go: npt.NDArray[np.bool_],
    contents: Contents,
    carried: Carried,
    room: _Room,
) -> int:
    seen = carried.seen
    for row in range(carried.leaders):
        _hold(row, True, room)
    room.ends[_WORDS] = contents.offsets[carried.leaders] - contents.offsets[0]
    for row in range(carried.leaders, len(buckets)):
        if row == 0 or buckets[row] != buckets[row - 1]:
            room.ends[_HELD], room.ends[_WORDS], seen = 0, 0, 0
        every = seen < ALL_PAIRS
        if seen == ALL_PAIRS:
            _keep_leaders(room)
        leads = True
        for i in range(room.ends[_HELD] if may_go[row] else 0):
            similarity = _similarity(contents, room.held[i], row)
            if similarity >= contents.threshold:
                _add_pair(room.held[i], row, similarity, room)
                leads = False
                if not every:
                    break
        has_room = room.ends[_HELD] < MOST_LEADERS and room.ends[_WORDS] < MOST_WORDS
        if every or (leads and has_room):
            _hold(row, leads, room)
            room.ends[_WORDS] += contents.offsets[row + 1] - contents.offsets[row]
        if not every:
            _add_member(row, leads, room)
        seen += 1
    return seen


@helper
def _keep_leaders(room: _Room) -> None:
    """Makes the pages held members of a large bucket, and of these holds the leaders alone."""
    every, room.ends[_HELD] = room.ends[_HELD], 0
    for i in range(every):
        row, leads = room.held[i], room.is_leader[i]
        _add_member(row, leads, room)
        if leads:
            _hold(row, True, room)


@inlined
def _hold(row: int, leads: bool, room: _Room) -> None:
    at = room.ends[_HELD]
    room.held[at], room.is_leader[at] = row, leads
    room.ends[_HELD] = at + 1


@inlined
def _add_member(row: int, leads: bool, room: _Room) -> None:
    at = room.ends[_MEMBERS]
    room.members[at], room.leads[at] = row, leads
    room.ends[_MEMBERS] = at + 1


@inlined
def _add_pair(first: int, second: int, similarity: float, room: _Room) -> None:
    at = room.ends[_PAIRS]
    room.firsts[at], room.seconds[at], room.similarities[at] = first, second, similarity
    room.ends[_PAIRS] = at + 1


_ROUNDING = 1e-6


@helper
def _similarity(contents: Contents, first: int, second: int) -> float:
    """-1 where it is surely under the threshold."""
    words, offsets = contents.words, contents.offsets
    a, b = offsets[first], offsets[second]
    if contents.exact:
        sets = words[a : offsets[first + 1]], words[b : offsets[second + 1]]
        return _jaccard(sets[0], sets[1], contents.threshold)
    length = offsets[first + 1] - a
    unequal, most = 0, length * (1 - contents.threshold) + _ROUNDING
    for start in range(0, length, _BLOCK):
        for i in range(start, min(start + _BLOCK, length)):
            unequal += words[a + i] != words[b + i]
        if unequal > most:
            return -1.0
    return (length - unequal) / length


@helper
def _jaccard(left: Words, right: Words, threshold: float) -> float:
    """Of two sorted sets; -1 as soon as it cannot reach the threshold."""
    every, common, a, b = len(left) + len(right), 0, 0, 0
    least = every * threshold / (1 + threshold) - _ROUNDING
    while a < len(left) and b < len(right):
        if common + min(len(left) - a, len(right) - b) < least:
            return -1.0
        x, y = left[a], right[b]
        common += x == y
        a += x <= y
        b += y <= x
    return common / (every - common)
