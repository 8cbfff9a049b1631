from __future__ import annotations

import re
from itertools import pairwise

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.tokens import lines as column
from curation.tokens.lines import find_lines
from curation.tokens.tokenise import tokenise
from curation.tokens.unicode import (
    BRACKET,
    CURLY_BRACKET,
    DIGIT,
    EMOJI,
    EXCLAMATION,
    HASH,
    LETTER,
    MARK,
    NUMBER,
    PICTURE,
    SPACE,
    UPPER,
)
from tests.tokens.naive import properties, spell, texts

URL = re.compile(r"https?://(?:[a-zA-Z0-9$\-_@.&+/:=?#~!*(),]|%[0-9a-fA-F]{2})+", re.IGNORECASE)
PROPERTIES = {
    column.SPACES: SPACE,
    column.LETTERS: LETTER,
    column.NUMBERS: NUMBER,
    column.DIGITS: DIGIT,
    column.CAPITALS: UPPER,
    column.BRACKETS: BRACKET,
    column.CURLY_BRACKETS: CURLY_BRACKET,
    column.HASHES: HASH,
    column.MARKS: MARK,
    column.EXCLAMATIONS: EXCLAMATION,
}

url_text = st.lists(
    st.sampled_from(
        ["http", "https", "HTTP", "s", ":", "//", "://", "a.b/c", "%20", "%2g", "é", " "]
    )
    | st.text("aZ0_~<>[]{}\\^`|\"'?#", max_size=4),
    max_size=8,
).map("".join)


def naive_counts(line: str) -> list[int]:
    counts = [0] * column.N_COUNTS
    counts[column.CHARACTERS] = len(line)
    for at, bit in PROPERTIES.items():
        counts[at] = sum(properties(c) & bit > 0 for c in line)
    counts[column.EMOJIS] = sum(properties(c) & EMOJI > 0 for c in line)
    for before, after in pairwise(line):
        as_picture = properties(before) & (PICTURE | EMOJI) == PICTURE
        counts[column.EMOJIS] += after == "\ufe0f" and as_picture
    counts[column.URL_CHARACTERS] = sum(len(found) for found in URL.findall(line))
    runs = re.finditer(r"(.)\1{4,}", line, re.DOTALL)
    counts[column.RUNS] = sum(len(r[0]) for r in runs if not properties(r[1]) & SPACE)
    return counts


@settings(max_examples=400)
@given(st.lists(texts, max_size=4))
def test_lines_are_what_stands_between_line_breaks(rows: list[str]) -> None:
    tokens = tokenise(pa.array(rows, pa.string()))
    lines = find_lines(tokens)
    for row, text in enumerate(rows):
        expected = text.split("\n")
        numbers = range(lines.rows[row], lines.rows[row + 1])
        found = [tokens.data[lines.starts[i] : lines.ends[i]].tobytes().decode() for i in numbers]
        assert found == expected
        words = spell(tokens, row)
        for number, line in zip(numbers, expected, strict=True):
            first, end = lines.tokens[number] - tokens.rows[row], lines.tokens[number + 1]
            assert words[first : end - tokens.rows[row]] == spell(tokenise(pa.array([line])))


@settings(max_examples=500)
@given(texts | url_text | st.text("aaab ☺\ufe0f😀é\u3000", max_size=30))
def test_characters_are_counted_by_what_they_are(text: str) -> None:
    lines = find_lines(tokenise(pa.array([text], pa.string())))
    assert lines.counts.tolist() == [naive_counts(line) for line in text.split("\n")]


@pytest.mark.parametrize("length", [1022, 1023, 1024, 5000])
def test_long_lines_count_as_short_ones(length: int) -> None:
    """Counters are small and emptied on the way."""
    line = "A{é" * length
    counts = find_lines(tokenise(pa.array([line]))).counts[0].tolist()
    assert counts == naive_counts(line)
