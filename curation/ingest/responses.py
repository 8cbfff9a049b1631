"""WARC records in, raw pages out: which responses are HTML pages, and what they hold.

The tests run from cheap to dear, on the record's header, the HTTP header, then the body. A body is
read up to the recipe's limit and no further.

Source: ISO 28500:2017 (WARC 1.1) sections 5 and 6.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import Any

from curation.ingest.charset import find_charset
from curation.ingest.config import IngestConfig
from curation.ingest.http import BodyTooLargeError, UndecodableBodyError, decode_body
from curation.ingest.raw_page import RawPage, parse_time
from curation.ingest.warc import Record
from curation.safety.opt_outs import in_headers, made
from schemas.drop_reason import DropReason

_HTML_TYPES = frozenset({"text/html", "application/xhtml+xml"})
_LOOKS_LIKE_HTML = re.compile(rb"<(!doctype\s+html|html|head|body)[\s>]", re.IGNORECASE)
_SNIFF_BYTES = 1024
_MAX_HEADER_BYTES = 1 << 20


Against = tuple[DropReason, str | None]


def read_response(record: Record, config: IngestConfig) -> RawPage:
    """A `response` record as a page: a decoded HTML body, or the first reason against it."""
    page = _identified(record)
    if against := _against_record(record):
        return _rejected(page, *against)
    http = record.warc.http_headers
    page = replace(page, opt_outs=tuple(made(in_headers(http.items()))))
    against = _against_header(http)
    return _rejected(page, *against) if against else _with_body(page, record, config)


def _against_record(record: Record) -> Against | None:
    if truncated := record.warc.headers.get("WARC-Truncated"):
        return DropReason.TRUNCATED_RECORD, truncated
    try:
        # ClueWeb09 ends header lines with LF alone: that is the quirk.
        record.warc.parse_http(quirks_mode=True, max_header_len=_MAX_HEADER_BYTES)
    except OSError as error:
        return DropReason.MALFORMED_RECORD, str(error)
    if record.warc.http_headers is None:
        return DropReason.NOT_HTML, record.warc.headers.get("Content-Type")
    return None


def _against_header(http: Any) -> Against | None:
    status = http.status_code
    if status is None:
        return DropReason.MALFORMED_RECORD, "no HTTP status"
    if 300 <= status < 400:
        return DropReason.REDIRECT, str(status)
    if status != 200:
        return DropReason.ERROR_STATUS, str(status)
    media_type = _content_type(http).split(";")[0].strip().lower()
    if media_type and media_type not in _HTML_TYPES:
        return DropReason.NOT_HTML, media_type
    return None


def _content_type(http: Any) -> str:
    return str(http.get("Content-Type") or "")


def _with_body(page: RawPage, record: Record, config: IngestConfig) -> RawPage:
    http = record.warc.http_headers
    content_type = _content_type(http)
    try:
        body = decode_body(
            _read_block(record, config),
            transfer=http.get("Transfer-Encoding") or "",
            content=http.get("Content-Encoding") or "",
            max_bytes=config.max_body_bytes,
        )
    except _IncompleteError as error:
        return _rejected(page, DropReason.INCOMPLETE_RECORD, str(error))
    except BodyTooLargeError:
        return _rejected(page, DropReason.BODY_TOO_LARGE, f"over {config.max_body_bytes} bytes")
    except UndecodableBodyError as error:
        return _rejected(page, DropReason.UNDECODABLE_BODY, str(error))
    if not body.strip():
        return _rejected(page, DropReason.EMPTY_BODY)
    if not content_type and not _LOOKS_LIKE_HTML.search(body[:_SNIFF_BYTES]):
        return _rejected(page, DropReason.NOT_HTML, "no content type")
    return replace(page, html=body, charset=find_charset(body, content_type=content_type))


def read_conversion(record: Record, config: IngestConfig) -> RawPage:
    """A `conversion` record of a WET file as a page that has its text already."""
    page = _identified(record)
    try:
        text = _read_block(record, config).decode("utf-8", "replace")
    except _IncompleteError as error:
        return _rejected(page, DropReason.INCOMPLETE_RECORD, str(error))
    except BodyTooLargeError:
        return _rejected(page, DropReason.BODY_TOO_LARGE, f"over {config.max_body_bytes} bytes")
    return replace(page, text=text) if text.strip() else _rejected(page, DropReason.EMPTY_BODY)


def _identified(record: Record) -> RawPage:
    headers = record.warc.headers
    url = (headers.get("WARC-Target-URI") or "").strip().removeprefix("<").removesuffix(">")
    record_id = (headers.get("WARC-Record-ID") or "").strip() or None
    return RawPage(
        offset=record.offset,
        file=record.file,
        named=record_id is not None,
        record_id=record_id,
        url=url or None,
        fetched_at=parse_time(headers.get("WARC-Date") or ""),
    )


def _rejected(page: RawPage, reason: DropReason, detail: str | None = None) -> RawPage:
    return replace(page, reason=reason, detail=detail[:200] if detail else None)


class _IncompleteError(Exception):
    pass


def _read_block(record: Record, config: IngestConfig) -> bytes:
    """What is left of the record; raises for less than its header says, and for too much."""
    length = record.warc.content_length
    block = bytes(record.warc.reader.read(min(length, config.max_body_bytes + 1)))
    if len(block) > config.max_body_bytes:
        raise BodyTooLargeError
    if len(block) < length:
        raise _IncompleteError(f"{len(block)} of {length} bytes")
    return block
