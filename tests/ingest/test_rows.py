"""Rows of Parquet and JSONL as pages, however the file is cut or broken."""

from __future__ import annotations

import json
from collections.abc import Sequence
from datetime import UTC, date, datetime, timedelta, timezone
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest
import zstandard
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from curation.ingest.config import ColumnNames, IngestConfig
from curation.ingest.raw_page import RawPage
from curation.ingest.rows import read_rows
from curation.ingest.warc import Damage
from tests.ingest.warcs import cut, member, save

any_files = settings(
    max_examples=100, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
DEFAULT_NAMES = ColumnNames()
NOON = datetime(2024, 1, 2, 12, tzinfo=UTC)


def read(
    uri: str,
    cuts: Sequence[int] = (),
    columns: ColumnNames = DEFAULT_NAMES,
    max_body_bytes: int = 1000,
) -> tuple[list[RawPage], list[Damage]]:
    damage: list[Damage] = []
    config = IngestConfig(max_body_bytes=max_body_bytes)
    splits = cut(uri, cuts, form="parquet" if uri.endswith(".parquet") else "jsonl")
    return [p for s in splits for p in read_rows(s, columns, config, damage)], damage


def line(folder: Path, data: bytes, **options: Any) -> RawPage:
    """The page of a file of one line."""
    (page,), damage = read(save(folder, "x.jsonl", data), **options)
    assert damage == []
    return page


def why(page: RawPage) -> tuple[str, str | None]:
    assert (page.html, page.text) == (None, None)
    return str(page.reason), page.detail


def test_a_line_of_text_is_a_page_with_text(tmp_path: Path) -> None:
    row = {"id": "7", "url": "http://x.com/", "text": "hi", "fetched_at": "2024-01-02T12:00:00Z"}
    assert line(tmp_path, json.dumps(row).encode()) == RawPage(
        offset=0, record_id="7", url="http://x.com/", fetched_at=NOON, text="hi"
    )


def test_a_line_of_html_is_a_page_with_html(tmp_path: Path) -> None:
    row = json.dumps({"text": None, "html": "<p>é"}).encode()
    assert line(tmp_path, row) == RawPage(offset=0, html="<p>é".encode(), charset="utf-8")


def test_columns_may_have_other_names(tmp_path: Path) -> None:
    columns = ColumnNames(id="key", url="link", text="body", html="raw", fetched_at="date")
    row = {"key": 1, "link": "u", "body": "hi", "date": "2024-01-02T12:00Z", "text": "no", "id": 2}
    expected = RawPage(offset=0, record_id="1", url="u", fetched_at=NOON, text="hi")
    assert line(tmp_path, json.dumps(row).encode(), columns=columns) == expected


NO_STRING = "text or html is not a string"
NEITHER = "neither text nor html"


@pytest.mark.parametrize(
    ("data", "reason", "detail"),
    [
        (b'{"text": 5}', "malformed_record", NO_STRING),
        (b'{"text": ["a"]}', "malformed_record", NO_STRING),
        (b'{"text": NaN}', "malformed_record", NO_STRING),
        (b'{"html": {"a": 1}}', "malformed_record", NO_STRING),
        (b'{"text": null}', "malformed_record", NEITHER),
        (b"{}", "malformed_record", NEITHER),
        (b"[]", "malformed_record", "the line is not a JSON object"),
        (b'"text"', "malformed_record", "the line is not a JSON object"),
        (b"null", "malformed_record", "the line is not a JSON object"),
        (
            b'{"text": "a"',
            "malformed_record",
            "Expecting ',' delimiter: line 1 column 13 (char 12)",
        ),
        (b'{"text": "a"}{', "malformed_record", "Extra data: line 1 column 14 (char 13)"),
        (b'{"text": "\xff"}', "malformed_record", None),
        (b'{"id": ' + b"9" * 5000 + b"}", "malformed_record", None),
        (b'{"text": ""}', "empty_body", None),
        (b'{"html": " \\n"}', "empty_body", None),
        (b'{"text": "' + b"a" * 1001 + b'"}', "body_too_large", None),
        (b"x" * 8001, "body_too_large", None),
    ],
)
def test_a_line_that_is_no_page_has_a_reason(
    tmp_path: Path, data: bytes, reason: str, detail: str | None
) -> None:
    found = why(line(tmp_path, data))
    assert found[0] == reason
    assert detail is None or found[1] == detail


@pytest.mark.parametrize("opening", [b"[", b'{"a":'])
def test_a_deep_line_is_malformed(tmp_path: Path, opening: bytes) -> None:
    found = line(tmp_path, opening * 100_000, max_body_bytes=1_000_000)
    assert why(found)[0] == "malformed_record"


@pytest.mark.parametrize("depth", range(900, 1000, 3))
def test_a_column_as_deep_as_json_may_be_is_no_trouble(tmp_path: Path, depth: int) -> None:
    for column in (b"id", b"url", b"fetched_at", b"other"):
        data = b'{"text":"a","%s":%s1%s}' % (column, b"[" * depth, b"]" * depth)
        assert line(tmp_path, data).reason in (None, "malformed_record")


def test_a_line_over_the_limit_costs_nothing_else(tmp_path: Path) -> None:
    data = b'{"text": "a"}\n' + b"x" * 3_000_000 + b'\n{"text": "b"}\n'
    pages, damage = read(save(tmp_path, "x.jsonl", data))
    assert [(p.offset, p.text) for p in pages] == [(0, "a"), (14, None), (3_000_015, "b")]
    assert damage == []


def test_strings_that_utf8_cannot_spell_are_kept(tmp_path: Path) -> None:
    row = b'{"id": "\\udfff", "url": "http://x/\\ud800", "text": "a\\ud800b\\u0000c"}'
    page = line(tmp_path, row)
    assert (page.text, page.url, page.record_id) == ("a\ud800b\0c", "http://x/\ud800", "\udfff")
    assert line(tmp_path, b'{"html": "<p>\\ud800"}').html == b"<p>\xed\xa0\x80"


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        ("2024-01-02T12:00:00Z", NOON),
        ("2024-01-02T12:00:00", NOON),  # no zone: UTC, wherever this runs
        ("2024-01-02 17:45:00+05:45", NOON),
        (" 20240102T120000Z ", NOON),
        ("2024-01-02", datetime(2024, 1, 2, tzinfo=UTC)),
        ("2024-01-02T12:00:00.123456789Z", NOON + timedelta(microseconds=123456)),
        *[(value, None) for value in ("", "never", "0001-01-01T00:00:00+14:00", 5, 1.5, True)],
        *[(value, None) for value in ([], [1], {"a": 1}, None, 10**400, "2024-13-01")],
    ],
)
def test_times_are_utc_or_null(tmp_path: Path, value: object, expected: datetime | None) -> None:
    row = json.dumps({"text": "a", "fetched_at": value}).encode()
    assert line(tmp_path, row).fetched_at == expected


ROWS = [{"text": f"row {n} " + "é" * (n % 7), "id": n} for n in range(40)]
LINES = [json.dumps(row, ensure_ascii=False).encode() for row in ROWS]


@any_files
@given(
    st.lists(st.tuples(st.integers(0, 39), st.sampled_from([b"\n", b"\r\n", b"\n\n \n"]))),
    st.lists(st.integers(0, 3000), max_size=10),
    st.booleans(),
)
def test_any_cutting_gives_each_line_once(
    tmp_path: Path, chosen: list[tuple[int, bytes]], cuts: list[int], ends: bool
) -> None:
    data, expected = b"", []
    for row, end in chosen:
        expected.append((len(data), ROWS[row]["text"]))
        data += LINES[row] + end
    data = data if ends else data.rstrip()
    pages, damage = read(save(tmp_path, "x.jsonl", data), cuts)
    assert ([(p.offset, p.text) for p in pages], damage) == (expected, [])


def test_a_cut_at_any_byte_gives_each_line_once(tmp_path: Path) -> None:
    data = b"\n".join(LINES[:4])
    uri = save(tmp_path, "x.jsonl", data)
    for at in range(len(data) + 1):
        assert [page.offset for page in read(uri, [at])[0]] == OFFSETS[:4]


def test_a_byte_order_mark_is_no_part_of_the_first_line(tmp_path: Path) -> None:
    assert line(tmp_path, b'\xef\xbb\xbf{"text": "a"}').text == "a"


def test_an_empty_file_has_no_lines(tmp_path: Path) -> None:
    assert read(save(tmp_path, "x.jsonl", b"")) == ([], [])


JSONL = b"\n".join(LINES) + b"\n"
PACKED = {
    "x.jsonl.gz": member(JSONL),
    "x.jsonl.zst": zstandard.ZstdCompressor(write_checksum=True).compress(JSONL),
}
OFFSETS = [sum(len(line) + 1 for line in LINES[:n]) for n in range(len(LINES) + 1)]


@pytest.mark.parametrize("name", PACKED)
def test_compressed_lines_are_read(tmp_path: Path, name: str) -> None:
    for copies in (1, 2):
        pages, damage = read(save(tmp_path, name, PACKED[name] * copies))
        assert [p.text for p in pages] == [row["text"] for row in ROWS] * copies
        assert [p.offset for p in pages][:40] == OFFSETS[:40]
        assert damage == []


@pytest.mark.parametrize(("name", "last"), [("x.jsonl.gz", 40), ("x.jsonl.zst", 40)])
def test_a_clipped_file_gives_its_whole_lines(tmp_path: Path, name: str, last: int) -> None:
    uri = save(tmp_path, name, PACKED[name][:-3])
    pages, damage = read(uri)
    assert [p.text for p in pages] == [row["text"] for row in ROWS[:last]]
    assert damage == [Damage(uri, OFFSETS[last], "corrupt", "Truncated compressed stream")]


@pytest.mark.parametrize("name", PACKED)
def test_a_file_clipped_anywhere_gives_whole_lines_and_one_damage(
    tmp_path: Path, name: str
) -> None:
    for size in range(1, len(PACKED[name]) - 1):
        pages, damage = read(save(tmp_path, name, PACKED[name][:size]))
        assert [p.text for p in pages] == [row["text"] for row in ROWS[: len(pages)]]
        assert [d.offset for d in damage] == [OFFSETS[len(pages)]]


def test_every_byte_that_a_clipped_gzip_holds_is_used(tmp_path: Path) -> None:
    pages, damage = read(save(tmp_path, "x.jsonl.gz", member(JSONL, level=0)[: 15 + OFFSETS[30]]))
    assert ([p.record_id for p in pages], len(damage)) == ([str(n) for n in range(30)], 1)


@pytest.mark.parametrize("name", PACKED)
def test_corrupt_data_is_damage_once(tmp_path: Path, name: str) -> None:
    for at in range(4, len(PACKED[name]), 9):
        broken = bytearray(PACKED[name])
        broken[at] ^= 0xFF
        pages, damage = read(save(tmp_path, name, bytes(broken)))
        assert len(damage) <= 1
        assert damage or [p.text for p in pages] == [row["text"] for row in ROWS]


@pytest.mark.parametrize("name", PACKED)
def test_garbage_behind_the_data_costs_no_line(tmp_path: Path, name: str) -> None:
    for garbage in (b"garbage", bytes(99)):
        pages, damage = read(save(tmp_path, name, PACKED[name] + garbage))
        assert ([p.text for p in pages], len(damage)) == ([row["text"] for row in ROWS], 1)


@pytest.mark.parametrize("name", PACKED)
def test_what_is_not_compressed_is_damage(tmp_path: Path, name: str) -> None:
    pages, damage = read(save(tmp_path, name, JSONL))
    assert (pages, [(d.offset, d.fault) for d in damage]) == ([], [(0, "corrupt")])


@any_files
@given(st.binary(max_size=300), st.sampled_from(["x.jsonl", *PACKED, "x.parquet"]))
def test_random_bytes_raise_nothing(tmp_path: Path, data: bytes, name: str) -> None:
    pages, damage = read(save(tmp_path, name, data), [50, 100])
    assert all(page.reason == "malformed_record" for page in pages)
    assert len(damage) <= 1


def parquet(folder: Path, columns: dict[str, Any], **options: Any) -> str:
    path = folder / "x.parquet"
    pq.write_table(pa.table(columns), path, **options)
    return str(path)


def test_a_row_of_parquet_is_a_page(tmp_path: Path) -> None:
    columns = {
        "id": [1, None, 3, 4, 5],
        "url": ["http://x.com/", None, None, None, None],
        "text": ["hi", None, None, None, ""],
        "html": [b"<p>no", b"<p>\xc3\xa9", b" ", None, b"<p>"],
        "fetched_at": [NOON, None, None, None, None],
    }
    pages, damage = read(parquet(tmp_path, columns))
    assert pages == [
        RawPage(offset=4, record_id="1", url="http://x.com/", fetched_at=NOON, text="hi"),
        RawPage(offset=4, html=b"<p>\xc3\xa9", charset="utf-8"),
        RawPage(offset=4, record_id="3", reason=pages[2].reason),
        RawPage(offset=4, record_id="4", reason=pages[3].reason, detail=NEITHER),
        RawPage(offset=4, record_id="5", reason=pages[4].reason),
    ]
    reasons = [None, None, "empty_body", "malformed_record", "empty_body"]
    assert [page.reason for page in pages] == reasons
    assert damage == []


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (pa.array(["a"]), "a"),
        (pa.array(["a"], pa.large_string()), "a"),
        (pa.array(["a"]).dictionary_encode(), "a"),
        (pa.array([b"\xffa"]), "\ufffda"),
        (pa.array([["a"]]), None),
        (pa.array([1.5]), None),
        (pa.array([None]), None),
    ],
)
def test_text_of_any_type_is_text_or_a_reason(
    tmp_path: Path, values: pa.Array, expected: str | None
) -> None:
    ((page,), damage) = read(parquet(tmp_path, {"text": values}))
    assert (page.text, damage) == (expected, [])
    assert page.reason == (None if expected else "malformed_record")


def broken_strings(*values: bytes) -> pa.Array:
    return pa.array(values, pa.binary()).view(pa.string())


def test_broken_utf8_costs_what_it_breaks(tmp_path: Path) -> None:
    columns = {"text": broken_strings(b"a\xff", b"b"), "url": broken_strings(b"u", b"\xff")}
    pages, damage = read(parquet(tmp_path, columns))
    assert [(p.text, p.url, p.reason) for p in pages] == [
        (None, "u", "malformed_record"),
        ("b", None, None),
    ]
    assert damage == []


@pytest.mark.parametrize(
    ("values", "expected"),
    [
        (pa.array([NOON], pa.timestamp("ns", "UTC")), NOON),
        (pa.array([NOON], pa.timestamp("ms", "Asia/Tokyo")), NOON),
        (pa.array([NOON.replace(tzinfo=None)], pa.timestamp("us")), NOON),
        (pa.array([date(2024, 1, 2)]), datetime(2024, 1, 2, tzinfo=UTC)),
        (pa.array(["2024-01-02T13:00:00+01:00"]), NOON),
        (pa.array([1704196800]), NOON),
        (pa.array([1704196800000]), NOON),
        (pa.array([1704196800.0]), NOON),
        (pa.array(["1704196800"]), NOON),
        (pa.array(["20240102120000"]), NOON),
        (pa.array(["Tue, 02 Jan 2024 12:00:00 GMT"]), NOON),
        (pa.array(["yesterday"]), None),
        (pa.array([7]), None),
        (pa.array([10**15]).cast(pa.timestamp("s")), None),
        (pa.array([-(10**17)]).cast(pa.timestamp("us", "UTC")), None),
        (pa.array([10**9], pa.int32()).cast(pa.date32()), None),
        (pa.array([1]).cast(pa.timestamp("us", "No/Where")), None),
        (pa.array([NOON.astimezone(timezone(timedelta(hours=-9)))]), NOON),
    ],
)
def test_times_of_any_type_are_utc_or_null(
    tmp_path: Path, values: pa.Array, expected: datetime | None
) -> None:
    ((page,), damage) = read(parquet(tmp_path, {"text": ["a"], "fetched_at": values}))
    assert (page.text, page.fetched_at, damage) == ("a", expected, [])


def test_columns_that_are_not_there_are_null(tmp_path: Path) -> None:
    pages, damage = read(parquet(tmp_path, {"other": [1, 2]}))
    assert [why(page) for page in pages] == [("malformed_record", NEITHER)] * 2
    assert damage == []
    assert read(parquet(tmp_path, {})) == ([], [])
    assert read(parquet(tmp_path, {"text": pa.array([], pa.string())})) == ([], [])


TEXTS = [f"row {n} " + "x" * (n * 7 % 90) for n in range(300)]


@any_files
@given(st.integers(1, 301), st.lists(st.integers(0, 20_000), max_size=12))
def test_any_cutting_gives_each_row_once(tmp_path: Path, group: int, cuts: list[int]) -> None:
    uri = parquet(tmp_path, {"text": TEXTS}, row_group_size=group)
    pages, damage = read(uri, cuts)
    assert ([page.text for page in pages], damage) == (TEXTS, [])
    assert len({page.offset for page in pages}) == -(-300 // group)


def test_a_broken_footer_is_damage_once_however_many_splits(tmp_path: Path) -> None:
    data = Path(parquet(tmp_path, {"text": TEXTS})).read_bytes()
    for broken in (data[:-1], data[: len(data) // 2], data[:-8] + b"\xff" * 4 + b"PAR1", b""):
        uri = save(tmp_path, "x.parquet", broken)
        pages, damage = read(uri, range(500, len(broken), 500))
        assert (pages, [(d.offset, d.fault) for d in damage]) == ([], [(0, "corrupt")])


def test_a_name_that_is_no_utf8_is_damage(tmp_path: Path) -> None:
    data = Path(parquet(tmp_path, {"column": [1]}, store_schema=False)).read_bytes()
    uri = save(tmp_path, "x.parquet", data.replace(b"column", b"col\xffmn"))
    pages, damage = read(uri)
    assert (pages, [(d.offset, d.fault) for d in damage]) == ([], [(0, "corrupt")])


def test_row_groups_behind_the_end_of_the_file_are_damage(tmp_path: Path) -> None:
    data = Path(parquet(tmp_path, {"text": TEXTS}, row_group_size=100)).read_bytes()
    footer = data[-8 - int.from_bytes(data[-8:-4], "little") :]
    uri = save(tmp_path, "x.parquet", b"PAR1" + footer)
    pages, damage = read(uri, [300])
    assert (pages, [d.fault for d in damage]) == ([], ["corrupt"] * 3)


def test_a_damaged_page_costs_its_row_group(tmp_path: Path) -> None:
    uri = parquet(tmp_path, {"text": TEXTS}, row_group_size=100, write_page_checksum=True)
    starts = [
        pq.ParquetFile(uri).metadata.row_group(g).column(0).dictionary_page_offset for g in range(3)
    ]
    data = bytearray(Path(uri).read_bytes())
    data[starts[1] : starts[1] + 20] = b"\xff" * 20
    pages, damage = read(save(tmp_path, "x.parquet", bytes(data)), range(0, len(data), 700))
    assert [page.text for page in pages] == TEXTS[:100] + TEXTS[200:]
    assert [(d.offset, d.fault) for d in damage] == [(starts[1], "corrupt")]


@any_files
@given(st.lists(st.tuples(st.integers(1, 3000), st.integers(0, 255)), min_size=1, max_size=3))
def test_changed_bytes_of_parquet_raise_nothing(
    tmp_path: Path, changes: list[tuple[int, int]]
) -> None:
    columns = {"text": TEXTS, "fetched_at": pa.array(range(300), pa.timestamp("us", "UTC"))}
    uri = parquet(tmp_path, columns, row_group_size=150, compression="none", use_dictionary=False)
    data = bytearray(Path(uri).read_bytes())
    for back, byte in changes:
        data[-min(back, len(data))] = byte
    pages, damage = read(save(tmp_path, "y.parquet", bytes(data)), [2000, 9000])
    assert len(pages) <= 300 or damage == []
