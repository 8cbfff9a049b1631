"""Benchmark files and their index: what is read, what is not looked for, and what is refused."""

from __future__ import annotations

import gzip
import json
import unicodedata
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard

from curation.decontaminate.config import Benchmark, DecontaminateConfig
from curation.decontaminate.index import check_benchmarks, load_index, notes
from curation.decontaminate.read import read_texts
from curation.decontaminate.scan import scan
from curation.errors import UserError
from tests.decontaminate import made


def test_every_form_of_file_gives_the_same_texts(tmp_path: Path) -> None:
    lines = made.write(tmp_path / "a.jsonl", made.SUMS).read_bytes()
    (tmp_path / "a.jsonl.gz").write_bytes(gzip.compress(lines))
    (tmp_path / "a.jsonl.zst").write_bytes(zstandard.compress(lines))
    pq.write_table(pa.Table.from_pylist(list(made.SUMS)), tmp_path / "a.parquet")
    read = [
        read_texts(Benchmark(name="a", path=str(tmp_path / name)))
        for name in ("a.jsonl", "a.jsonl.gz", "a.jsonl.zst", "a.parquet")
    ]
    assert read[0] == read[1] == read[2] == read[3]
    assert [text[:2] for text in read[0]][:3] == [
        ("0", "question"),
        ("0", "answer"),
        ("1", "question"),
    ]


def test_columns_ids_and_lists(tmp_path: Path) -> None:
    rows = [{"id": 7, "choices": ["one", "two"], "n": 5, "text": None}, {"id": 8, "choices": ["a"]}]
    path = str(made.write(tmp_path / "a.jsonl", rows))
    found = read_texts(Benchmark(name="a", path=path, columns=("choices",), id="id"))
    assert found == [("7", "choices", "one\ntwo"), ("8", "choices", "a")]


@pytest.mark.parametrize(
    ("content", "benchmark", "message"),
    [
        ("\n", {}, "has no rows"),
        ('{"a": 1}', {}, "has no text to look for"),
        ("{", {}, "line 1 is no JSON"),
        ("[1]", {}, "line 1 is no JSON object"),
        ('{"a": "x"}', {"columns": ("b",)}, r"row 0 has no 'b' \(it has a\)"),
        ('{"a": "x"}', {"id": "b"}, "row 0 has no 'b'"),
        ("", {"columns": ("a",)}, "has no rows"),
        ('{"a": 5}', {}, "has no text to look for: name its 'columns'"),
        ('{"a": " "}', {"columns": ("a",)}, "has no text to look for: no words in its 'columns'"),
        ('{"a": 5}', {"columns": ("a",)}, "row 0: 'a' is neither text nor texts"),
    ],
)
def test_what_is_no_benchmark(
    tmp_path: Path, content: str, benchmark: dict[str, Any], message: str
) -> None:
    (tmp_path / "a.jsonl").write_text(content)
    with pytest.raises(UserError, match=message):
        read_texts(Benchmark(name="a", path=str(tmp_path / "a.jsonl"), **benchmark))


@pytest.mark.parametrize(
    ("name", "message"),
    [
        ("a.jsonl.gz", "cannot be unpacked"),
        ("a.parquet", "is no Parquet file"),
        ("none.jsonl", "no such file"),
    ],
)
def test_files_that_cannot_be_read(tmp_path: Path, name: str, message: str) -> None:
    if name != "none.jsonl":
        (tmp_path / name).write_bytes(b"neither")
    with pytest.raises(UserError, match=message):
        read_texts(Benchmark(name="a", path=str(tmp_path / name)))


def test_another_file_than_the_pinned_one(tmp_path: Path) -> None:
    config = made.one(tmp_path / "a.jsonl", ["nine words that are enough to be looked for here"])
    made.write(tmp_path / "a.jsonl", [{"text": "other"}])
    with pytest.raises(UserError, match="sha256 is another"):
        load_index(config)


def test_what_is_not_looked_for_is_told(tmp_path: Path) -> None:
    told = load_index(made.config(tmp_path)).told
    assert told["sums"].items == 3
    assert (told["sums"].texts, told["sums"].short_texts, told["sums"].unsought_items) == (6, 2, 1)
    assert told["programs"].unsought_texts == 0
    (note,) = notes(made.config(tmp_path))
    assert note.startswith(
        "sums: not looked for are 2 of 6 texts (2 have too few words), so 1 of 3"
    )


def test_runs_that_many_items_have(tmp_path: Path) -> None:
    common = "Answer the following question with one of the letters below, and with nothing else"
    texts = [f"{common}: what is the colour of thing{i}?" for i in range(12)] + [common]
    told = load_index(made.one(tmp_path / "a.jsonl", texts)).told["made"]
    assert (told.unsought_items, told.unsought_texts, told.short_texts) == (1, 1, 0)
    assert told.common_runs == 12 * 7 + 2  # of 19 common words, and of 14
    config = made.one(tmp_path / "a.jsonl", texts, max_items=13)
    assert load_index(config).told["made"].unsought_items == 0
    assert scan(pa.array([common]), made.one(tmp_path / "a.jsonl", texts)) == []
    assert len(scan(pa.array([common]), config)[0].texts) == 13


def _words(count: int, of: object) -> str:
    return " ".join(f"word{n}of{of}" for n in range(count))


def _found(path: Path, rows: list[dict[str, Any]], page: str) -> list[str]:
    """The items of which something is found; all items are looked for."""
    benchmark = Benchmark(name="made", path=str(made.write(path, rows)))
    config = DecontaminateConfig(benchmarks=(benchmark,)).pinned()
    assert load_index(config).told["made"].unsought_items == 0
    return [row["item"] for of in scan(pa.array([page]), config) for row in of.texts.to_pylist()]


def test_a_question_with_each_of_many_answers_is_looked_for(tmp_path: Path) -> None:
    pairs = [(question, answer) for question in range(50) for answer in range(11)]
    rows = [{"q": _words(20, question), "a": f"answer{answer}"} for question, answer in pairs]
    assert _found(tmp_path / "a.jsonl", rows, _words(20, 7)) == ["77"]  # the first that has it
    rows = [{"q": f"{_words(20, question)} answer{answer}"} for question, answer in pairs]
    found = _found(tmp_path / "a.jsonl", rows, _words(20, 7))
    assert sorted(found) == [str(row) for row in range(77, 87)]  # max_items of them
    rows += [{"q": _words(20, question)} for question in range(50)]
    assert len(_found(tmp_path / "a.jsonl", rows, _words(20, 7))) == 10


def test_frames_of_items_are_not_looked_for(tmp_path: Path) -> None:
    frame = _words(15, "frame")
    alone = [{"frame": frame, "q": _words(20, item)} for item in range(20)]
    assert _found(tmp_path / "a.jsonl", alone, frame) == []
    assert _found(tmp_path / "a.jsonl", alone, _words(20, 7)) == ["7"]
    some = [{"q": f"{frame if item < 12 else ''} {_words(30, item)}"} for item in range(40)]
    assert _found(tmp_path / "a.jsonl", some, frame) == []
    assert _found(tmp_path / "a.jsonl", some, _words(30, 7)) == ["7"]
    few = [{"frame": frame, "q": _words(20, item)} for item in range(10)]
    assert _found(tmp_path / "a.jsonl", few, frame) == ["0"]


def test_lists_of_numbers_are_not_looked_for(tmp_path: Path) -> None:
    numbers = " ".join(map(str, range(1, 21)))
    letters = "a b c d e f g h i j k l m n"
    texts = [numbers, letters, f"{numbers} and so on"]
    config = made.one(tmp_path / "a.jsonl", texts)
    told = load_index(config).told["made"]
    assert (told.unsought_items, told.unsought_texts) == (2, 2)
    assert scan(pa.array([f"page {numbers} page {letters}"]), config) == []
    assert len(scan(pa.array([numbers]), made.one(tmp_path / "a.jsonl", texts, lists=True))) == 1


def test_a_benchmark_of_which_nothing_is_looked_for(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="benchmark 'made': none of its 2 items can be looked for"):
        check_benchmarks(made.one(tmp_path / "a.jsonl", ["few words", "1 2 3"]))


def test_the_index_is_the_same_whatever_the_path(tmp_path: Path) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
    first, second = made.config(tmp_path / "one"), made.config(tmp_path / "two")
    for of_first, of_second in zip(
        load_index(first).lookup, load_index(second).lookup, strict=True
    ):
        assert of_first.tolist() == of_second.tolist()
    assert not load_index(first).lookup.hashes.flags.writeable


def test_two_of_a_name(tmp_path: Path) -> None:
    from curation.recipe import load

    path = made.write(tmp_path / "a.jsonl", made.SUMS)
    listed = json.dumps([{"name": "a", "path": str(path)}] * 2)
    with pytest.raises(UserError, match=r"two of 'decontaminate\.benchmarks' are named 'a'"):
        load("default", paths=["x.warc"], overrides=[f"decontaminate={{benchmarks: {listed}}}"])


def test_relative_paths_count_from_the_recipe(tmp_path: Path) -> None:
    from curation.recipe import load

    (tmp_path / "r.yaml").write_text(
        "name: r\ninputs: [{name: crawl, paths: [in]}]\n"
        "decontaminate: {benchmarks: [{name: a, path: b/a.jsonl}]}\n"
    )
    config = load(str(tmp_path / "r.yaml")).decontaminate
    assert isinstance(config, DecontaminateConfig)
    assert config.benchmarks[0].path == str(tmp_path / "b" / "a.jsonl")


def test_texts_are_tidied_as_pages_are(tmp_path: Path) -> None:
    plain = "Où est la bibliothèque municipale et à quelle heure ouvre elle le dimanche"
    odd = unicodedata.normalize("NFD", plain).replace("heure", "heu\u00adre").replace("la", "l\0a")
    config = made.one(tmp_path / "a.jsonl", [f"  {odd}\u200b\r\n", "\u00ad\n"])
    (text,) = read_texts(config.benchmarks[0])
    assert text.text == plain
    assert len(scan(pa.array([plain]), config)) == 1


def test_halves_of_characters_are_left_out(tmp_path: Path) -> None:
    row = b'{"i\\ud83d": "7\\ud83d", "q\\ud83d": "nine words \\ud83dthat are enough to look for"}'
    (tmp_path / "a.jsonl").write_bytes(row)
    benchmark = Benchmark(name="a", path=str(tmp_path / "a.jsonl"), id="i\ud83d")
    assert read_texts(benchmark) == [("7", "q", "nine words that are enough to look for")]


def test_bytes_in_parquet_that_are_no_text(tmp_path: Path) -> None:
    offsets, data = np.array([0, 2, 4], np.int32), b"ab\xff\xfe"
    broken = pa.StringArray.from_buffers(2, pa.py_buffer(offsets), pa.py_buffer(data))
    pq.write_table(pa.table({"q": broken}), tmp_path / "a.parquet")
    with pytest.raises(UserError, match=r"a\.parquet: row 1 cannot be read: .*utf-8"):
        read_texts(Benchmark(name="a", path=str(tmp_path / "a.parquet")))
