from __future__ import annotations

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.tokens.tokenise import tokenise
from curation.tokens.vocabulary import find_vocabulary, first_slot
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


@pytest.mark.parametrize("shift", [0, 12, 20, 32, 44])
@pytest.mark.parametrize("secret", [0x1E3779B97F4A7C15, 0x51342543DE82EF95])
def test_keys_that_are_alike_do_not_meet(shift: int, secret: int) -> None:
    """Nor can others be chosen that do, by somebody who does not know the secret."""
    mask = (1 << 16) - 1
    keys = [np.uint64((number << shift) & (1 << 64) - 1) for number in range(1 << 14)]
    with np.errstate(over="ignore"):
        slots = {first_slot.py_func(key, secret, mask) for key in keys}
    assert len(slots) > len(keys) / 3
