from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.arrow_text import text_view
from curation.tokens.phrases import Matches, find_in_characters, find_phrases, phrase_trie
from curation.tokens.tokenise import tokenise
from curation.tokens.vocabulary import find_vocabulary
from tests.tokens.naive import fold, spell

Found = list[tuple[int, int, int]]
words = st.text("abÄ'", min_size=1, max_size=2)
phrases = st.lists(st.lists(words, min_size=1, max_size=3).map(" ".join), min_size=1, max_size=6)
some_text = st.lists(words | st.sampled_from(["\n", "ä", "A"]), max_size=14).map(" ".join)


def search(units: Sequence[str], wanted: Sequence[Sequence[str]]) -> Found:
    """From left to right the longest phrase at each place; of equal ones the first."""
    found, at = [], 0
    while at < len(units):
        fitting = [
            (len(phrase), -number)
            for number, phrase in enumerate(wanted)
            if phrase and list(units[at : at + len(phrase)]) == list(phrase)
        ]
        if fitting:
            length, number = max(fitting)
            found.append((-number, at, at + length))
            at += length
        else:
            at += 1
    return found


def listed(found: Matches, row: int) -> Found:
    matches = slice(found.rows[row], found.rows[row + 1])
    columns = (found.phrases[matches], found.firsts[matches], found.ends[matches])
    return list(zip(*(column.tolist() for column in columns), strict=True))


@settings(max_examples=400)
@given(phrases, phrases, st.lists(st.tuples(some_text, st.integers(-1, 1)), max_size=4))
def test_phrases_are_found_as_a_plain_search_finds_them(
    one: list[str], other: list[str], rows: list[tuple[str, int]]
) -> None:
    tokens = tokenise(pa.array([text for text, _ in rows], pa.string()))
    roots = np.array([root for _, root in rows], np.int32)
    found = find_phrases(tokens, find_vocabulary(tokens), roots, phrase_trie([one, other]))
    spelled = [
        [[fold(w) for w in spell(tokenise(pa.array([phrase])))] for phrase in phrases]
        for phrases in (one, other)
    ]
    for row, (_, root) in enumerate(rows):
        start = tokens.rows[row]
        units = [fold(word) for word in spell(tokens, row)]
        expected = search(units, spelled[root]) if root >= 0 else []
        first = len(one) if root == 1 else 0
        assert listed(found, row) == [
            (first + number, start + a, start + b) for number, a, b in expected
        ]


letters = st.text("中国人民Aaé", max_size=12)


@settings(max_examples=300)
@given(st.lists(letters.filter(bool), min_size=1, max_size=5), st.lists(letters, max_size=3))
def test_letters_are_found_as_a_plain_search_finds_them(wanted: list[str], rows: list[str]) -> None:
    view = text_view(pa.array(rows, pa.string()))
    trie = phrase_trie([wanted], by_character=True)
    roots = np.zeros(len(rows), np.int32)
    found = find_in_characters(view.data, view.offsets, roots, trie)
    for row, text in enumerate(rows):
        places = [len(text[:at].encode()) + view.offsets[row] for at in range(len(text) + 1)]
        expected = search([fold(c) for c in text], [[fold(c) for c in phrase] for phrase in wanted])
        assert listed(found, row) == [(n, places[a], places[b]) for n, a, b in expected]


@pytest.mark.parametrize(
    "text", ["See our Privacy  Policy now", "PRIVACY\npolicy", "privacy policy."]
)
def test_blanks_and_case_do_not_matter(text: str) -> None:
    tokens = tokenise(pa.array([text]))
    trie = phrase_trie([["privacy policy"]])
    found = find_phrases(tokens, find_vocabulary(tokens), np.zeros(1, np.int32), trie)
    assert len(found.phrases) == 1


@pytest.mark.parametrize(
    "text", ["privacy-policy", "privacypolicy", "policy privacy", "my privacy"]
)
def test_other_words_do_not_match(text: str) -> None:
    tokens = tokenise(pa.array([text]))
    trie = phrase_trie([["privacy policy"]])
    found = find_phrases(tokens, find_vocabulary(tokens), np.zeros(1, np.int32), trie)
    assert len(found.phrases) == 0
