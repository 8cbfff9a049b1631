"""Phrases in texts: all of many lists at once, on word borders, in one walk over the words.

In: lists of phrases, each with a name; the tokens and vocabulary of a batch; for each row the lists
that are looked for. Out: `Matches`. A phrase is cut into tokens like a text, so it matches in any
case and whatever blanks stand between its words. The lists are one trie with a root each, in a hash
table; only where a word starts some phrase does the walk go down, at most as far as the longest
phrase, so the time is linear in the text. Of phrases that start at one word the longest counts, and
matches of one list do not overlap.

For scripts without spaces, where what is a word is a guess, `find_in_characters` looks for the same
phrases letter by letter.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from curation.arrow_text import Bytes, Hashes, Ints, decode_at
from curation.kernels import helper, inlined, int64, njit
from curation.tokens.names_kernel import NAME, extend, finish
from curation.tokens.tokenise import Tokens, tokenise
from curation.tokens.unicode import CodePoints, code_points, word_of
from curation.tokens.vocabulary import Numbers, Vocabulary, table_size

_MIX = np.uint64(0x9E3779B97F4A7C15)
_STARTS = 4096


class Phrases(NamedTuple):
    """A trie over names: from node n, name x leads to the slot of (n, x), which holds a node.

    Node r < `len(lists)` is the root of list r; `ends[n]` is the phrase that ends at node n, or -1.
    `starts[r]` has a bit for the first words of list r, by some bits of their names: most other
    words are told from them by a look into a small table.
    """

    froms: Numbers
    names: Hashes
    nodes: Numbers
    ends: Numbers
    starts: npt.NDArray[np.bool_]


class Matches(NamedTuple):
    """The matches of row r are `rows[r]` to `rows[r + 1]`, in the order of the text.

    Match m is `phrases[m]`, a number over all lists, in tokens `firsts[m]` to `ends[m]`, or, of
    `find_in_characters`, in those bytes.
    """

    rows: Ints
    phrases: Numbers
    firsts: Ints
    ends: Ints


def phrase_trie(lists: Sequence[Sequence[str]], *, by_character: bool = False) -> Phrases:
    """The trie of `lists`; phrases are numbered through all of them, in order."""
    edges: dict[tuple[int, int], int] = {}
    ends = [-1] * len(lists)
    number = 0
    for root, phrases in enumerate(lists):
        for names in _spell(phrases, by_character=by_character):
            node = root
            for name in names:
                if (node, name) not in edges:
                    edges[node, name] = len(ends)
                    ends.append(-1)
                node = edges[node, name]
            if node != root and ends[node] < 0:
                ends[node] = number
            number += 1
    return _table(edges, ends, lists=len(lists))


def _spell(phrases: Sequence[str], *, by_character: bool) -> list[list[int]]:
    units = [list(phrase) for phrase in phrases] if by_character else [[p] for p in phrases]
    tokens = tokenise(pa.array([unit for phrase in units for unit in phrase], pa.string()))
    cuts = tokens.rows[np.cumsum([0, *map(len, units)])]
    return [tokens.names[first:end].tolist() for first, end in pairwise(cuts)]


def _table(edges: Mapping[tuple[int, int], int], ends: Sequence[int], *, lists: int) -> Phrases:
    froms = np.array([node for node, _ in edges], np.int32)
    names = np.array([name for _, name in edges], np.uint64)
    nodes = np.array(list(edges.values()), np.int32)
    starts = np.zeros((lists, _STARTS), bool)
    is_first = froms < lists
    starts[froms[is_first], names[is_first] & np.uint64(_STARTS - 1)] = True
    return Phrases(*_fill(froms, names, nodes), np.array(ends, np.int32), starts)


@njit(cache=True)
def _fill(froms: Numbers, names: Hashes, nodes: Numbers) -> tuple[Numbers, Hashes, Numbers]:
    size = table_size(max(len(froms), 1))
    to = np.full(size, -1, np.int32), np.zeros(size, np.uint64), np.full(size, -1, np.int32)
    for edge in range(len(froms)):
        at = _slot(froms[edge], names[edge], to[0], to[1])
        to[0][at], to[1][at], to[2][at] = froms[edge], names[edge], nodes[edge]
    return to


@inlined
def _slot(node: int, name: np.uint64, froms: Numbers, names: Hashes) -> int:
    mask = len(froms) - 1
    at = int64((name + np.uint64(node)) * _MIX >> np.uint64(32)) & mask
    while froms[at] >= 0 and (froms[at] != node or names[at] != name):
        at = (at + 1) & mask
    return at


@inlined
def _next(node: int, name: np.uint64, phrases: Phrases) -> int:
    """The node that `name` leads to; -1 for none."""
    return phrases.nodes[_slot(node, name, phrases.froms, phrases.names)]


@njit(cache=True, nogil=True)
def find_phrases(
    tokens: Tokens, vocabulary: Vocabulary, roots: Numbers, phrases: Phrases
) -> Matches:
    """The matches of list `roots[r]` in row r; -1 looks for none."""
    starts = np.zeros(vocabulary.rows[-1], np.bool_)
    until = np.zeros(len(roots), np.int64)
    matches = _room(len(roots), _mark_starts(vocabulary, roots, phrases, starts, until))
    _find(tokens, vocabulary, roots, phrases, starts, until, matches)
    return _used(matches)


@njit(cache=True)
def _room(rows: int, number: int) -> Matches:
    return Matches(
        np.zeros(rows + 1, np.int64),
        np.empty(number, np.int32),
        np.empty(number, np.int64),
        np.empty(number, np.int64),
    )


@njit(cache=True)
def _used(matches: Matches) -> Matches:
    end = matches.rows[-1]
    return Matches(matches.rows, matches.phrases[:end], matches.firsts[:end], matches.ends[:end])


@helper
def _mark_starts(
    vocabulary: Vocabulary,
    roots: Numbers,
    phrases: Phrases,
    starts: npt.NDArray[np.bool_],
    until: Ints,
) -> int:
    """Marks the words that start some phrase; how often they occur until the end of each row."""
    number = 0
    for row in range(len(roots)):
        if roots[row] >= 0:
            for word in range(vocabulary.rows[row], vocabulary.rows[row + 1]):
                name = vocabulary.names[word]
                may = phrases.starts[roots[row], int64(name) & (_STARTS - 1)]
                if may and _next(roots[row], name, phrases) >= 0:
                    starts[word] = True
                    number += vocabulary.counts[word]
        until[row] = number
    return number


@helper
def _find(
    tokens: Tokens,
    vocabulary: Vocabulary,
    roots: Numbers,
    phrases: Phrases,
    starts: npt.NDArray[np.bool_],
    until: Ints,
    matches: Matches,
) -> None:
    found, before = 0, int64(0)
    for row in range(len(roots)):
        token, end, first_word = tokens.rows[row], tokens.rows[row + 1], vocabulary.rows[row]
        none, before = until[row] == before, until[row]
        while token < end and not none:
            node, at, phrase, after = roots[row], token, -1, token + 1
            while at < end and (at > token or starts[first_word + vocabulary.words[token]]):
                node = _next(node, tokens.names[at], phrases)
                if node < 0:
                    break
                at += 1
                if phrases.ends[node] >= 0:
                    phrase, after = phrases.ends[node], at
            if phrase >= 0:
                matches.phrases[found] = phrase
                matches.firsts[found], matches.ends[found] = token, after
                found += 1
            token = after
        matches.rows[row + 1] = found


def find_in_characters(data: Bytes, offsets: Ints, roots: Numbers, phrases: Phrases) -> Matches:
    """The same, letter by letter: `phrases` is a trie `by_character`."""
    return _find_in_characters(data, offsets, roots, phrases, code_points())


@njit(cache=True, nogil=True)
def _find_in_characters(
    data: Bytes, offsets: Ints, roots: Numbers, phrases: Phrases, points: CodePoints
) -> Matches:
    room = 0
    for row in range(len(roots)):
        room += (roots[row] >= 0) * (offsets[row + 1] - offsets[row])
    matches = _room(len(roots), room)
    _find_letters(data, offsets, roots, phrases, points, matches)
    return _used(matches)


@helper
def _find_letters(
    data: Bytes,
    offsets: Ints,
    roots: Numbers,
    phrases: Phrases,
    points: CodePoints,
    matches: Matches,
) -> None:
    found = 0
    for row in range(len(roots)):
        root, at, end = roots[row], offsets[row], offsets[row + 1]
        while at < end and root >= 0:
            code, size = decode_at(data, at, end)
            name = finish(extend(NAME, code, word_of(code, points), points))
            after = at + size
            if phrases.starts[root, int64(name) & (_STARTS - 1)]:
                phrase, last = _longest(data, at, end, root, phrases, points)
                if phrase >= 0:
                    matches.phrases[found] = phrase
                    matches.firsts[found], matches.ends[found] = at, last
                    found, after = found + 1, last
            at = after
        matches.rows[row + 1] = found


@helper
def _longest(
    data: Bytes, at: int, end: int, root: int, phrases: Phrases, points: CodePoints
) -> tuple[int, int]:
    """The longest phrase that starts at byte `at`, and its end; -1 for none."""
    node, phrase, last = root, -1, at
    while at < end:
        code, size = decode_at(data, at, end)
        name = finish(extend(NAME, code, word_of(code, points), points))
        node = _next(node, name, phrases)
        if node < 0:
            break
        at += size
        if phrases.ends[node] >= 0:
            phrase, last = phrases.ends[node], at
    return phrase, last
