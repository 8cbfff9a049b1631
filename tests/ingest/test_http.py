"""Codings undone, believed only where the bytes agree, and never past the limit."""

from __future__ import annotations

import zlib
from collections.abc import Callable
from functools import cache

import brotli
import pytest
import zstandard
from hypothesis import given, settings
from hypothesis import strategies as st

from curation.ingest.http import BodyTooLargeError, UndecodableBodyError, decode_body
from tests.ingest.warcs import member

HTML = b"<html><body><p>Hello, hello, hello, hello</p></body></html>"


def raw_deflate(data: bytes) -> bytes:
    deflate = zlib.compressobj(9, zlib.DEFLATED, -15)
    return deflate.compress(data) + deflate.flush()


PACK: dict[str, Callable[[bytes], bytes]] = {
    "gzip": member,
    "x-gzip": member,
    "deflate": zlib.compress,
    "deflate (raw)": raw_deflate,
    "br": brotli.compress,
    "zstd": zstandard.compress,
}


def decode(body: bytes, content: str = "", transfer: str = "", max_bytes: int = 1000) -> bytes:
    return decode_body(body, transfer=transfer, content=content, max_bytes=max_bytes)


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"5\r\nhello\r\n6\r\n world\r\n0\r\n\r\n", b"hello world"),
        (b"5;name=value\r\nhello\r\n0;x\r\n\r\n", b"hello"),
        (b"5\r\nhello\r\n0\r\nTrailer: x\r\n\r\n", b"hello"),
        (b"00000005 \r\nhello\r\n0\r\n\r\n", b"hello"),
        (b"A\r\n0123456789\r\n0\r\n\r\n", b"0123456789"),
        (b"5\r\nhello\r\n", b"hello"),  # the last chunk is missing
        (b"ff\r\nhello", b"hello"),  # longer than what is there
        (b"ffffffff\r\nhello", b"hello"),
        (b"2\r\nhello\r\n0\r\n\r\n", b"he"),  # shorter: the next size is no number
        (b"5\r\nhello\r\n0\r\n\r\n5\r\nagain\r\n", b"hello"),
        (b"0\r\n\r\n", b""),
        (b"", b""),
        (b"<p>decoded already</p>\r\n", b"<p>decoded already</p>\r\n"),
        (b"-5\r\nhello", b"-5\r\nhello"),
        (b"123456789\r\nhello", b"123456789\r\nhello"),
        (b"5\nhello\n0\n\n", b"5\nhello\n0\n\n"),
    ],
)
def test_chunks_are_joined(body: bytes, expected: bytes) -> None:
    assert decode(body, transfer="chunked") == expected
    assert decode(body, transfer="gzip, Chunked") == expected


def test_chunks_stay_where_no_header_names_them() -> None:
    assert decode(b"5\r\nhello\r\n0\r\n\r\n") == b"5\r\nhello\r\n0\r\n\r\n"


@pytest.mark.parametrize("coding", PACK)
def test_each_coding_is_undone(coding: str) -> None:
    assert decode(PACK[coding](HTML), content=coding.split(maxsplit=1)[0].upper()) == HTML
    assert decode(PACK[coding](b""), content=coding.split(maxsplit=1)[0]) == b""


def test_stacked_codings_are_undone_from_the_last() -> None:
    assert decode(brotli.compress(member(HTML)), content="gzip, br") == HTML
    assert decode(zstandard.compress(brotli.compress(member(HTML))), "x-gzip,BR , zstd") == HTML


def test_chunks_are_joined_before_content_is_decoded() -> None:
    packed = member(HTML)
    chunked = b"%x\r\n%s\r\n0\r\n\r\n" % (len(packed), packed)
    assert decode(chunked, content="gzip", transfer="chunked") == HTML


@pytest.mark.parametrize("coding", PACK)
def test_html_that_was_decoded_already_stays(coding: str) -> None:
    assert decode(HTML, content=coding.split(maxsplit=1)[0]) == HTML
    assert (
        decode(b"\xef\xbb\xbf \r\n" + HTML, coding.split(maxsplit=1)[0])
        == b"\xef\xbb\xbf \r\n" + HTML
    )


def test_gzip_that_no_header_names_is_unpacked() -> None:
    assert decode(member(HTML)) == HTML
    assert decode(member(member(HTML)), content="gzip") == HTML


def test_an_unknown_coding_is_an_error_unless_the_body_is_markup() -> None:
    assert decode(HTML, content="utf-8") == HTML
    assert decode(HTML, content="identity") == HTML
    assert decode(b"text", content=" , identity,") == b"text"
    with pytest.raises(UndecodableBodyError, match="unknown content encoding 'compress'"):
        decode(b"\x1f\x9d\x90", content="compress")


@pytest.mark.parametrize("coding", PACK)
def test_data_that_ends_early_is_an_error_wherever_it_ends(coding: str) -> None:
    packed = PACK[coding](HTML * 3)
    for size in range(1, len(packed)):
        with pytest.raises(UndecodableBodyError):
            decode(packed[:size], content=coding.split(maxsplit=1)[0])


@pytest.mark.parametrize("coding", PACK)
def test_a_body_of_the_limit_passes_and_one_byte_more_does_not(coding: str) -> None:
    packed = PACK[coding](HTML * 3)
    assert decode(packed, content=coding.split(maxsplit=1)[0], max_bytes=len(HTML) * 3) == HTML * 3
    with pytest.raises(BodyTooLargeError):
        decode(packed, content=coding.split(maxsplit=1)[0], max_bytes=len(HTML) * 3 - 1)


def test_a_plain_body_over_the_limit_is_too_large() -> None:
    assert decode(b"x" * 1000) == b"x" * 1000
    with pytest.raises(BodyTooLargeError):
        decode(b"x" * 1001)


@cache
def bomb(coding: str) -> bytes:
    return PACK[coding](bytes(20 << 20))


@pytest.mark.parametrize("coding", PACK)
def test_a_bomb_is_unpacked_up_to_the_limit_only(coding: str) -> None:
    with pytest.raises(BodyTooLargeError):
        decode(bomb(coding), content=coding.split(maxsplit=1)[0])
    # What breaks behind the limit is never seen.
    half = bomb(coding)[: len(bomb(coding)) // 2] + b"garbage"
    with pytest.raises(BodyTooLargeError):
        decode(half, content=coding.split(maxsplit=1)[0])


def test_a_bomb_in_a_bomb_is_too_large() -> None:
    with pytest.raises(BodyTooLargeError):
        decode(member(bomb("gzip")), content="gzip", max_bytes=1 << 20)


@st.composite
def bodies(draw: st.DrawFn) -> bytes:
    """Packed, perhaps more than once, then perhaps broken."""
    body = draw(st.sampled_from([HTML, b"", b"plain", bytes(5000)]) | st.binary(max_size=200))
    for coding in draw(st.lists(st.sampled_from(list(PACK)), max_size=3)):
        body = PACK[coding](body)
    broken = bytearray(body)
    for at, byte in draw(st.lists(st.tuples(st.integers(0, 99), st.integers(0, 255)), max_size=3)):
        broken[at : at + 1] = bytes([byte])
    return bytes(broken[: draw(st.integers(0, 5000))])


@settings(max_examples=500, deadline=None)
@given(
    bodies(),
    st.lists(st.sampled_from([*PACK, "identity", "", "foo"]), max_size=6).map(", ".join)
    | st.text(),
    st.sampled_from(["", "chunked"]) | st.text(),
    st.integers(1, 3000),
)
def test_any_bytes_and_headers_give_a_body_within_the_limit_or_a_documented_error(
    body: bytes, content: str, transfer: str, max_bytes: int
) -> None:
    try:
        decoded = decode(body, content, transfer, max_bytes)
    except (BodyTooLargeError, UndecodableBodyError):
        return
    assert len(decoded) <= max_bytes
