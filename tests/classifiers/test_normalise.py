"""The compiled normalisation against a plain one, and literal rows."""

from __future__ import annotations

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifiers.normalise import normalise
from tests.classifiers.naive_normalise import normalise_one

ODD = (
    'aZé\u0130ßǅΣ\u023a\u1e9e0７٣.!?。！？…:;"”» \t\n\v\f\r\x00\x1f\x7f\x85\xa0\u2028\u2029\u3000'
    "\u200b\u200c\u200d\xad\ufeff\u0301\u0338\ufe0f\u20e3👍🏽한中々ーかｶﾞกี້ຂកမဿⅧ²Ⓐ〇_-=#⇥⏎\ufffd\ue000"
)
odd_texts = st.text(st.sampled_from(ODD), max_size=60) | st.text(
    st.characters(codec="utf-8"), max_size=60
)
some_bytes = st.binary(max_size=24) | st.lists(
    st.sampled_from(
        [b"\xff", b"\xe0\x80\x80", b"\xed\xa0\x80", b"\xf0\x80\x80\x80", b"\xc3", b"\xe2\x82"]
    )
    | odd_texts.map(str.encode)
).map(b"".join)


def one(text: str) -> str:
    return normalise(pa.array([text], pa.string()))[0].as_py()


def strings(texts: list[bytes]) -> pa.StringArray:
    """Of any bytes, whatever Arrow says of them."""
    return pa.array(texts, pa.binary()).view(pa.string())


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Hello, World....", "hello , world ... ⏎a."),
        ("foo_bar 12,345 don't", "foo _ bar 0 , 0 don ' t ⏎b"),
        ("  if (x == 3) {\n\treturn;\n", "⇥ if ( x == 0 ) { ⏎a ⇥ return ; ⏎a."),
        (" one blank\n\n \t\n  \n", "one blank ⏎a"),
        ("one two three four five six seven eight nine ten", None),
        ("中文字。\r\nก็ดี", "中 文 字 。 ⏎a. ก็ ดี ⏎a"),
        ("Cafe\u0301 I\u0307 \u0130Z e\xadx", "cafe\u0301 i\u0307 iz ex ⏎b"),
        ("__label__x", "__ label __ x ⏎a"),
        ("👍🏽👍👍👍👍 1\ufe0f\u20e3", "👍👍👍 0 ⏎a"),
        ("\u0301\u200d\ufeff\n\0\x1f\u3000", ""),
        ("a\u2028b\x85c\vd", "a ⏎a b ⏎a c ⏎a d ⏎a"),
        ("a\xa0b\u200bc", "a b c ⏎a"),
        ("", ""),
    ],
)
def test_tokens(text: str, expected: str | None) -> None:
    assert one(text) == (f"{text} ⏎c" if expected is None else expected)


@settings(max_examples=500)
@given(st.lists(odd_texts | st.none()), st.integers(0, 3), st.integers(0, 3))
def test_the_kernel_does_as_the_plain_form(
    texts: list[str | None], before: int, after: int
) -> None:
    whole = pa.array([*["Before 1"] * before, *texts, *["After"] * after], pa.string())
    expected = [None if text is None else normalise_one(text.encode()) for text in texts]
    found = normalise(whole.slice(before, len(texts)))
    found.validate(full=True)
    assert found.to_pylist() == expected


@settings(max_examples=500)
@given(st.lists(some_bytes))
def test_any_bytes_become_valid_text(texts: list[bytes]) -> None:
    found = normalise(strings(texts))
    found.validate(full=True)
    assert found.to_pylist() == [normalise_one(text) for text in texts]


def test_every_character_alone() -> None:
    codes = (*range(0xD800), *range(0xE000, 0x20000), *range(0xDFFF0, 0xE1010))
    characters = [chr(code) for code in codes]
    texts = [f"a{character}b" for character in characters]
    found = normalise(pa.array(texts, pa.string())).to_pylist()
    assert found == [normalise_one(text.encode()) for text in texts]


@pytest.mark.parametrize(
    "text", [b"\xff\n", b"\t\xff\n", b".\n", b"\xff!", "Ⱥ".encode(), b"\t\xff"]
)
def test_there_is_room_for_what_grows_most(text: bytes) -> None:
    for times in (1, 1000):
        assert normalise(strings([text * times]))[0].as_py() == normalise_one(text * times)


def test_a_large_string_array_and_an_empty_one() -> None:
    assert normalise(pa.array(["A"], pa.large_string())).to_pylist() == ["a ⏎a"]
    assert normalise(pa.array([], pa.string())).to_pylist() == []
