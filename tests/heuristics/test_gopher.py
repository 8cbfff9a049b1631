from __future__ import annotations

import re

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.arrow_text import text_view
from curation.heuristics.gopher import GopherConfig, decide, filter_batch, measure

CONFIG = GopherConfig()
BULLETS = "•‣◦▪●-"


def naive(text: str) -> dict[str, float]:
    """The definitions, word by word, for scripts with spaces."""
    words = text.split()
    lines = [line.strip() for line in text.split("\n") if line.strip()]
    alphabetic = [w for w in words if any(c.isalpha() for c in w)]
    bare = {re.sub(r"^[\W\d_]+|[\W\d_]+$", "", w).lower() for w in alphabetic if w.isascii()}
    dots = sum(len(run) // 3 for run in re.findall(r"\.+", text))
    per_word, per_line = max(1, len(words)), max(1, len(lines))
    return {
        "n_words": len(words),
        "mean_word_length": sum(map(len, words)) / per_word,
        "hash_ratio": text.count("#") / per_word,
        "ellipsis_ratio": (dots + text.count("…")) / per_word,
        "bullet_lines_ratio": sum(line[0] in BULLETS for line in lines) / per_line,
        "ellipsis_lines_ratio": sum(line.endswith(("...", "…")) for line in lines) / per_line,
        "alphabetic_words_ratio": len(alphabetic) / per_word,
        "n_stop_words": len(bare & set(CONFIG.stop_words["en"])),
    }


def measured(texts: list[str | None], language: str = "en") -> list[dict[str, float]]:
    arrays = measure(pa.array(texts, pa.string()), pa.array([language] * len(texts)), config=CONFIG)
    return pa.RecordBatch.from_pydict(arrays).to_pylist()


spaced_text = st.text(
    st.one_of(
        st.sampled_from("The be to of AND that have with \n\n  ##...…-•.,'1 aéßΩж\u00a0\u2003"),
        st.characters(codec="utf-8", max_codepoint=0x0DFF),
        st.characters(codec="utf-8", min_codepoint=0x1F300, max_codepoint=0x1F600),
    ),
    max_size=60,
)


@settings(max_examples=400)
@given(st.lists(spaced_text, min_size=1, max_size=4))
def test_measures_equal_their_definitions(texts: list[str]) -> None:
    for text, found in zip(texts, measured(list(texts)), strict=True):
        assert found == pytest.approx(naive(text), abs=0)


@given(st.lists(st.none() | spaced_text, max_size=6), st.integers(0, 3), st.booleans())
def test_slices_nulls_and_large_offsets_change_nothing(
    texts: list[str | None], start: int, large: bool
) -> None:
    whole = pa.array(texts, pa.large_string() if large else pa.string())
    part = whole.slice(start)
    languages = pa.array(["en"] * len(part))
    found = measure(part, languages, config=CONFIG)
    again = measure(
        pa.array([t or "" for t in texts[start:]], pa.string()), languages, config=CONFIG
    )
    assert {k: v.to_pylist() for k, v in found.items()} == {
        k: v.to_pylist() for k, v in again.items()
    }


@given(st.lists(st.binary(max_size=40), min_size=1, max_size=3))
def test_broken_utf8_does_not_break_the_kernel(rows: list[bytes]) -> None:
    binary = pa.array(rows, pa.binary())
    texts = pa.StringArray.from_buffers(len(rows), binary.buffers()[1], binary.buffers()[2])
    found = measure(texts, pa.array(["en"] * len(rows)), config=CONFIG)
    assert all(len(values) == len(rows) for values in found.values())


def test_null_rows_that_keep_bytes_are_empty() -> None:
    texts = pa.array(["abc", "def"], pa.string())
    masked = pa.StringArray.from_buffers(
        2, texts.buffers()[1], texts.buffers()[2], pa.py_buffer(np.array([1], np.uint8)), 1
    )
    view = text_view(masked)
    assert view.data[view.offsets[0] : view.offsets[2]].tobytes() == b"abc"


def test_scripts_without_spaces_count_words() -> None:
    chinese, japanese, thai, mixed = measured(
        ["北京是中国的首都。", "日本語のテキスト", "ภาษาไทยไม่มี", "我用 Python 写代码"], "zh"
    )
    assert chinese["n_words"] == 4  # eight characters, two a word; the full stop starts none
    assert japanese["n_words"] == 4
    assert thai["n_words"] == 3
    assert mixed["n_words"] == 4


def page(text: str, language: str = "en") -> list[str]:
    arrays = measure(pa.array([text]), pa.array([language]), config=CONFIG)
    failed = decide(arrays, pa.array([language]), config=CONFIG)[0]
    return [rule.reason.value for rule in failed]


GOOD = "The water of the river comes with the spring and fills that old mill pond. " * 6


def test_plain_prose_passes_every_rule() -> None:
    assert page(GOOD) == []


@pytest.mark.parametrize(
    ("passes", "fails", "reason"),
    [
        ("the of and word and " * 10, "the of and word and " * 9 + "four", "too_few_words"),
        ("the of " * 50_000, "the of " * 50_000 + "one", "too_many_words"),
        ("the of " * 20 + "abcd " * 60, "the of no " * 20, "words_too_short"),
        ("the of " * 30 + "a" * 10 + " ", "the of " + "abcdefghijkl " * 60, "words_too_long"),
        ("the of and # word " + "then " * 49, "the of and # # word " * 12, "too_many_hashes"),
        ("the of and " * 20 + "... " * 6, "the of and " * 20 + "... " * 7, "too_many_ellipses"),
        (
            "- the of and word here\n" * 18 + "the of and word here\n" * 2,
            "- the of and word here\n" * 19 + "the of and word here\n",
            "too_many_bullet_lines",
        ),
        (
            "the of and word here long enough…\n" * 3 + "the of and word here long enough\n" * 7,
            "the of and word here long enough…\n" * 4 + "the of and word here long enough\n" * 6,
            "too_many_ellipsis_lines",
        ),
        ("the of and word 123 " * 12, "the of and 123 123 " * 12, "too_few_alphabetic_words"),
        ("the of word " * 20, "the word more " * 20, "too_few_stop_words"),
    ],
)
def test_each_rule_just_under_and_just_over_its_threshold(
    passes: str, fails: str, reason: str
) -> None:
    assert reason not in page(passes)
    assert reason in page(fails)


def test_rules_that_do_not_apply_to_a_language_pass() -> None:
    assert "too_few_stop_words" not in page("der die das und " * 20, "de")
    assert "words_too_short" not in page("我们都是好人。" * 40, "zh")
    assert "words_too_short" in page("a b c d " * 40, "de")


def test_the_batch_function_gives_the_first_reason_and_all_failed_rules() -> None:
    batch = pa.RecordBatch.from_pydict(
        {
            "text": ["# # # #", GOOD],
            "language": ["en", "en"],
            "drop_reason": pa.nulls(2, pa.string()),
            "detail": pa.nulls(2, pa.string()),
        }
    )
    rows = filter_batch(batch, config=CONFIG).to_pylist()
    assert rows[0]["drop_reason"] == "too_few_words"
    assert rows[0]["detail"] == "n_words 4 under 50"
    assert rows[0]["failed_rules"] == [
        "too_few_words",
        "words_too_short",
        "too_many_hashes",
        "too_few_alphabetic_words",
        "too_few_stop_words",
    ]
    assert (rows[1]["drop_reason"], rows[1]["failed_rules"]) == (None, None)
    assert rows[1]["n_words"] == 90
