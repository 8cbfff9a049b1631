from __future__ import annotations

from collections import Counter

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.heuristics.repetition_kernel import count_ngrams
from curation.tokens.lines import find_lines
from curation.tokens.tokenise import tokenise
from curation.tokens.vocabulary import find_vocabulary

repetitive = st.lists(st.sampled_from(["a", "b", "cde", "\n", ".", "中国"]), max_size=40).map(
    " ".join
)


def top(words: list[int], lengths: list[int], n: int) -> int:
    """Characters of the most frequent n-gram, of several the first, times its frequency."""
    grams = [tuple(words[at : at + n]) for at in range(len(words) - n + 1)]
    if not grams:
        return 0
    gram, times = Counter(grams).most_common(1)[0]
    at = grams.index(gram)
    return (sum(lengths[at : at + n]) + n - 1) * times


def duplicate(words: list[int], lengths: list[int], n: int) -> int:
    """Characters of n-grams seen before, without overlap: as datatrove reads them."""
    seen, total, at = set(), 0, 0
    while at + n <= len(words):
        gram = tuple(words[at : at + n])
        if gram in seen:
            total += sum(lengths[at : at + n])
            at += n
        else:
            seen.add(gram)
            at += 1
    return total


def covered(
    words: list[int], lengths: list[int], spans: list[tuple[int, int]], n: int
) -> list[int]:
    """Of each span the characters that n-grams inside it cover which were seen before."""
    first: dict[tuple[int, ...], int] = {}
    for at in range(len(words) - n + 1):
        first.setdefault(tuple(words[at : at + n]), at)
    found = []
    for start, end in spans:
        marked = set()
        for at in range(start, end - n + 1):
            if first[tuple(words[at : at + n])] < at:
                marked |= set(range(at, at + n))
        found.append(sum(lengths[at] for at in marked))
    return found


@pytest.mark.parametrize("line_ngram", [5, 7])
@settings(max_examples=300)
@given(rows=st.lists(repetitive, max_size=4))
def test_ngrams_are_those_of_the_definition(line_ngram: int, rows: list[str]) -> None:
    tokens = tokenise(pa.array(rows, pa.string()))
    lines = find_lines(tokens)
    of_rows, of_lines = count_ngrams(tokens, lines, find_vocabulary(tokens), line_ngram)
    for row in range(len(rows)):
        start, end = tokens.rows[row], tokens.rows[row + 1]
        words, lengths = tokens.names[start:end].tolist(), tokens.characters[start:end].tolist()
        expected = [top(words, lengths, n) for n in range(2, 5)]
        expected += [duplicate(words, lengths, n) for n in range(5, 11)]
        assert of_rows[row].tolist() == expected
        numbers = range(lines.rows[row], lines.rows[row + 1])
        spans = [(lines.tokens[i] - start, lines.tokens[i + 1] - start) for i in numbers]
        assert [of_lines[i] for i in numbers] == covered(words, lengths, spans, line_ngram)
