"""Hand-made records that a reader of crawls must survive: nothing in, `Hostile` records out.

Each says in one word where it should end: `kept`, a drop reason, or `skipped` for records that are
no pages. The prose in them is original; see prose.py.
"""

from __future__ import annotations

import gzip
import zlib
from collections.abc import Mapping
from dataclasses import dataclass

import brotli

from curation.sample.prose import page, paragraphs, texts_in
from curation.sample.records import (
    capture_time,
    http_response,
    record,
    record_id,
    response,
    warc_date,
)

_SITE = "https://hostile.example"
_OVER_LIMIT_BYTES = 10_500_000
_NESTED_TAGS = 20_000

Headers = Mapping[str, str | None]


@dataclass(frozen=True)
class Hostile:
    """A record, what is odd about it, and where it should end."""

    name: str
    record: bytes
    expect: str
    what: str


def hostile_records() -> list[Hostile]:
    """All of them, in a fixed order."""
    return [
        *_no_pages(),
        *_bad_status(),
        *_bad_bodies(),
        *_codings(),
        *_charsets(),
        *_markup(),
        *_bad_headers(),
    ]


def _url(name: str) -> str:
    return f"{_SITE}/{name}.html"


def _from_http(name: str, block: bytes, expect: str, what: str) -> Hostile:
    url = _url(name)
    return Hostile(name, response(url, block, at=capture_time(url)), expect, what)


def _from_body(
    name: str, body: bytes, expect: str, what: str, *, headers: Headers | None = None
) -> Hostile:
    return _from_http(name, http_response(body, headers=headers), expect, what)


def _from_record(
    name: str,
    block: bytes,
    expect: str,
    what: str,
    *,
    kind: str = "response",
    **headers: str | None,
) -> Hostile:
    """WARC headers as keywords, with _ for -; None leaves one out."""
    usual: dict[str, str | None] = {
        "WARC-Record-ID": record_id(_url(name)),
        "WARC-Date": warc_date(capture_time(_url(name))),
        "WARC-Target-URI": _url(name),
        "Content-Type": "application/http; msgtype=response",
    }
    usual |= {key.replace("_", "-"): value for key, value in headers.items()}
    return Hostile(name, record(kind, block, usual), expect, what)


def _good(number: int, title: str) -> bytes:
    return page(title, paragraphs(number)).encode()


def _no_pages() -> list[Hostile]:
    request = b"GET / HTTP/1.1\r\nHost: hostile.example\r\n\r\n"
    http = "application/http; msgtype=request"
    fields = "application/warc-fields"
    return [
        _from_record("request", request, "skipped", "a request", kind="request", Content_Type=http),
        _from_record(
            "metadata", b"fetchTimeMs: 12\r\n", "skipped", "metadata", kind="metadata",
            Content_Type=fields,
        ),
        _from_record(
            "revisit", http_response(b"", headers={"Content-Length": "900"}), "skipped",
            "a revisit", kind="revisit",
            WARC_Profile="http://netpreserve.org/warc/1.1/revisit/server-not-modified",
        ),
        _from_record(
            "resource", _good(0, "A resource"), "skipped", "a resource", kind="resource",
            Content_Type="text/html",
        ),
        _from_record(
            "dns", b"20240301000000\r\nhostile.example. 3600 IN A 192.0.2.7\r\n", "not_html",
            "a response of the DNS", Content_Type="text/dns", WARC_Target_URI="dns:hostile.example",
        ),
    ]  # fmt: skip


def _bad_status() -> list[Hostile]:
    moved = {"Location": _url("elsewhere"), "Content-Type": "text/html"}
    good = _good(1, "An error that looks like a page")
    return [
        _from_http(
            "moved", http_response(b"", status="301 Moved Permanently", headers=moved),
            "redirect", "301 without a body",
        ),
        _from_http(
            "found", http_response(good, status="302 Found", headers=moved),
            "redirect", "302 with a page as its body",
        ),
        _from_http(
            "missing", http_response(good, status="404 Not Found"), "error_status", "404",
        ),
        _from_http(
            "broken", http_response(good, status="500 Internal Server Error"),
            "error_status", "500",
        ),
        _from_http("no-reason", http_response(_good(2, "No reason phrase"), status="200"), "kept",
                   "status line without a reason phrase"),
        _from_http("no-http", _good(3, "No header"), "malformed_record",
                   "a response whose block is HTML, without HTTP headers"),
    ]  # fmt: skip


def _bad_bodies() -> list[Hostile]:
    bomb = b"<!DOCTYPE html><p>" + b"grain " * (_OVER_LIMIT_BYTES // 6)
    packed = zlib.compress(bomb, 9, wbits=31)
    whole = http_response(_good(4, "Cut short"))
    pdf, png = {"Content-Type": "application/pdf"}, {"Content-Type": "image/png"}
    no_type: Headers = {"Content-Type": None}
    return [
        _from_body("report", b"%PDF-1.7\n%\xe2\xe3\n", "not_html", "a PDF", headers=pdf),
        _from_body("dot", b"\x89PNG\r\n\x1a\n\0\0", "not_html", "a picture", headers=png),
        _from_body("untyped", _good(5, "No type"), "kept", "no Content-Type", headers=no_type),
        _from_body("untyped-text", b"plain words", "not_html",
                   "neither Content-Type nor markup", headers=no_type),
        _from_body("empty", b"", "empty_body", "no body"),
        _from_body("blank", b" \r\n\t \n" * 40, "empty_body", "a body of white space"),
        _from_body("large", bomb, "body_too_large", "10.5 MB"),
        _from_body("bomb", packed, "body_too_large", "10.5 MB after gunzip",
                   headers={"Content-Encoding": "gzip"}),
        _from_record("cut-by-crawler", whole[:600], "truncated_record",
                     "WARC-Truncated: length", WARC_Truncated="length"),
    ]  # fmt: skip


def _codings() -> list[Hostile]:
    gzipped = gzip.compress(_good(8, "Packed with gzip"), mtime=0)
    deflated = zlib.compress(_good(9, "Packed with deflate"))
    raw = zlib.compress(_good(10, "Packed with raw deflate"), wbits=-15)
    both = _chunked(zlib.compress(_good(11, "Chunks of gzip"), wbits=31))
    brotlied = brotli.compress(_good(12, "Packed with brotli"))
    chunked: Headers = {"Transfer-Encoding": "chunked", "Content-Length": None}

    def coded(coding: str) -> Headers:
        return {"Content-Encoding": coding}

    return [
        _from_body("chunked", _chunked(_good(6, "In chunks")), "kept", "chunked", headers=chunked),
        _from_body("joined", _good(7, "Joined"), "kept", "said to be chunked, and is not",
                   headers=chunked),
        _from_body("gzip", gzipped, "kept", "gzip", headers=coded("gzip")),
        _from_body("deflate", deflated, "kept", "deflate", headers=coded("deflate")),
        _from_body("deflate-raw", raw, "kept", "deflate without zlib's frame",
                   headers=coded("deflate")),
        _from_body("chunked-gzip", both, "kept", "gzip in chunks",
                   headers={**chunked, **coded("gzip")}),
        _from_body("brotli", brotlied, "kept", "brotli", headers=coded("br")),
        _from_body("unpacked", _good(13, "Unpacked already"), "kept",
                   "said to be gzip, and is HTML", headers=coded("gzip")),
        _from_body("gzip-broken", gzipped[:400] + bytes(200), "undecodable_body",
                   "gzip that breaks in the middle", headers=coded("gzip")),
        _from_body("coding-unknown", b"\x07\x11 not to be read", "undecodable_body",
                   "an encoding that nobody knows", headers=coded("x-secret")),
    ]  # fmt: skip


def _chunked(body: bytes, size: int = 500) -> bytes:
    pieces = [body[i : i + size] for i in range(0, len(body), size)]
    return b"".join(b"%x\r\n%s\r\n" % (len(p), p) for p in pieces) + b"0\r\n\r\n"


def _charsets() -> list[Hostile]:
    russian = page("Река и зерно", texts_in("ru"), lang="ru")
    german = page("Körner und Flüsse", texts_in("de"), lang="de", head='<meta charset="latin1">')
    japanese = page("川と自転車", texts_in("ja"), lang="ja")
    chinese = page("河流与粮食", texts_in("zh"), lang="zh", head='<meta charset="gb18030">')
    arabic = page("الحبوب والنهر", texts_in("ar"), lang="ar").replace("<html", '<html dir="rtl"')
    hebrew = page("תבואה ונהר", texts_in("he"), lang="he").replace("<html", '<html dir="rtl"')
    wide = page("Two bytes a letter", paragraphs(14))

    def typed(charset: str) -> Headers:
        return {"Content-Type": f"text/html; charset={charset}" if charset else "text/html"}

    return [
        _from_body("cp1251-as-utf-8", russian.encode("cp1251"), "kept",
                   "windows-1251, labelled utf-8", headers=typed("utf-8")),
        _from_body("utf-8-as-latin-1", german.encode(), "kept",
                   "UTF-8, labelled iso-8859-1", headers=typed("iso-8859-1")),
        _from_body("shift-jis", japanese.encode("shift_jis"), "kept", "Shift_JIS",
                   headers=typed("Shift_JIS")),
        _from_body("shift-jis-unsaid", japanese.encode("shift_jis"), "kept",
                   "Shift_JIS without a label", headers=typed("")),
        _from_body("gb18030", chinese.encode("gb18030"), "kept", "GB18030, told by a meta tag",
                   headers=typed("")),
        _from_body("utf-16", b"\xff\xfe" + wide.encode("utf-16-le"), "kept",
                   "UTF-16 with a byte-order mark", headers=typed("")),
        _from_body("label-unknown", _good(15, "Unknown label"), "kept",
                   "a label that names no charset", headers=typed("klingon-8")),
        _from_body("arabic", arabic.encode(), "kept", "right to left"),
        _from_body("hebrew", hebrew.encode("iso8859_8"), "kept",
                   "right to left, ISO-8859-8", headers=typed("iso-8859-8")),
    ]  # fmt: skip


def _markup() -> list[Hostile]:
    texts = paragraphs(16)
    nested = page("Nested", texts).replace("<article>", "<div>" * _NESTED_TAGS + "<article>")
    unclosed = "<html><body><table><tr><td><div><ul><li><b><i><p>" + "<p>".join(paragraphs(17))
    surrogates = page("Half a pair", paragraphs(18)).replace(" grain", " grain&#xD83D; &#56832;", 2)
    nul = _good(19, "NUL bytes").replace(b" the ", b" t\0he ").replace(b"<p>", b"<p>\0")
    picture = '<img alt="" src="data:image/png;base64,' + "A" * 200_000 + '">'
    one_line = page("One line", (" ".join(reversed(texts_in("en"))),)).replace("\n", " ")
    empty_tags = "<html><head><title></title></head><body>" + "<div><span></span></div>" * 500
    invalid = _good(20, "Broken UTF-8").replace(b"</p>", b" \xff\xfe\xc3</p>", 1)
    return [
        _from_body("nested", nested.encode(), "extraction_failed", f"{_NESTED_TAGS:,} nested tags"),
        _from_body("unclosed", unclosed.encode(), "kept", "no tag is closed"),
        _from_body("surrogates", surrogates.encode(), "kept", "lone surrogates as entities"),
        _from_body("nul", nul, "kept", "NUL bytes in text and between tags"),
        _from_body("one-line", one_line.replace("<p>", picture + "<p>").encode(), "kept",
                   "the whole page on one line of 200,000 characters"),
        _from_body("only-markup", empty_tags.encode(), "no_text", "tags without a word"),
        _from_body("invalid-utf-8", invalid, "kept", "three bytes that are not UTF-8"),
        _from_body("short", page("Short", ("Nothing to see here.",)).encode(), "too_few_words",
                   "a page of four words"),
    ]  # fmt: skip


def _bad_headers() -> list[Hostile]:
    def block(number: int, title: str) -> bytes:
        return http_response(_good(number, title))

    whole = block(4, "Cut short too")
    return [
        _from_record("no-id", block(21, "No record id"), "kept", "no WARC-Record-ID",
                     WARC_Record_ID=None),
        _from_record("bad-date", block(22, "A date that is none"), "kept",
                     "WARC-Date: yesterday", WARC_Date="yesterday"),
        _from_record("no-uri", block(0, "No URL"), "kept", "no WARC-Target-URI",
                     WARC_Target_URI=None),
        _from_record("bad-uri", block(1, "No URL for a browser"), "kept",
                     "a WARC-Target-URI that no browser opens", WARC_Target_URI="https://[::bad/"),
        # The last, because plain readers of WARC go astray behind it.
        _from_record("cut-unsaid", whole[:600], "incomplete_record",
                     "less in the record than its Content-Length", Content_Length=str(len(whole))),
    ]  # fmt: skip
