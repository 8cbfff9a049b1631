"""WARC records as bytes: HTTP responses in, gzip members of one record each out.

Everything is derived from names and contents, so the same input gives the same bytes.

Source: ISO 28500:2017 (WARC 1.1), RFC 9112 (HTTP/1.1 messages).
"""

from __future__ import annotations

import hashlib
import uuid
import zlib
from collections.abc import Mapping
from datetime import UTC, datetime, timedelta

_FIRST_DAY = datetime(2024, 1, 1, tzinfo=UTC)
_SPREAD_S = 180 * 24 * 3600
HTML = "text/html; charset=utf-8"


def stable_hash(text: str) -> int:
    """63 bits that depend on `text` alone."""
    return int.from_bytes(hashlib.sha256(f"winnow-sample:{text}".encode()).digest()[:8]) >> 1


def capture_time(name: str) -> datetime:
    """A second of the first half of 2024, by hash."""
    return _FIRST_DAY + timedelta(seconds=stable_hash(name) % _SPREAD_S)


def warc_date(time: datetime) -> str:
    """As `WARC-Date` has it."""
    return time.strftime("%Y-%m-%dT%H:%M:%SZ")


def record_id(name: str) -> str:
    """A URN that depends on `name` alone."""
    return f"<urn:uuid:{uuid.uuid5(uuid.NAMESPACE_URL, f'winnow-sample:{name}')}>"


def http_response(
    body: bytes, *, status: str = "200 OK", headers: Mapping[str, str | None] | None = None
) -> bytes:
    """Status line, headers and body. `headers` replace the usual ones; None leaves one out."""
    fields = {"Content-Type": HTML, "Content-Length": str(len(body)), **(headers or {})}
    return _head(f"HTTP/1.1 {status}", fields) + body


def response(url: str, block: bytes, *, at: datetime | None, name: str = "") -> bytes:
    """A `response` record; `name` tells captures of one URL at one time apart."""
    date = warc_date(at) if at else None
    return record(
        "response",
        block,
        {
            "WARC-Record-ID": record_id(f"{url} {date} {name}"),
            "WARC-Date": date,
            "WARC-Target-URI": url,
            "Content-Type": "application/http; msgtype=response",
        },
    )


def warcinfo(file_name: str, description: str) -> bytes:
    """The record that a file begins with."""
    fields = {"software": "curation/sample/build.py", "format": "WARC File Format 1.1"}
    block = "".join(f"{k}: {v}\r\n" for k, v in {**fields, "description": description}.items())
    headers = {
        "WARC-Record-ID": record_id(file_name),
        "WARC-Date": warc_date(_FIRST_DAY),
        "WARC-Filename": file_name,
        "Content-Type": "application/warc-fields",
    }
    return record("warcinfo", block.encode(), headers)


def record(kind: str, block: bytes, headers: Mapping[str, str | None]) -> bytes:
    """A gzip member that holds one record; `headers` may replace Content-Length."""
    fields = {"WARC-Type": kind, "Content-Length": str(len(block)), **headers}
    plain = _head("WARC/1.1", fields) + block + b"\r\n\r\n"
    return zlib.compress(plain, 9, wbits=31)  # unlike gzip.compress, no time and no platform


def _head(first_line: str, fields: Mapping[str, str | None]) -> bytes:
    lines = [first_line, *(f"{k}: {v}" for k, v in fields.items() if v is not None)]
    return "\r\n".join([*lines, "", ""]).encode()
