"""Batches of pages: positions, identities, and what the schema promises."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from curation.ingest.config import IngestConfig, InputConfig
from curation.ingest.pages import PAGE, Tally, read_pages
from curation.ingest.urls import hash64
from curation.splits import Split
from tests.ingest.warcs import cut, http, member, record, save

Row = dict[str, Any]
SOURCE = InputConfig(paths=("x",))


def rows_of(
    split: Split, source: InputConfig = SOURCE, *, seed: int = 1, tally: Tally | None = None
) -> list[Row]:
    found: list[Row] = []
    config = IngestConfig(max_body_bytes=100_000)
    for batch in read_pages(split, source, config, seed=seed, tally=tally or Tally()):
        assert batch.schema == PAGE.arrow
        assert 0 < batch.num_rows <= 128
        batch.validate(full=True)
        found += batch.to_pylist()
    return found


def warc(folder: Path, *records: bytes, name: str = "x.warc.gz") -> Split:
    (split,) = cut(save(folder, name, b"".join(member(r) for r in records)))
    return split


def jsonl(folder: Path, *rows: object) -> Split:
    data = b"".join(json.dumps(row).encode() + b"\n" for row in rows)
    (split,) = cut(save(folder, "x.jsonl", data), form="jsonl")
    return split


def test_a_response_is_a_row(tmp_path: Path) -> None:
    split = warc(tmp_path, record(http(b"<p>Hi"), record_id="7"))
    source = InputConfig(name="crawl-1", paths=("x",), domain="math")
    tally = Tally()
    (row,) = rows_of(split, source, tally=tally)
    fetched_at = row.pop("fetched_at")
    assert fetched_at.isoformat() == "2024-05-06T07:08:09+00:00"
    assert row == {
        "doc_id": "6eb5fadd947c8e383bcb595fe3926a9a",
        "position": 0,
        "order_key": 377605090696712953,
        "input": "crawl-1",
        "file": split.uri,
        "offset": 0,
        "record_id": "<urn:uuid:7>",
        "domain": "math",
        "url": "http://example.com/7",
        "url_key": "http://example.com/7",
        "url_hash": hash64("http://example.com/7"),
        "host": "example.com",
        "site": "example.com",
        "opt_outs": [],
        "text": None,
        "html": b"<p>Hi",
        "charset": "cp1252",
        "drop_reason": None,
        "detail": None,
    }
    assert (tally.pages, tally.skipped, tally.damage) == (1, {}, [])


def test_positions_count_up_from_the_splits_first_in_every_attempt(tmp_path: Path) -> None:
    split = replace(jsonl(tmp_path, *[{"text": f"row {n}"} for n in range(150)]), number=5)
    first, again = rows_of(split), rows_of(split)
    assert [row["position"] for row in first] == [(5 << 32) + n for n in range(150)]
    assert [row["text"] for row in first] == [f"row {n}" for n in range(150)]
    assert first == again


def test_large_pages_come_in_small_batches(tmp_path: Path) -> None:
    split = jsonl(tmp_path, *[{"text": "x" * 3_000_000}] * 8)
    config = IngestConfig(max_body_bytes=3_000_000)
    batches = read_pages(split, SOURCE, config, seed=1, tally=Tally())
    assert [batch.num_rows for batch in batches] == [6, 2]


def test_what_is_no_page_is_counted(tmp_path: Path) -> None:
    kinds = ["warcinfo", "request", "response", "request", "metadata", "conversion", "klingon"]
    split = warc(tmp_path, *[record(http(b"<p>x"), kind=kind) for kind in kinds])
    tally = Tally()
    assert len(rows_of(split, tally=tally)) == 1
    counted = {"warcinfo": 1, "request": 2, "metadata": 1, "conversion": 1, "unknown": 1}
    assert (tally.skipped, tally.pages) == (counted, 1)
    assert rows_of(replace(split, format="wet"))[0]["text"].startswith("HTTP/1.1 200 OK\n")


def test_rejects_have_neither_body_nor_text(tmp_path: Path) -> None:
    split = warc(
        tmp_path,
        record(http(b"<p>x", status=b"HTTP/1.1 404 Not Found")),
        record(http(b"", content_type=b"text/html; charset=utf-8")),
    )
    found = [(r["drop_reason"], r["detail"], r["html"], r["text"]) for r in rows_of(split)]
    assert found == [("error_status", "404", None, None), ("empty_body", None, None, None)]


def test_damage_is_told_beside_the_pages(tmp_path: Path) -> None:
    whole = member(record(http(b"<p>x")))
    (split,) = cut(save(tmp_path, "x.warc.gz", whole + whole[:-9]))
    tally = Tally()
    rows_of(split, tally=tally)
    assert [(d.file, d.offset, d.fault) for d in tally.damage] == [
        (split.uri, len(whole), "clipped")
    ]


def ids(split: Split, **options: Any) -> list[str]:
    return [row["doc_id"] for row in rows_of(split, **options)]


def test_a_record_is_the_same_document_wherever_it_is_found(tmp_path: Path) -> None:
    one, two = record(http(b"<p>x"), record_id="1"), record(http(b"<p>x"), record_id="2")
    first, second = ids(warc(tmp_path, one, two))
    assert first != second
    assert ids(warc(tmp_path, two, one, name="y.warc.gz")) == [second, first]
    other_content = record(http(b"<p>other"), record_id="1")
    assert ids(warc(tmp_path, other_content)) == [first]
    assert ids(warc(tmp_path, one), source=InputConfig(name="other", paths=("y",))) == [first]


def test_records_of_a_crawler_that_repeats_its_ids_are_different_documents(tmp_path: Path) -> None:
    one = record(http(b"<p>x"), record_id="1")
    others = [one.replace(b"2024", b"2025"), one.replace(b"example.com", b"example.org")]
    assert len(set(ids(warc(tmp_path, one, *others)))) == 3


def test_records_without_an_id_are_their_url_time_and_content(tmp_path: Path) -> None:
    bare = record(http(b"<p>x")).replace(b"WARC-Record-ID: <urn:uuid:a>\r\n", b"")
    changed = [
        bare.replace(b"<p>x", b"<p>y"),
        bare.replace(b"example.com", b"example.org"),
        bare.replace(b"2024", b"2023"),
    ]
    first, again, *others = ids(warc(tmp_path, bare, bare, *changed))
    assert first == again
    assert len({first, *others}) == 4


def test_rows_are_all_that_they_hold(tmp_path: Path) -> None:
    row = {"id": "1", "url": "http://x.com/", "text": "text", "fetched_at": "2024-01-02"}
    first, again, *others = ids(
        jsonl(
            tmp_path,
            row,
            row,
            *[row | other for other in ({"text": "other"}, {"id": "2"}, {"url": "http://y.com/"})],
            row | {"fetched_at": "2024-01-03"},
            {"id": "1", "html": "text"},
            {"id": "1", "text": "text"},
            {"url": "1", "text": "text"},
        )
    )
    assert first == again
    assert len({first, *others}) == 8


def test_the_order_is_that_of_the_document_and_the_seed(tmp_path: Path) -> None:
    split = warc(tmp_path, record(http(b"<p>x")))
    later = warc(tmp_path, record(http(b"<p>y"), record_id="b"), record(http(b"<p>x")), name="z.gz")
    assert rows_of(split)[0]["order_key"] == rows_of(later)[1]["order_key"]
    assert rows_of(split)[0]["order_key"] != rows_of(later)[0]["order_key"]
    assert rows_of(split, seed=2)[0]["order_key"] != rows_of(split)[0]["order_key"]


def test_html_of_an_input_that_is_not_extracted_has_no_text(tmp_path: Path) -> None:
    source = InputConfig(name="books", paths=("x",), stages=("language", "heuristics"))
    text, html = rows_of(jsonl(tmp_path, {"text": "hi"}, {"html": "<p>hi"}), source)
    assert (text["text"], text["drop_reason"]) == ("hi", None)
    assert (html["html"], html["drop_reason"]) == (None, "no_text")
    assert html["detail"] == "input 'books' leaves out the stage extract"


def test_text_is_tidied(tmp_path: Path) -> None:
    split = jsonl(tmp_path, {"text": "a\r\nb\0\u2028c"}, {"text": "\0"})
    first, second = rows_of(split)
    assert first["text"] == "a\nb\nc"
    assert (second["text"], second["drop_reason"]) == (None, "no_text")


def test_lone_surrogates_become_what_utf8_can_spell(tmp_path: Path) -> None:
    row = {"id": "\ud800", "url": "http://x.com/\ud800", "text": "a\ud800b", "html": None}
    (found,) = rows_of(jsonl(tmp_path, row))
    for column in ("record_id", "url", "text"):
        assert "\ud800" not in found[column]
    assert found["url_key"] == "http://x.com/%EF%BF%BD%EF%BF%BD%EF%BF%BD"


JSON = st.recursive(
    st.none() | st.booleans() | st.floats() | st.integers() | st.text() | st.just("\ud800"),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(), inner, max_size=3),
    max_leaves=5,
)
COLUMNS = ["id", "url", "text", "html", "fetched_at"]


@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(st.lists(st.dictionaries(st.sampled_from(COLUMNS), JSON) | JSON, max_size=4))
def test_any_json_is_a_row_each(tmp_path: Path, values: list[object]) -> None:
    found = rows_of(jsonl(tmp_path, *values))
    assert [row["position"] for row in found] == list(range(len(values)))
    for row in found:
        held = [row[column] is not None for column in ("text", "html", "drop_reason")]
        assert sum(held) == 1


@pytest.mark.parametrize("url", ["not a url", "http://[", "http://x:99999/", "mailto:a@b.c"])
def test_a_url_that_is_none_is_kept_without_facts(tmp_path: Path, url: str) -> None:
    (row,) = rows_of(jsonl(tmp_path, {"text": "a", "url": url}))
    assert (row["url"], row["url_key"], row["host"], row["site"]) == (url, None, None, None)
