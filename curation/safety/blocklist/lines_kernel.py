"""Lines of a list, hashed as they stand: the plain ones, which are nearly all of millions.

In: the bytes of a list. Out: the hash of each line that is plainly one entry, and where the *odd*
lines are, of which `lines.py` finds out what they say. A plain line gives what it would give there:
a host of letters, digits, `-` and `_` with two labels or more and no last label that starts with a
digit (an address); before it perhaps `http://`, `0.0.0.0`, `||` (then `^` after
it), `*.` or `.`; after it perhaps a path without dot segments, query or anything to be escaped;
then blanks or a comment.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from curation.arrow_text import Bytes, Hashes, Ints
from curation.kernels import helper, inlined, njit
from curation.safety.blocklist.hash_kernel import DOT, SLASH, hash_entry, lower

_ENTRY, _NOTHING, _ODD = 0, 1, 2
_PLAIN, _SCHEME, _RULE, _HOSTS_FILE = 0, 1, 2, 3
_HOST, _PATH, _BLANK = 1, 2, 4
_NEW_LINE, _PERCENT, _CARET = 0x0A, 0x25, 0x5E
_HASH, _EXCLAMATION, _BAR, _STAR = 0x23, 0x21, 0x7C, 0x2A


def _classes() -> npt.NDArray[np.uint8]:
    classes = np.zeros(256, np.uint8)
    letters = b"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_."
    classes[list(letters)] |= _HOST
    classes[list(letters + b"/~!$&()*+,;=:@%")] |= _PATH
    classes[list(b" \t\r")] |= _BLANK
    return classes


_CLASS = _classes()
_HTTP, _HTTPS = (np.frombuffer(text, np.uint8).copy() for text in (b"http://", b"https://"))
_TO_NOWHERE, _TO_SELF = (np.frombuffer(t, np.uint8).copy() for t in (b"0.0.0.0", b"127.0.0.1"))
_SLASHED = np.frombuffer(b"/", np.uint8).copy()


class Scanned(NamedTuple):
    """Of each plain entry its three hashes and its line; the odd lines; lines are starts, ends."""

    hashes: Hashes
    parents: Hashes
    markers: Hashes
    starts: Ints
    odd_starts: Ints
    odd_ends: Ints


@njit(cache=True)
def scan(data: Bytes, every_is_url: bool) -> Scanned:
    """All lines; where `every_is_url` a host alone stands for its URLs, not for a domain."""
    room = 1
    for at in range(len(data)):
        room += data[at] == _NEW_LINE
    hashes, parents = np.empty(room, np.uint64), np.empty(room, np.uint64)
    markers, starts = np.empty(room, np.uint64), np.empty(room, np.int64)
    odd_starts, odd_ends = np.empty(room, np.int64), np.empty(room, np.int64)
    found, odd, start = 0, 0, 0
    while start < len(data):
        end = start
        while end < len(data) and data[end] != _NEW_LINE:
            end += 1
        kind, host, host_end, path, path_end = _read(data, start, end)
        if kind == _ENTRY:
            if path_end < 0 or (path == path_end and every_is_url):
                entry = hash_entry(data, host, host_end, _SLASHED, 0, 1)
            else:
                entry = hash_entry(data, host, host_end, data, path, path_end)
            hashes[found], parents[found], markers[found] = entry
            starts[found] = start
            found += 1
        elif kind == _ODD:
            odd_starts[odd], odd_ends[odd] = start, end
            odd += 1
        start = end + 1
    return Scanned(
        hashes[:found],
        parents[:found],
        markers[:found],
        starts[:found],
        odd_starts[:odd],
        odd_ends[:odd],
    )


@helper
def _read(data: Bytes, start: int, end: int) -> tuple[int, int, int, int, int]:
    """What the line is, and where its host and its path start and end.

    The path ends before 0 where there is none but a scheme.
    """
    at = _skip_blanks(data, start, end)
    if at == end or data[at] == _HASH or data[at] == _EXCLAMATION:
        return _NOTHING, 0, 0, 0, 0
    style, host = _skip_prefix(data, at, end)
    at, host_end = _read_host(data, host, end)
    path, path_end = at, at
    if host_end >= 0 and style == _RULE:
        path = path_end = at + 1 if at < end and data[at] == _CARET else -1
    elif host_end >= 0 and style != _HOSTS_FILE and at < end and data[at] == SLASH:
        path_end = _read_path(data, at, end)
    if host_end < 0 or path_end < 0:
        return _ODD, 0, 0, 0, 0
    rest = _skip_blanks(data, path_end, end)
    if rest < end and (rest == path_end or data[rest] != _HASH):
        return _ODD, 0, 0, 0, 0
    if style == _SCHEME and path_end == path:
        path_end = -1
    return _ENTRY, host, host_end, path, path_end


@helper
def _skip_prefix(data: Bytes, at: int, end: int) -> tuple[int, int]:
    """In what style the line is, and where its host starts."""
    scheme = max(_skip(data, at, end, _HTTPS), _skip(data, at, end, _HTTP))
    if scheme > 0:
        return _SCHEME, at + scheme
    if at + 1 < end and data[at] == _BAR and data[at + 1] == _BAR:
        return _RULE, at + 2
    to = max(_skip(data, at, end, _TO_NOWHERE), _skip(data, at, end, _TO_SELF))
    if to > 0 and at + to < end and _CLASS[data[at + to]] & _BLANK > 0:
        return _HOSTS_FILE, _skip_blanks(data, at + to, end)
    if at + 1 < end and data[at] == _STAR and data[at + 1] == DOT:
        return _PLAIN, at + 2
    return _PLAIN, at + 1 if data[at] == DOT else at


@inlined
def _skip_blanks(data: Bytes, at: int, end: int) -> int:
    while at < end and _CLASS[data[at]] & _BLANK:
        at += 1
    return at


@helper
def _skip(data: Bytes, at: int, end: int, text: Bytes) -> int:
    """The length of `text` where it stands at `at`, in whatever case; 0 where it does not."""
    if end - at < len(text):
        return 0
    for i in range(len(text)):
        if lower(data[at + i]) != text[i]:
            return 0
    return len(text)


@helper
def _read_host(data: Bytes, at: int, end: int) -> tuple[int, int]:
    """Where it ends, and where without a final dot; -1 where it is no plain one."""
    start, label, labels = at, at, 0
    while at < end and _CLASS[data[at]] & _HOST:
        if data[at] == DOT:
            if at == label:
                return at, -1
            label = at + 1
        elif at == label:
            labels += 1
        at += 1
    last = label
    host_end = at
    if at > start and at == label:  # a final dot
        host_end = at - 1
        last = host_end
        while last > start and data[last - 1] != DOT:
            last -= 1
    if labels < 2 or 0x30 <= data[last] <= 0x39:
        return at, -1
    return at, host_end


@helper
def _read_path(data: Bytes, at: int, end: int) -> int:
    """Where it ends; -1 where it is no plain one."""
    while at < end and _CLASS[data[at]] & _PATH:
        if data[at] == SLASH and at + 1 < end and data[at + 1] == DOT:
            return -1
        if data[at] == SLASH and at + 1 < end and data[at + 1] == _STAR:
            return -1
        if data[at] == _PERCENT and at + 1 < end and data[at + 1] == 0x32:
            return -1
        at += 1
    return at
