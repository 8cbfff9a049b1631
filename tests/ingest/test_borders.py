"""Borders of records and the streams between them."""

from __future__ import annotations

from pathlib import Path

import pytest

from curation.ingest.borders import Member, Plain, find_border, is_gzip, is_padding
from curation.storage import RangeReader
from tests.ingest.warcs import bgzf, http, member, record, save

FIRST, SECOND = record(http(b"<p>one"), record_id="1"), record(http(b"<p>two"), record_id="2")


def reader(folder: Path, data: bytes, name: str = "x.warc.gz") -> RangeReader:
    return RangeReader(save(folder, name, data), len(data))


@pytest.mark.parametrize(
    ("data", "name", "expected"),
    [
        (member(FIRST), "x.warc.gz", True),
        (member(FIRST), "x.warc", True),
        (FIRST, "x.warc", False),
        (FIRST, "x.warc.gz", False),
        (b"garbage", "x.warc.gz", True),
        (b"garbage", "x.warc", False),
        (b"", "x.warc.gz", True),
    ],
)
def test_the_bytes_tell_whether_a_file_is_compressed(
    tmp_path: Path, data: bytes, name: str, expected: bool
) -> None:
    assert is_gzip(reader(tmp_path, data, name), f"/folder/{name}") is expected


def test_a_border_is_found_behind_bytes_that_only_look_like_one(tmp_path: Path) -> None:
    decoys = b"\x1f\x8b\x08" * 3 + member(b"not a record") + b"WARC/1.0\r\n"
    data = member(FIRST) + decoys + member(SECOND)
    start = len(member(FIRST))
    file = reader(tmp_path, data)
    assert find_border(file, 0, len(data), Member) == 0
    assert find_border(file, 1, len(data), Member) == start + len(decoys)
    assert find_border(file, start + len(decoys) + 1, len(data), Member) == len(data)


@pytest.mark.parametrize("shift", range(-12, 4))
def test_a_border_is_found_across_the_blocks_of_the_search(tmp_path: Path, shift: int) -> None:
    garbage = b"." * ((1 << 16) + shift - 1) + b"\n"
    for data, kind in ((garbage + member(FIRST), Member), (garbage + FIRST, Plain)):
        file = reader(tmp_path, data)
        assert find_border(file, 0, len(data), kind) == (1 << 16) + shift
        assert find_border(file, 0, (1 << 16) + shift, kind) == (1 << 16) + shift
        assert find_border(file, 0, 1000, kind) == 1000  # the border is behind the stop


@pytest.mark.parametrize(
    ("line", "expected"),
    [
        (b"WARC/1.0\r\nWARC-Type: response", True),
        (b"WARC/0.18\nWARC-Type:response", True),
        (b"WARC/1.0\r\n<p>", False),
        (b"WARC/1.0 is a format", False),
        (b"warc/1.0\r\nWARC-Type: response", False),
    ],
)
def test_a_plain_record_starts_with_a_version_and_a_header(
    tmp_path: Path, line: bytes, expected: bool
) -> None:
    file = reader(tmp_path, b"x" + line + b"\n" + line)
    assert Plain.starts_record(file, 1) is False  # in the middle of a line
    assert Plain.starts_record(file, len(line) + 2) is expected


def test_a_member_reads_on_through_members_that_start_no_record(tmp_path: Path) -> None:
    data = bgzf(FIRST, 50) + member(SECOND)
    piece = Member(reader(tmp_path, data), 0)
    assert piece.read() == FIRST
    assert (piece.end, piece.fault) == (len(bgzf(FIRST, 50)), "")


def test_a_clipped_member_gives_what_is_there(tmp_path: Path) -> None:
    piece = Member(reader(tmp_path, member(FIRST, level=0)[:100]), 0)
    # 10 bytes of gzip header and 5 of the stored block's; the last 64 wait for the checksum.
    assert piece.read() == FIRST[: 85 - 64]
    assert piece.fault == "clipped: the file ends inside a gzip member"


def test_a_plain_record_ends_behind_its_blank_lines(tmp_path: Path) -> None:
    piece = Plain(reader(tmp_path, FIRST + SECOND), 0)
    assert piece.read() == FIRST
    assert (piece.end, piece.fault) == (len(FIRST), "")


def test_a_header_is_not_searched_beyond_the_next_version_line(tmp_path: Path) -> None:
    piece = Plain(reader(tmp_path, b"WARC/1.0\r\nA:b\r\n" * 3), 0)
    assert (piece.end, piece.fault) == (15, "corrupt: the record's header has no length")


@pytest.mark.parametrize(
    ("data", "expected"),
    [(b"\0" * 200_000, True), (b"\r\n\0\n", True), (b"", True), (b"\0" * 70_000 + b".", False)],
)
def test_padding_is_blank_lines_and_zeros(tmp_path: Path, data: bytes, expected: bool) -> None:
    assert is_padding(reader(tmp_path, data), 0, len(data)) is expected
