"""Toxicity of pages: bounded, blind to what it does not know, and never an error."""

from __future__ import annotations

import time
from itertools import pairwise

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifiers.toxicity import (
    LANGUAGES,
    MOST_STRETCHES,
    measure_toxicity,
    normalise,
    stretches,
)

ABUSE = (
    "You are all fucking idiots and I hate every one of you. Shut up, you stupid bitch, go die. "
)
CALM = (
    "Before grain can be stored it has to be sorted. The heavier grain drops on to the barn floor. "
)
texts = st.text(st.characters(codec="utf-8"), max_size=600)


def toxicity(text: str | None, language: str | None = "en") -> float | None:
    (found,) = measure_toxicity(pa.array([text], pa.string()), [language]).to_pylist()
    return found


@settings(max_examples=150)
@given(st.lists(st.tuples(texts | st.none(), st.sampled_from(["en", "zh", "hi", "ja", None]))))
def test_any_text_has_a_toxicity_or_none(pages: list[tuple[str | None, str | None]]) -> None:
    languages = [language for _, language in pages]
    given_texts = pa.array([text for text, _ in pages], pa.string())
    found = measure_toxicity(given_texts, languages)
    assert found.type == pa.float32()
    assert len(found) == len(pages)
    for value, (text, language) in zip(found.to_pylist(), pages, strict=True):
        assert value is None or 0 <= value <= 1
        assert value is None or (text and language in LANGUAGES)
    for row, (text, language) in enumerate(pages):  # whatever stands beside it
        assert toxicity(text, language) == found[row].as_py()


@pytest.mark.parametrize(
    "text", ["", " \n\t", "\0" * 1000, "\u0301" * 500, "https://a.example/b @user"]
)
def test_what_has_no_words_has_at_most_a_number(text: str) -> None:
    found = toxicity(text)
    assert found is None or 0 <= found <= 1


@pytest.mark.parametrize("text", ["a" * 1_000_000, CALM * 12_000, "打" * 300_000, "\0x" * 500_000])
def test_a_page_of_a_megabyte_costs_no_more_than_its_sample(text: str) -> None:
    language = "zh" if text[0] == "打" else "en"
    toxicity(CALM)
    start = time.process_time()
    found = toxicity(text, language)
    assert time.process_time() - start < 1
    assert found is None or 0 <= found <= 1


def test_toxic_stretches_are_counted_against_the_others() -> None:
    share = [toxicity(ABUSE * n + CALM * (40 - n)) or 0 for n in (0, 10, 20, 40)]
    assert share == sorted(share)
    assert share[0] < 0.1
    assert 0.15 < share[1] < 0.4
    assert share[3] > 0.9


def test_slices_are_read_as_they_are() -> None:
    pages = pa.array([ABUSE, CALM, None, ABUSE])
    languages = ["en"] * 4
    whole = measure_toxicity(pages, languages)
    assert measure_toxicity(pages.slice(1, 2), languages[:2]).equals(whole.slice(1, 2))


@given(texts, st.sampled_from(["en", "zh"]))
def test_stretches_of_a_short_text_are_all_of_it(text: str, language: str) -> None:
    assert "".join(stretches(text, language)) == text


def test_stretches_are_cut_between_words() -> None:
    found = list(stretches(CALM * 20, "en"))
    assert "".join(found) == CALM * 20
    assert len(found) == -(-len(CALM) * 20 // 200)
    assert all(stretch.endswith(" ") for stretch in found)


def test_stretches_of_a_long_text_are_spread_over_it() -> None:
    text = " ".join(f"word{n}" for n in range(100_000))
    found = list(stretches(text, "en"))
    assert len(found) == MOST_STRETCHES
    at = [text.index(stretch) for stretch in found]
    steps = {round((b - a) / len(text) * MOST_STRETCHES, 1) for a, b in pairwise(at)}
    assert steps == {1.0}
    assert all(150 < len(stretch) < 250 and stretch.startswith("word") for stretch in found)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("RT @User_1: See https://t.co/Ab?c=1 NOW!!!", "rt see now"),
        ("In 1999, 12 of 4ssholes", "in 0 0 of 4ssholes"),
        ("Tom &amp; a@b f*ck $hit", "tom a@b f*ck $hit"),
        ("ÄRGER\n\u0395\u03a5 \U0001f600", "ärger ευ"),
        ("他是人ok", "他 是 人 ok"),
    ],
)
def test_normal_form(text: str, expected: str) -> None:
    (found,) = normalise(pa.array([text])).to_pylist()
    assert " ".join(found.split()) == expected
