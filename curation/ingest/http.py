"""HTTP bodies as crawls keep them: transfer and content encodings undone, within a size.

In: a body and its headers. Out: the decoded body. Many crawls store a body that is decoded
already and keep the header that says it is not, so a header is believed only when the bytes agree.

Source: RFC 9112 section 7.1 (chunked), RFC 9110 section 8.4 (content codings).
"""

from __future__ import annotations

import zlib
from collections.abc import Callable

import brotli
import pyarrow as pa

_GZIP_MAGIC = b"\x1f\x8b\x08"
_MAX_CODINGS = 4


class BodyTooLargeError(Exception):
    """The decoded body is longer than allowed."""


class UndecodableBodyError(Exception):
    """The body is not in the encoding that its headers name; the message says which."""


def decode_body(body: bytes, *, transfer: str, content: str, max_bytes: int) -> bytes:
    """`body` with `Transfer-Encoding: transfer` and `Content-Encoding: content` undone.

    Raises `BodyTooLargeError` before more than `max_bytes` are unpacked, `UndecodableBodyError`
    for broken data that is not plainly HTML as it stands.
    """
    if "chunked" in transfer.lower():
        body = _dechunk(body)
    codings = [c.strip().lower() for c in content.split(",")]
    for coding in reversed([c for c in codings if c in _DECODERS][:_MAX_CODINGS] if body else []):
        body = _decode(body, coding, max_bytes)
    for _ in range(_MAX_CODINGS):  # compressed files served as they are, even twice over
        if not body.startswith(_GZIP_MAGIC):
            break
        body = _decode(body, "gzip", max_bytes)
    if (unknown := set(codings) - _DECODERS.keys() - {"", "identity"}) and not _is_markup(body):
        raise UndecodableBodyError(f"unknown content encoding {min(unknown)[:40]!r}")
    if len(body) > max_bytes:
        raise BodyTooLargeError
    return body


def _dechunk(body: bytes) -> bytes:
    """The chunks joined; `body` itself where it does not begin with a chunk."""
    chunks, at = [], 0
    while (line_end := body.find(b"\r\n", at, at + 1024)) >= 0:
        size = _hex(body[at:line_end].split(b";")[0].strip())
        if size is None:
            break
        at = line_end + 2 + size + 2
        chunks.append(body[line_end + 2 : at - 2])
        if size == 0:
            break
    return b"".join(chunks) if chunks else body


def _hex(digits: bytes) -> int | None:
    if not 1 <= len(digits) <= 8 or digits.strip(b"0123456789abcdefABCDEF"):
        return None
    return int(digits, 16)


def _decode(body: bytes, coding: str, max_bytes: int) -> bytes:
    try:
        decoded = _DECODERS[coding](body, max_bytes + 1)
    except (zlib.error, brotli.error, OSError) as error:
        if _is_markup(body):
            return body
        raise UndecodableBodyError(f"{coding}: {error}") from error
    if len(decoded) > max_bytes:
        raise BodyTooLargeError
    return decoded


def _is_markup(body: bytes) -> bool:
    return body[:64].lstrip(b"\xef\xbb\xbf \t\r\n").startswith(b"<")


def _inflate(wbits: int, body: bytes, limit: int) -> bytes:
    inflate = zlib.decompressobj(wbits=wbits)
    data = inflate.decompress(body, limit)
    if not inflate.eof and len(data) < limit:
        raise zlib.error("the data ends early")
    return data


def _gunzip(body: bytes, limit: int) -> bytes:
    return _inflate(31, body, limit)


def _deflate(body: bytes, limit: int) -> bytes:
    """'deflate' is zlib by the RFC, and raw deflate from many servers."""
    try:
        return _inflate(15, body, limit)
    except zlib.error:
        return _inflate(-15, body, limit)


def _unbrotli(body: bytes, limit: int) -> bytes:
    decoder, data = brotli.Decompressor(), b""
    feed = body
    while len(data) < limit and not decoder.is_finished():
        more = decoder.process(feed, output_buffer_limit=limit - len(data))
        if not more and not decoder.is_finished() and decoder.can_accept_more_data():
            raise brotli.error("the data ends early")
        data, feed = data + more, b""
    return data


def _unzstd(body: bytes, limit: int) -> bytes:
    # Arrow tells data that ends early, which the readers of zstandard pass off as whole.
    with pa.CompressedInputStream(pa.BufferReader(body), "zstd") as stream:
        return bytes(stream.read(limit))


_DECODERS: dict[str, Callable[[bytes, int], bytes]] = {
    "gzip": _gunzip,
    "x-gzip": _gunzip,
    "deflate": _deflate,
    "br": _unbrotli,
    "zstd": _unzstd,
}
