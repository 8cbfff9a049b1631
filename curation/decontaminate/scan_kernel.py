"""Texts against the index: where runs of words of benchmarks stand, and of which texts they are.

Linear in the text: each word moves one polynomial by a step, and looks at one place of the filter;
what passes (four in a thousand by chance) is looked for by its hash, once per length that occurs.
What a page that is full of runs costs more is bounded by the number of lengths, and of the items
that may share a run.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from curation.arrow_text import Bytes, Hashes, Ints
from curation.decontaminate.build import Lookup
from curation.decontaminate.runs_kernel import BASE, gather_words, most_tokens, run_hash
from curation.kernels import helper, inlined, njit
from curation.tokens.names_kernel import finish
from curation.tokens.tokenise import Tokens

_BREAK = np.uint8(0x0A)
_ONE, _SIX, _WORD, _HALF = np.uint64(1), np.uint64(6), np.uint64(63), np.uint64(32)
_FOUND = 6  # numbers of a row of `Found`
Mask = npt.NDArray[np.bool_]


class Hits(NamedTuple):
    """Those of row r are `rows[r]` to `rows[r + 1]`: run `runs[h]` begins at word `words[h]`."""

    rows: Ints
    words: Ints
    runs: Ints


class Scratch(NamedTuple):
    """Zeros: for each run, and for each text of the index."""

    runs: Ints
    texts: Ints


@njit(cache=True, nogil=True)
def find_hits(tokens: Tokens, placeholders: Bytes, lookup: Lookup) -> Hits:
    """Of each row, by its words from the first on."""
    room = most_tokens(tokens.rows)
    names, at = np.empty(room, np.uint64), np.empty(room, np.int64)
    rows = np.zeros(len(tokens.rows), np.int64)
    words, runs, count = np.empty(64, np.int64), np.empty(64, np.int64), 0
    if len(lookup.lengths) == 0:
        return Hits(rows, words[:0], runs[:0])
    for row in range(len(tokens.rows) - 1):
        of_row = gather_words(tokens, row, placeholders, names, at)
        found = _find(names, of_row, lookup, words[count:], runs[count:])
        if count + found > len(words):
            more = 2 * (count + found)
            words = np.append(words[:count], np.empty(more, np.int64))
            runs = np.append(runs[:count], np.empty(more, np.int64))
            _find(names, of_row, lookup, words[count:], runs[count:])
        count += found
        rows[row + 1] = count
    return Hits(rows, words[:count], runs[:count])


@helper
def _find(names: Hashes, words: int, lookup: Lookup, to_words: Ints, to_runs: Ints) -> int:
    """Writes as many hits as there is room for; returns how many there are."""
    start, found, value, power = lookup.lengths[0], 0, np.uint64(0), np.uint64(1)
    if words < start:
        return 0
    for word in range(start - 1):
        value = value * BASE + names[word]
        power *= BASE
    for first in range(words - start + 1):
        value = value * BASE + names[first + start - 1]
        hashed = finish(value)
        if _passes(hashed, lookup.filter) and _passes(hashed >> _HALF, lookup.filter):
            found = _look(names, first, words, value, lookup, to_words, to_runs, found)
        value -= names[first] * power
    return found


@inlined
def _passes(hashed: np.uint64, bits: Hashes) -> bool:
    at = hashed & np.uint64(64 * len(bits) - 1)
    return bits[np.int64(at >> _SIX)] >> (at & _WORD) & _ONE != 0


@helper
def _look(
    names: Hashes,
    first: int,
    words: int,
    value: np.uint64,
    lookup: Lookup,
    to_words: Ints,
    to_runs: Ints,
    found: int,
) -> int:
    end = first + lookup.lengths[0]
    for length in lookup.lengths:
        if first + length > words:
            break
        while end < first + length:
            value = value * BASE + names[end]
            end += 1
        hashed = run_hash(value, length)
        run = np.searchsorted(lookup.hashes, hashed)
        if run < len(lookup.hashes) and lookup.hashes[run] == hashed:
            if found < len(to_words):
                to_words[found], to_runs[found] = first, run
            found += 1
    return found


@njit(cache=True, nogil=True)
def group_hits(hits: Hits, row: int, lookup: Lookup, scratch: Scratch) -> Ints:
    """A row for each text of which some run stands in this row, in the order in which they begin.

    It has the text, how many different runs of it there are, how many words all of them cover, and
    the first word of the longest stretch that they cover without a gap, the word behind it, and
    where the last stretch begins. `scratch` is as it was before when this returns.
    """
    found, count = np.empty((8, _FOUND), np.int64), 0
    first, last = hits.rows[row], hits.rows[row + 1]
    ends = np.empty(8, np.int64)  # of the last stretch of each
    for hit in range(first, last):
        run, word = hits.runs[hit], hits.words[hit]
        end = word + lookup.sizes[run]
        scratch.runs[run] += 1
        for text in lookup.texts[lookup.firsts[run] : lookup.firsts[run + 1]]:
            at = scratch.texts[text] - 1
            if at < 0:
                if count == len(found):
                    found = np.append(found, np.empty_like(found)).reshape(-1, _FOUND)
                    ends = np.append(ends, np.empty_like(ends))
                at, count = count, count + 1
                scratch.texts[text] = count
                found[at] = 0
                found[at, 0], found[at, 5], ends[at] = text, word, word
            if word > ends[at]:
                found[at, 5] = ends[at] = word
            found[at, 1] += scratch.runs[run] == 1
            found[at, 2] += max(end - ends[at], 0)
            ends[at] = max(end, ends[at])
            if ends[at] - found[at, 5] > found[at, 4] - found[at, 3]:
                found[at, 3], found[at, 4] = found[at, 5], ends[at]
    for hit in range(first, last):
        scratch.runs[hits.runs[hit]] = 0
    for at in range(count):
        scratch.texts[found[at, 0]] = 0
    return found[:count]


class Places(NamedTuple):
    """Of each word of a row: its first byte and the one behind it, and its line, from 0."""

    starts: Ints
    ends: Ints
    lines: Ints


@njit(cache=True, nogil=True)
def place_words(tokens: Tokens, row: int, placeholders: Bytes) -> Places:
    """Bytes count from the start of the row's text."""
    room = tokens.rows[row + 1] - tokens.rows[row]
    names, kept = np.empty(room + 1, np.uint64), np.empty(room + 1, np.int64)
    words = gather_words(tokens, row, placeholders, names, kept)
    lines, line, at = np.empty(words, np.int64), 0, tokens.offsets[row]
    for word in range(words):
        while at < tokens.starts[kept[word]]:
            line += tokens.data[at] == _BREAK
            at += 1
        lines[word] = line
    kept = kept[:words]
    return Places(
        tokens.starts[kept] - tokens.offsets[row], tokens.ends[kept] - tokens.offsets[row], lines
    )


@njit(cache=True, nogil=True)
def mark_lines(
    hits: Hits, row: int, lookup: Lookup, goes: Mask, places: Places, lines: Mask
) -> None:
    """Sets `lines` that lie in runs of texts that go, from the first word of each to the last."""
    marked = 0  # lines before this one are
    for hit in range(hits.rows[row], hits.rows[row + 1]):
        run, word = hits.runs[hit], hits.words[hit]
        wanted = False
        for text in lookup.texts[lookup.firsts[run] : lookup.firsts[run + 1]]:
            wanted |= goes[text]
        if wanted:
            end = places.lines[word + lookup.sizes[run] - 1] + 1
            for line in range(max(marked, places.lines[word]), end):
                lines[line] = True
            marked = max(marked, end)
