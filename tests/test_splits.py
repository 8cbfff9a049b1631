from __future__ import annotations

from collections import Counter
from pathlib import Path

import pytest

from curation.errors import UserError
from curation.ingest.config import InputConfig
from curation.splits import Split, SplitsConfig, draw, find_files, plan, split_of
from curation.storage import FileInfo


def crawl(*paths: str, **values: object) -> InputConfig:
    return InputConfig(paths=paths, **values)  # type: ignore[arg-type]


def test_files_are_cut_into_equal_ranges_that_cover_them() -> None:
    files = [[FileInfo("/a.warc.gz", 250_001, ""), FileInfo("/b.warc.gz", 100, "")]]
    splits = plan([crawl("/")], files, SplitsConfig(target_bytes=100_000))
    ranges = [(s.number, s.uri, s.start, s.end) for s in splits]
    assert ranges == [
        (0, "/a.warc.gz", 0, 83_333),
        (1, "/a.warc.gz", 83_333, 166_667),
        (2, "/a.warc.gz", 166_667, 250_001),
        (3, "/b.warc.gz", 0, 100),
    ]


def test_compressed_lines_are_one_split_and_empty_files_too() -> None:
    files = [[FileInfo("/a.jsonl.gz", 10**9, ""), FileInfo("/b.warc", 0, "")]]
    splits = plan([crawl("/")], files, SplitsConfig())
    assert [(s.format, s.start, s.end) for s in splits] == [("jsonl", 0, 10**9), ("warc", 0, 0)]


def test_a_position_tells_its_split() -> None:
    files = [[FileInfo("/a.warc.gz", 10**9, "")]]
    splits = plan([crawl("/")], files, SplitsConfig(target_bytes=1 << 20))
    assert all(split_of(s.first_position + 4_000_000_000) == s.number for s in splits)


def test_files_are_found_in_folders_and_patterns_each_once(tmp_path: Path) -> None:
    for name in ("a.warc.gz", "b.warc.gz", "deep/c.warc"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_bytes(b"x")
    (found,) = find_files([crawl(str(tmp_path), f"{tmp_path}/*.gz")])
    assert [f.uri.removeprefix(f"{tmp_path}/") for f in found] == [
        "a.warc.gz",
        "b.warc.gz",
        "deep/c.warc",
    ]


@pytest.mark.parametrize(
    ("path", "message"),
    [
        ("nowhere.warc.gz", "nowhere.warc.gz: no such file, and no folder"),
        ("*.warc.gz", "no file matches"),
        ("empty", "no folder with files of a known format"),
    ],
)
def test_input_that_is_not_there_is_named(tmp_path: Path, path: str, message: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(UserError, match=message.replace("*", r"\*")):
        find_files([crawl(str(tmp_path / path))])


def test_a_name_that_tells_no_format_is_an_error_unless_the_recipe_does(tmp_path: Path) -> None:
    path = tmp_path / "crawl.dat"
    path.write_bytes(b"x")
    with pytest.raises(UserError, match=r"crawl\.dat: its name does not tell its format"):
        find_files([crawl(str(path))])
    assert find_files([crawl(str(path), format="warc")])[0][0].uri == str(path)


def many(input_number: int, count: int, first: int = 0) -> list[Split]:
    return [
        Split(first + n, input_number, "warc", f"/{input_number}.warc", 10**9, n * 9, n * 9 + 9)
        for n in range(count)
    ]


def test_of_many_splits_a_sample_reads_few_and_all_of_their_pages() -> None:
    splits = many(0, 5000) + many(1, 20_000, first=5000)
    drawn = draw(splits, 0.1, seed=1)
    assert [sum(split.input == n for split in drawn) for n in (0, 1)] == [500, 2000]
    assert {split.sample for split in drawn} == {1.0}
    assert drawn == sorted(drawn, key=lambda split: split.number)
    assert set(drawn) <= set(splits)
    assert draw(splits[::-1], 0.1, seed=1) == drawn
    assert draw(splits, 0.1, seed=2) != drawn


def test_a_sample_is_of_a_hundred_splits_where_there_are_as_many() -> None:
    drawn = draw(many(0, 400) + many(1, 3, first=400), 0.01, seed=1)
    assert Counter(split.input for split in drawn) == {0: 100, 1: 3}
    assert [split.sample for split in drawn] == [pytest.approx(0.04)] * 100 + [0.01] * 3


def test_a_sample_of_everything_is_everything() -> None:
    assert draw(many(0, 300), 1.0, seed=1) == many(0, 300)
