"""Tokens by words are those that the tokeniser makes of whole texts, whatever is in these."""

from __future__ import annotations

import json
from collections.abc import Sequence

import numpy as np
import numpy.typing as npt
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from tokenizers import Tokenizer, normalizers, pre_tokenizers

from classifiers.encoder import words
from classifiers.encoder.words import BREAKS, OTHER, Words, keeps_blanks
from tests.encoder.models import byte_tokenizer, word_tokenizer

_PARTS = (
    *("a", "b", "The", "don't", "'ll", "'re ", " 's", "a1b2", "3.14", "C++", "(x)", "--", "'"),
    *(" ", "  ", "\n", "\n\n", "\t", " \n", "\r\n", "\v", "\f", "\x1c", "\x7f", "\0"),
    *("\u00a0", "\u3000", "\u2028", "\x85", "\u200b", "\u1680", "\u205f", "\ufeff", "\ufffd"),
    *("é", "e\u0301", "\u0301", "ﬁ", "水文", "Σ", "ß", "İ", "😀", "٣", "x" * 300, "x" * 1100),
)
_TEXT = st.lists(st.one_of(st.sampled_from(_PARTS), st.text(max_size=3)), max_size=30).map("".join)
_NEEDED = 64


class _Counting:
    """What a tokeniser makes of words, and how many it was asked for."""

    def __init__(self, tokenizer: Tokenizer) -> None:
        self.asked: list[str] = []
        self._tokenizer = tokenizer

    def __call__(self, texts: Sequence[str]) -> list[npt.NDArray[np.int32] | None]:
        self.asked += texts
        made = self._tokenizer.encode_batch_fast(list(texts), add_special_tokens=False)
        return [np.array(one.ids, np.int32) for one in made]


@pytest.fixture(scope="module", params=[word_tokenizer, byte_tokenizer])
def known(request: pytest.FixtureRequest) -> tuple[_Counting, Words]:
    tokenizer = request.param()
    encode = _Counting(tokenizer)
    return encode, Words(encode, blanks=request.param is byte_tokenizer)


@settings(max_examples=400, deadline=None)
@given(texts=st.lists(_TEXT, max_size=4))
def test_tokens_by_words_are_those_of_the_text(
    known: tuple[_Counting, Words], texts: list[str]
) -> None:
    encode, memory = known
    found, counts = memory.first_tokens([text.encode() for text in texts], _NEEDED)
    for row, count, text in zip(found, counts, texts, strict=True):
        if count != OTHER:
            (expected,) = encode([text])
            assert expected is not None
            assert row[:count].tolist() == expected[:_NEEDED].tolist()


def test_most_texts_are_read_by_words(known: tuple[_Counting, Words]) -> None:
    _, memory = known
    texts = ["The water's edge,\n\n  3.5 m (é) \t deep:  水 +\n", "", " \n ", "a\u00a0b c"]
    assert (memory.first_tokens([text.encode() for text in texts], _NEEDED)[1] != OTHER).all()


def test_a_word_is_tokenised_once(known: tuple[_Counting, Words]) -> None:
    encode, memory = known
    text = b"never before never again"
    memory.first_tokens([text, text], _NEEDED)
    encode.asked.clear()
    memory.first_tokens([b"again never before", text], _NEEDED)
    assert [word for word in encode.asked if word.strip() != "again"] == []


def test_memory_that_is_full_begins_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(words, "_MOST_WORDS", 50)
    tokenizer = byte_tokenizer()
    memory = Words(_Counting(tokenizer), blanks=True)
    for first in range(0, 400, 20):
        text = " ".join(f"w{number}é" for number in range(first, first + 20))
        found, counts = memory.first_tokens([text.encode()], 500)
        assert (
            found[0, : counts[0]].tolist() == tokenizer.encode(text, add_special_tokens=False).ids
        )
    assert memory._known <= 71


def test_a_word_that_breaks_the_tokeniser_breaks_its_text() -> None:
    one = np.array([7], np.int32)
    memory = Words(lambda asked: [None if "bad" in word else one for word in asked], blanks=False)
    found, counts = memory.first_tokens([b"good", b"good bad good", None], 8)
    assert counts.tolist() == [1, BREAKS, OTHER]
    assert found[0, 0] == 7


def test_other_tokenisers_are_not_taken_for_these() -> None:
    def asked(tokenizer: Tokenizer) -> bool | None:
        return keeps_blanks(json.loads(tokenizer.to_str()))

    assert asked(byte_tokenizer()) is True
    assert asked(word_tokenizer()) is False
    other = byte_tokenizer()
    other.normalizer = normalizers.NFKC()
    assert asked(other) is None
    other = byte_tokenizer()
    other.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=True)
    assert asked(other) is None
    other.pre_tokenizer = pre_tokenizers.Metaspace()
    assert asked(other) is None
