"""Which responses are pages, and the first reason against those that are none."""

from __future__ import annotations

from datetime import UTC, datetime
from pathlib import Path

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from curation.ingest.config import IngestConfig
from curation.ingest.raw_page import RawPage
from tests.ingest.warcs import http, member, pages_of, record, save

HTML = b"<html><p>Hello</p></html>"


def page(folder: Path, block: bytes, max_body_bytes: int = 1000, **header: object) -> RawPage:
    """The page of a file with one record; it must be read without damage."""
    uri = save(folder, "x.warc.gz", member(record(block, **header)))  # type: ignore[arg-type]
    (found,), damage = pages_of(uri, IngestConfig(max_body_bytes=max_body_bytes))
    assert damage == []
    return found


def why(found: RawPage) -> tuple[str, str | None]:
    assert (found.html, found.text, found.charset) == (None, None, None)
    return str(found.reason), found.detail


def test_a_page_is_its_body_and_what_the_headers_say(tmp_path: Path) -> None:
    block = http(HTML, content_type=b"text/html; charset=koi8-r")
    assert page(tmp_path, block, record_id="7") == RawPage(
        offset=0,
        file=str(tmp_path / "x.warc.gz"),
        named=True,
        record_id="<urn:uuid:7>",
        url="http://example.com/7",
        fetched_at=datetime(2024, 5, 6, 7, 8, 9, tzinfo=UTC),
        html=HTML,
        charset="koi8-r",
        opt_outs=(),
    )


@pytest.mark.parametrize(
    ("status", "headers", "expected"),
    [
        (
            b"HTTP/1.1 200 OK",
            [b"X-Robots-Tag: noai", b"TDM-Reservation: 1"],
            ("noai", "tdm_reservation"),
        ),
        (
            b"HTTP/1.1 200 OK",
            [b"x-robots-tag: a: noai", b"X-ROBOTS-TAG: noimageai"],
            ("noimageai",),
        ),
        (b"HTTP/1.1 404 Gone", [b"tdm-reservation: 1"], ("tdm_reservation",)),
        (b"HTTP/1.1 200 OK", [b"tdm-reservation: 0"], ()),
    ],
)
def test_headers_tell_opt_outs_of_pages_and_of_others(
    tmp_path: Path, status: bytes, headers: list[bytes], expected: tuple[str, ...]
) -> None:
    assert page(tmp_path, http(HTML, *headers, status=status)).opt_outs == expected


def test_without_headers_nothing_is_known_of_opt_outs(tmp_path: Path) -> None:
    assert page(tmp_path, http(HTML), extra=b"WARC-Truncated: length\r\n").opt_outs is None
    assert page(tmp_path, http(HTML), kind="conversion").opt_outs is None


@pytest.mark.parametrize(
    "content_type",
    [
        b"text/html;charset=utf-8",
        b"TEXT/HTML",
        b" text/html ",
        b"text/html;",
        b"text/html; charset=\xff\xfe",
        b"application/xhtml+xml; charset=utf-8",
        b"; charset=utf-8",
        None,
    ],
)
def test_html_types_are_pages(tmp_path: Path, content_type: bytes | None) -> None:
    assert page(tmp_path, http(HTML, content_type=content_type)).html == HTML


@pytest.mark.parametrize(
    ("content_type", "detail"),
    [
        (b"text/plain", "text/plain"),
        (b"Application/PDF; x=y", "application/pdf"),
        (b"text/htmlx", "text/htmlx"),
        (b"image/\xff\xfe" + b"x" * 300, None),
    ],
)
def test_other_types_are_not(tmp_path: Path, content_type: bytes, detail: str | None) -> None:
    reason, seen = why(page(tmp_path, http(HTML, content_type=content_type)))
    assert reason == "not_html"
    assert seen is not None
    assert seen == detail or (detail is None and len(seen) == 200)


@pytest.mark.parametrize(
    ("body", "is_page"),
    [
        (b"<!DOCTYPE html><p>x", True),
        (b"\n<HTML lang=en>x", True),
        (b"<body>x", True),
        (b"{}", False),
        (b"<p>only", False),
        (b"<htmlx>", False),
        (b" " * 1024 + b"<html>", False),
    ],
)
def test_without_a_type_the_body_tells(tmp_path: Path, body: bytes, is_page: bool) -> None:
    found = page(tmp_path, http(body, content_type=None), max_body_bytes=2000)
    assert (found.html == body) is is_page
    assert is_page or why(found) == ("not_html", "no content type")


@pytest.mark.parametrize(
    ("status", "expected"),
    [
        (b"HTTP/1.1 206 Partial Content", ("error_status", "206")),
        (b"HTTP/1.1 300 Choices", ("redirect", "300")),
        (b"HTTP/1.1 301 Moved", ("redirect", "301")),
        (b"HTTP/1.1 400 Bad", ("error_status", "400")),
        (b"HTTP/1.0 304", ("redirect", "304")),
        (b"HTTP/1.1 404 Not Found", ("error_status", "404")),
        (b"HTTP/2 500", ("error_status", "500")),
        (b"HTTP/1.1 0 OK", ("error_status", "0")),
        (b"HTTP/1.1 -1 OK", ("malformed_record", "no HTTP status")),
        (b"HTTP/1.1", ("malformed_record", "no HTTP status")),
        (b"HTTP/1.1 abc OK", ("malformed_record", "no HTTP status")),
        (b"HTTP/1.1 99999999999999999999 OK", ("malformed_record", "no HTTP status")),
    ],
)
def test_a_status_that_is_not_200_is_a_reason(
    tmp_path: Path, status: bytes, expected: tuple[str, str]
) -> None:
    assert why(page(tmp_path, http(HTML, status=status))) == expected


@pytest.mark.parametrize("status", [b"HTTP/2 200", b"HTTP/1.0 200", b"HTTP/1.1 200 \xff\xfe"])
def test_status_lines_of_all_kinds_are_read(tmp_path: Path, status: bytes) -> None:
    assert page(tmp_path, http(HTML, status=status)).html == HTML


@pytest.mark.parametrize(
    "block",
    [
        http(HTML).replace(b"\r\n", b"\n"),
        http(HTML, b"X-Name: \xff\xfe\xc3\xa9", b"\xff: x", b": empty", b"no colon"),
        http(HTML, b"X: folded", b" over", b"\tlines"),
        http(HTML, *[b"Set-Cookie: a=%d" % n for n in range(1000)]),
        http(HTML, b"Content-Length: 999999"),
    ],
    ids=["LF only", "not ASCII", "folded", "many", "wrong length"],
)
def test_headers_of_all_kinds_are_read(tmp_path: Path, block: bytes) -> None:
    assert page(tmp_path, block).html == HTML


def test_a_header_of_megabytes_is_malformed(tmp_path: Path) -> None:
    found = page(tmp_path, http(HTML, *[b"X: a"] * 800_000))
    assert why(found) == ("malformed_record", "Maximum header length exceeded.")


def test_of_a_type_that_is_given_twice_the_first_counts(tmp_path: Path) -> None:
    assert page(tmp_path, http(HTML, b"Content-Type: image/png")).html == HTML


def test_codings_are_undone(tmp_path: Path) -> None:
    packed = member(HTML)
    chunked = b"%x\r\n%s\r\n0\r\n\r\n" % (len(packed), packed)
    headers = (b"content-encoding: GZIP", b"transfer-encoding: chunked")
    assert page(tmp_path, http(chunked, *headers)).html == HTML


def test_what_cannot_be_undone_is_a_reason(tmp_path: Path) -> None:
    broken = page(tmp_path, http(member(HTML)[:-3], b"Content-Encoding: gzip"))
    assert why(broken) == ("undecodable_body", "gzip: the data ends early")
    unknown = page(tmp_path, http(b"\x1f\x9d", b"Content-Encoding: compress"))
    assert why(unknown) == ("undecodable_body", "unknown content encoding 'compress'")


def test_a_body_over_the_limit_is_too_large_packed_or_not(tmp_path: Path) -> None:
    too_large = ("body_too_large", "over 1000 bytes")
    assert page(tmp_path, http(b"<html>" + b"x" * 994)).html == b"<html>" + b"x" * 994
    assert why(page(tmp_path, http(b"<html>" + b"x" * 995))) == too_large
    bomb = http(member(bytes(1 << 20)), b"Content-Encoding: gzip")
    assert why(page(tmp_path, bomb, max_body_bytes=2000)) == ("body_too_large", "over 2000 bytes")


@pytest.mark.parametrize("body", [b"", b" \r\n\t"])
def test_a_body_of_nothing_is_empty(tmp_path: Path, body: bytes) -> None:
    assert why(page(tmp_path, http(body))) == ("empty_body", None)


def test_headers_without_a_body_are_empty(tmp_path: Path) -> None:
    headers_only = b"HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n"
    assert why(page(tmp_path, headers_only)) == ("empty_body", None)


@pytest.mark.parametrize("block", [b"", b"\r\n\r\n", b"<html>no header", b"\xff" * 50, b"\0"])
def test_a_block_that_is_no_response_is_malformed(tmp_path: Path, block: bytes) -> None:
    assert why(page(tmp_path, block))[0] == "malformed_record"


def test_a_record_shorter_than_its_header_says_is_incomplete(tmp_path: Path) -> None:
    block = http(HTML)
    found = page(tmp_path, block, length=str(len(block) + 100))
    reason, detail = why(found)
    # The blank lines behind the record are read as its last four bytes.
    assert (reason, detail) == ("incomplete_record", f"{len(HTML) + 4} of {len(HTML) + 100} bytes")


def test_a_truncated_record_says_why(tmp_path: Path) -> None:
    found = page(tmp_path, http(HTML), extra=b"WARC-Truncated: length\r\n")
    assert why(found) == ("truncated_record", "length")


@pytest.mark.parametrize(
    ("header", "url"),
    [
        (b"<http://example.com/>", "http://example.com/"),
        (b"  http://example.com/  ", "http://example.com/"),
        (b"", None),
    ],
)
def test_urls_lose_their_brackets(tmp_path: Path, header: bytes, url: str | None) -> None:
    plain = record(http(HTML)).replace(b"http://example.com/a", header)
    (found,), _ = pages_of(save(tmp_path, "x.warc.gz", member(plain)))
    assert found.url == url


def test_a_record_without_id_and_date_is_still_a_page(tmp_path: Path) -> None:
    plain = record(http(HTML))
    for line in (b"WARC-Record-ID: <urn:uuid:a>\r\n", b"WARC-Date: 2024-05-06T07:08:09Z\r\n"):
        plain = plain.replace(line, b"")
    (found,), _ = pages_of(save(tmp_path, "x.warc.gz", member(plain)))
    assert (found.html, found.named, found.record_id, found.fetched_at) == (HTML, False, None, None)


@pytest.mark.parametrize("date", [b"never", b"2008-10-294T05:21:46-0700", b"\xff", b"9" * 999])
def test_a_date_that_is_none_is_null(tmp_path: Path, date: bytes) -> None:
    plain = record(http(HTML)).replace(b"2024-05-06T07:08:09Z", date)
    (found,), _ = pages_of(save(tmp_path, "x.warc.gz", member(plain)))
    assert (found.html, found.fetched_at) == (HTML, None)


def test_a_conversion_record_is_text(tmp_path: Path) -> None:
    found = page(tmp_path, "Grüße\n\xff".encode() + b"\xff", kind="conversion")
    assert (found.text, found.html, found.reason) == ("Grüße\nÿ\ufffd", None, None)
    assert why(page(tmp_path, b" \n", kind="conversion")) == ("empty_body", None)
    assert why(page(tmp_path, b"x" * 1001, kind="conversion"))[0] == "body_too_large"
    assert why(page(tmp_path, b"x", kind="conversion", length="99"))[0] == "incomplete_record"


@settings(
    max_examples=200, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    st.lists(
        st.sampled_from([b"HTTP/1.1 200 OK", b"Content-Type: text/html", b"Content-Encoding: br"])
        | st.binary(max_size=20),
        max_size=6,
    ),
    st.sampled_from([b"\r\n", b"\n", b"\r"]),
    st.binary(max_size=50),
)
def test_any_response_is_a_page_or_has_a_reason(
    tmp_path: Path, lines: list[bytes], line_end: bytes, body: bytes
) -> None:
    found = page(tmp_path, line_end.join([*lines, b"", body]))
    assert (found.html is None) == (found.reason is not None)
