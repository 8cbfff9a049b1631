from __future__ import annotations

import pyarrow as pa
from hypothesis import given
from hypothesis import strategies as st

from curation.tokens.tokenise import tokenise
from curation.tokens.vocabulary import find_vocabulary
from tests.tokens.naive import texts


@given(st.lists(texts | st.text("ab ", max_size=40), max_size=4))
def test_a_vocabulary_lists_names_in_the_order_of_the_text(rows: list[str]) -> None:
    tokens = tokenise(pa.array(rows, pa.string()))
    found = find_vocabulary(tokens)
    for row in range(len(rows)):
        start = tokens.rows[row]
        names = tokens.names[start : tokens.rows[row + 1]].tolist()
        unique = list(dict.fromkeys(names))
        words = slice(found.rows[row], found.rows[row + 1])
        assert found.names[words].tolist() == unique
        assert found.counts[words].tolist() == [names.count(name) for name in unique]
        assert found.firsts[words].tolist() == [start + names.index(name) for name in unique]
        numbers = found.words[start : tokens.rows[row + 1]].tolist()
        assert [unique[number] for number in numbers] == names
