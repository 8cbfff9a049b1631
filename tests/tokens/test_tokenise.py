from __future__ import annotations

import sys
import unicodedata

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.arrow_text import text_view
from curation.tokens.names_kernel import name_of
from curation.tokens.tokenise import (
    ALPHABETIC,
    CAPITAL,
    CLOSING_QUOTE,
    END,
    LOWER_CASE,
    NUMERIC,
    UNSPACED_WORD,
    WORD,
    Tokens,
    tokenise,
)
from curation.tokens.unicode import DIGIT, LOWER, UPPER
from tests.tokens.naive import fold, naive_tokens, properties, spell, texts, words_of


def facts(tokens: Tokens, row: int) -> list[tuple[str, int, int, int]]:
    columns = (tokens.characters, tokens.names, tokens.kinds)
    start, end = tokens.rows[row], tokens.rows[row + 1]
    return list(zip(spell(tokens, row), *(c[start:end].tolist() for c in columns), strict=True))


@settings(max_examples=600)
@given(texts)
def test_tokens_are_those_of_the_definition(text: str) -> None:
    tokens = tokenise(pa.array([text], pa.string()))
    found = facts(tokens, 0)
    assert [word for word, *_ in found] == naive_tokens(text)
    for word, characters, name, _ in found:
        assert characters == len(word)
        assert name == name_of(word)


@given(st.lists(texts | st.none(), max_size=5), st.integers(0, 3), st.booleans())
def test_slices_nulls_and_large_offsets_change_nothing(
    rows: list[str | None], start: int, large: bool
) -> None:
    whole = pa.array(rows, pa.large_string() if large else pa.string())
    tokens = tokenise(whole.slice(start))
    for row, text in enumerate(rows[start:]):
        assert facts(tokens, row) == facts(tokenise(pa.array([text or ""], pa.string())), 0)


@given(st.lists(st.binary(max_size=30), min_size=1, max_size=3))
def test_bytes_that_are_no_utf8_change_nothing_in_other_rows(rows: list[bytes]) -> None:
    rows = [*rows, b"The end."]
    binary = pa.array(rows, pa.binary())
    broken = pa.StringArray.from_buffers(len(rows), binary.buffers()[1], binary.buffers()[2])
    tokens = tokenise(broken)
    assert spell(tokens, len(rows) - 1) == ["The", "end", "."]
    inside = tokens.starts[: tokens.rows[-1]] < tokens.ends[: tokens.rows[-1]]
    assert inside.all()


def test_null_rows_that_keep_bytes_are_empty() -> None:
    texts = pa.array(["abc", "def"], pa.string())
    null_second = pa.py_buffer(np.array([1], np.uint8))
    masked = pa.StringArray.from_buffers(2, *texts.buffers()[1:], null_second, 1)
    view = text_view(masked)
    assert view.data[view.offsets[0] : view.offsets[2]].tobytes() == b"abc"


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("Don't stop: it's 3.14, e.g. at foo_bar.", "Don't stop it's 3.14 e.g at foo_bar"),
        ("北京是中国的首都。", "北京 是 中国 的 首都"),
        ("我们都是好人，今天天气很好。", "我们 都 是 好人 今天 天气 很 好"),
        ("東京都庁へ行きました。", "東京 都庁 へ 行き まし た"),
        ("日本語のテキストを分割する", "日本語 の テキスト を 分割 する"),
        ("ภาษาไทยไม่มีช่องว่างระหว่างคำ", "ภาษา ไทย ไม่มี ช่อง ว่าง ระหว่าง คำ"),
        ("ພາສາລາວບໍ່ມີຊ່ອງຫວ່າງ", "ພາສາ ລາວ ບໍ່ມີ ຊ່ອງຫວ່າງ"),
        ("ភាសាខ្មែរមិនមាន", "ភាសាខ្មែរ មិន មាន"),
        ("မြန်မာဘာသာစကား", "မြန်မာဘာသာ စကား"),
        ("한국어 텍스트입니다.", "한국어 텍스트입니다"),
        ("他写了 Python3 代码", "他 写 了 Python3 代码"),
    ],
)
def test_words_are_those_that_a_reader_sees(text: str, words: str) -> None:
    assert words_of(text) == words.split()


@pytest.mark.parametrize(
    ("word", "kind"),
    [
        ("mill", WORD | ALPHABETIC | LOWER_CASE),
        ("Ärger", WORD | ALPHABETIC | LOWER_CASE | CAPITAL),
        ("1984", WORD | NUMERIC),
        ("h2o", WORD | ALPHABETIC | LOWER_CASE | NUMERIC),
        ("水", WORD | ALPHABETIC | UNSPACED_WORD),
        ("!", END),
        ("。", END),
        ("”", CLOSING_QUOTE),
        ("(", 0),
        ("½", WORD),
    ],
)
def test_a_token_has_the_kinds_of_its_characters(word: str, kind: int) -> None:
    tokens = tokenise(pa.array([word]))
    assert tokens.kinds[: tokens.rows[-1]].tolist() == [kind]


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("STRASSE", "straße"),
        ("ΣΊΣΥΦΟΣ", "σίσυφος"),
        ("ОБЪЕКТ", "объект"),
        ("ﬁne", "FINE"),
        ("Janet’s", "janet's"),
        ("O\u02bcBrien", "o'brien"),
        ("ＡＢＣ１２", "abc12"),
        ("x²", "x2"),
        ("İSTANBUL", "i̇stanbul"),
        ("中國", "中国"),
        ("كِتَاب", "كتاب"),
        ("שָׁלוֹם", "שלום"),
    ],
)
def test_forms_of_one_word_have_one_name(one: str, other: str) -> None:
    assert name_of(one) == name_of(other)


@given(st.text(min_size=1, max_size=5), st.text(min_size=1, max_size=5))
def test_other_words_have_other_names(one: str, other: str) -> None:
    assert (name_of(one) == name_of(other)) == (fold(one) == fold(other))


def compatible(character: str) -> str:
    """Case folding and NFKC until nothing changes; an apostrophe is one by any of its names."""
    folded = "".join(unicodedata.normalize("NFKC", one) for one in character.casefold())
    folded = folded.casefold()
    return folded.replace("\u02bc", "'") if folded == character else compatible(folded)


def test_the_tables_agree_with_pythons_own() -> None:
    """Of the characters that both know: what Unicode promises never to change."""
    for code in range(sys.maxunicode + 1):
        character = chr(code)
        category = unicodedata.category(character)
        if category in ("Cn", "Cs"):
            continue
        word = properties(character)
        assert bool(word & DIGIT) == (category == "Nd")
        assert bool(word & UPPER) >= (category == "Lu")
        assert bool(word & LOWER) >= (category == "Ll")
        if category in ("Lu", "Ll", "Lt"):
            assert fold(character) == compatible(character)
