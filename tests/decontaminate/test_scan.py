"""Scans against a naive reference, and against hostile texts."""

from __future__ import annotations

import time
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from curation.decontaminate.config import DecontaminateConfig
from curation.decontaminate.scan import MOST_LISTED, scan
from tests.decontaminate import made

FOLDER: list[Path] = []
WORDS = st.sampled_from(["ab", "Ab", "cd", "ÉF", "éf", "straße", "12", "x", "<EMAIL>", "…", "\n"])
TEXT = st.lists(WORDS, max_size=40).map(" ".join)


@pytest.fixture(scope="module", autouse=True)
def folder(tmp_path_factory: pytest.TempPathFactory) -> None:
    FOLDER.append(tmp_path_factory.mktemp("scan"))


@given(
    texts=st.lists(TEXT, min_size=1, max_size=4, unique_by=lambda text: tuple(text.split())),
    pages=st.lists(TEXT, min_size=1, max_size=3),
    ngram=st.integers(1, 6),
    min_words=st.integers(1, 6),
    copied=st.booleans(),
)
def test_scan_is_as_the_naive_one(
    texts: list[str], pages: list[str], ngram: int, min_words: int, copied: bool
) -> None:
    pages = [*pages, f"before {texts[0]} behind"] if copied else pages
    texts = [f"one two {text}" for text in texts]  # an item without words is no file
    pages = [page.replace("<EMAIL>", "") for page in pages]
    texts = [text.replace("<EMAIL>", "") for text in texts]
    values = {"ngram": ngram, "min_words": min_words, "lists": True, "max_items": None}
    config = made.one(FOLDER[0] / "items.jsonl", texts, **values)
    found = {of.row: of for of in scan(pa.array(pages), config)}
    for row, page in enumerate(pages):
        expected, lines = made.naive(page, texts, config)
        assert (row in found) == bool(expected)
        if expected:
            rows = found[row].texts.to_pylist()
            told = {
                int(of["item"]): (
                    pytest.approx(of["share"]),
                    of["n_words"],
                    of["first_word"],
                    of["last_word"],
                )
                for of in rows
            }
            assert told == expected
            assert np.flatnonzero(found[row].lines).tolist() == sorted(lines)
            for of in rows:
                quoted = [word for word, _ in made.words(page[of["start"] : of["end"]])]
                folded = [word for word, _ in made.words(page)]
                assert quoted == folded[of["first_word"] : of["last_word"] + 1]
                before = page[: of["start"]].count("\n"), page[: of["end"]].count("\n")
                assert (of["first_line"], of["last_line"]) == before


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> DecontaminateConfig:
    return made.config(tmp_path_factory.mktemp("made"))


def test_slices_and_nulls_change_nothing(config: DecontaminateConfig) -> None:
    pages = pa.array(["left out", None, f"Ünd: {made.ALL[0]}", None, made.ALL[2]])[1:]
    found = scan(pages, config)
    assert [of.row for of in found] == [1, 3]
    (row,) = found[0].texts.to_pylist()
    assert pages[1].as_py()[row["start"] : row["end"]] == made.ALL[0].rstrip("?")
    assert (row["share"], row["first_word"], row["n_more"]) == (1, 1, 0)


def test_placeholders_are_no_words(config: DecontaminateConfig) -> None:
    words = made.ALL[0].split()
    page = " ".join([*words[:20], "<EMAIL>", *words[20:]])
    assert scan(pa.array([page]), config)[0].texts["share"].to_pylist() == [1]
    page = " ".join([*words[:15], "mail", *words[15:]])
    assert scan(pa.array([page]), config)[0].texts["share"].to_pylist()[0] < 0.9


def test_how_characters_are_set_hides_nothing(config: DecontaminateConfig) -> None:
    wide = {code: code + 0xFEE0 for code in map(ord, made.ALL[0]) if chr(code).isalnum()}
    pages = [made.ALL[0].replace("'", "\u2019"), made.ALL[0].translate(wide)]
    found = scan(pa.array(pages), config)
    assert [of.texts["share"].to_pylist() for of in found] == [[1], [1]]


def test_min_share(config: DecontaminateConfig, tmp_path: Path) -> None:
    half = " ".join(made.ALL[0].split()[:20])
    (found,) = scan(pa.array([half]), config)
    share = found.texts["share"][0].as_py()
    assert 0.2 < share < 0.8
    more = made.config(tmp_path, min_share=share + 0.01)
    assert scan(pa.array([half]), more) == []
    assert len(scan(pa.array([made.ALL[0]]), more)) == 1


def test_a_page_of_many_items_lists_some_and_counts_the_others(tmp_path: Path) -> None:
    texts = [f"item number{i} of a list that is rather long and goes on" for i in range(130)]
    config = made.one(tmp_path / "many.jsonl", texts)
    (found,) = scan(pa.array(["\n".join(texts)]), config)
    assert found.texts.num_rows == MOST_LISTED
    assert set(found.texts["n_more"].to_pylist()) == {30}
    assert found.lines.all()


def test_hostile_texts(config: DecontaminateConfig, tmp_path: Path) -> None:
    repeated = made.one(tmp_path / "word.jsonl", ["word " * 20, "other " * 20])
    pages = [
        *("word " * 1_000_000, "wordword" * 1_000_000, "\0" * 1_000_000, "\n" * 1_000_000),
        *("..." * 500_000, f"{made.ALL[0]}\n" * 10_000, "", " "),
    ]
    scan(pa.array(["warm"]), config)
    started = time.process_time()
    found = scan(pa.array(pages), config)
    assert [of.row for of in found] == [5]
    assert found[0].texts["n_words"].to_pylist() == [10_000 * len(made.words(made.ALL[0]))]
    assert found[0].lines.sum() == 10_000
    (of_word,) = scan(pa.array(pages[:1]), repeated)
    assert of_word.texts.to_pylist()[0]["n_words"] == 1_000_000
    assert time.process_time() - started < 20


def test_bytes_that_are_no_text(config: DecontaminateConfig) -> None:
    data = made.ALL[0].encode()[:60] + b"\xff\xfe " + made.ALL[0].encode()
    broken = pa.Array.from_buffers(
        pa.string(), 1, [None, pa.py_buffer(np.array([0, len(data)], np.int32)), pa.py_buffer(data)]
    )
    assert len(scan(broken, config)) == 1
