from __future__ import annotations

import gzip
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from curation.errors import UserError
from curation.training.config import TrainConfig
from curation.training.lists import check_columns, find_lists, read_pages
from tests.training import pages

ENGLISH = "The river has its origin in the hills and was described by travellers long ago. " * 3
ROWS: list[pages.Row] = [
    {"url": "https://A.example:443/x?y", "text": ENGLISH, "language": None},
    {"url": "no URL", "text": "kurz", "language": "de"},
    {"url": None, "text": None, "language": "en"},
]
CONFIG = TrainConfig()
EXPECTED = [
    {"text": ENGLISH, "language": "en", "host": "a.example"},
    {"text": "kurz", "language": "de", "host": None},
    {"text": None, "language": "en", "host": None},
]


def read(path: str, config: TrainConfig = CONFIG) -> list[dict[str, object]]:
    (listed,) = find_lists([path], [])
    check_columns(listed, config)
    return [row for batch in read_pages(listed, config) for row in batch.to_pylist()]


def test_both_formats_give_the_same(tmp_path: Path) -> None:
    lines = pages.jsonl(tmp_path / "a.jsonl", ROWS)
    (tmp_path / "b.jsonl.gz").write_bytes(gzip.compress(Path(lines).read_bytes() + b"\n"))
    table = pages.parquet(tmp_path / "c.parquet", ROWS)
    for path in (lines, str(tmp_path / "b.jsonl.gz"), table):
        assert read(path) == EXPECTED


def test_a_host_that_is_told_goes_before_the_url_and_columns_have_names(tmp_path: Path) -> None:
    rows: list[pages.Row] = [
        {"body": "x", "lang": "de", "host": "b.example", "url": "https://a.example/"}
    ]
    rows += [{**rows[0], "host": None}]
    path = pages.parquet(tmp_path / "a.parquet", rows)
    found = read(path, TrainConfig(text="body", language="lang"))
    assert [row["host"] for row in found] == ["b.example", "a.example"]
    assert found[0] == {"text": "x", "language": "de", "host": "b.example"}


def test_strings_of_other_types_are_read(tmp_path: Path) -> None:
    table = pa.table(
        {
            "text": pa.array(["x"], pa.large_string()),
            "language": pa.array(["de"]).dictionary_encode(),
            "host": ["a.example"],
        }
    )
    pq.write_table(table, tmp_path / "a.parquet")
    assert read(str(tmp_path / "a.parquet")) == [
        {"text": "x", "language": "de", "host": "a.example"}
    ]


@pytest.mark.parametrize(
    ("name", "content", "message"),
    [
        ("a.jsonl", b'{"url": "x"}\n', "has no column 'text' .it has url.: see --text"),
        ("a.jsonl", b'{"text": "x"}\n', "has no column 'host' or 'url' .it has text.: hosts are"),
        ("a.jsonl", b'{"text": "x", "url": "y"}\n\n{"te', "line 3 cannot be read"),
        ("a.jsonl", b"[1]\n", "line 1 is no JSON object"),
        (
            "a.jsonl.gz",
            gzip.compress(b'{"text": "x", "url": "y"}\n' * 9, mtime=0)[:-9],
            "cannot be read",
        ),
        ("a.parquet", b"PAR1xxxxPAR1", "is no Parquet file"),
        ("a.warc.gz", b"x", "is warc: give pages as Parquet or JSONL"),
    ],
)
def test_what_is_no_list_is_refused(
    tmp_path: Path, name: str, content: bytes, message: str
) -> None:
    (tmp_path / name).write_bytes(content)
    with pytest.raises(UserError, match=message):
        read(str(tmp_path / name))


def test_a_file_is_of_one_class(tmp_path: Path) -> None:
    path = pages.jsonl(tmp_path / "a.jsonl", ROWS)
    assert len(find_lists([path, str(tmp_path)], [])) == 1
    with pytest.raises(UserError, match="is among the positive and the negative pages"):
        find_lists([path], [str(tmp_path / "*.jsonl")])
