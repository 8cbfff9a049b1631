from __future__ import annotations

from itertools import groupby

import pyarrow as pa
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.heuristics.duplicates_kernel import count_duplicates
from curation.tokens.lines import find_lines
from curation.tokens.tokenise import tokenise
from tests.tokens.naive import fold, naive_tokens

some_lines = st.lists(
    st.sampled_from(["", " ", "one", "One ", "one two", "one  two", "x"]), max_size=14
)


def naive(text: str) -> list[int]:
    """Lines, their characters, paragraphs, their characters, and all paragraphs."""
    lines = [(tuple(fold(w) for w in naive_tokens(line)), len(line)) for line in text.split("\n")]
    groups = groupby(lines, lambda line: bool(line[0]))
    paragraphs = [list(group) for filled, group in groups if filled]
    parts = [(tuple(key for key, _ in p), sum(length for _, length in p)) for p in paragraphs]
    counts = []
    for units in ([line for line in lines if line[0]], parts):
        keys = [key for key, _ in units]
        repeated = [length for at, (key, length) in enumerate(units) if key in keys[:at]]
        counts += [len(repeated), sum(repeated)]
    return [*counts, len(paragraphs)]


@settings(max_examples=400)
@given(st.lists(some_lines.map("\n".join), max_size=4))
def test_duplicates_are_those_of_the_definition(rows: list[str]) -> None:
    tokens = tokenise(pa.array(rows, pa.string()))
    assert count_duplicates(tokens, find_lines(tokens)).tolist() == [naive(text) for text in rows]
