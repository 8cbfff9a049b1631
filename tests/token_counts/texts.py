"""Texts that are hard to cut: of characters which some pattern treats in a way of their own."""

from __future__ import annotations

import pyarrow as pa
from hypothesis import strategies as st

HARD = "aB1'sllſ ,./_-\t\n\r\x0b\x0c\x00\x1c\x85\xa0\u3000\u2028\u200b\u0301é漢。ｅع٣😀\u200d\ufe0f"
_WORDS = ("we'll", " I'S", "\n\n", "  ", " \n", "</s>", "<|endoftext|>", "[SEP]", "Σ", "ﬃ", "1234")
TEXTS = st.lists(
    st.one_of(st.none(), st.lists(st.sampled_from([*HARD, *_WORDS]), max_size=30).map("".join)),
    max_size=6,
)


def strings(texts: list[str | None]) -> pa.StringArray:
    """As a slice of an array that has more, with bytes before it."""
    return pa.array(["before ", *texts], pa.string()).slice(1)
