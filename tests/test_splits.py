from __future__ import annotations

from pathlib import Path

import pytest

from curation.errors import UserError
from curation.ingest.config import InputConfig
from curation.splits import SplitsConfig, find_files, plan, split_of
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
