"""Which encoding a page is in, whatever it says of itself."""

from __future__ import annotations

import codecs

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from curation.ingest.charset import find_charset

RUSSIAN = "Привет, мир! Это страница о погоде в Москве. " * 5
JAPANESE = "これは日本語のページです。天気予報をお知らせします。" * 5
SIMPLIFIED = "这是一个中文网页。今天天气很好，我们去公园。" * 5
TRADITIONAL = "這是一個中文網頁。今天天氣很好，我們去公園。" * 5
FRENCH = "<p>Déjà vu à la fenêtre, où était l'élève naïf ?"


@pytest.mark.parametrize(
    ("body", "expected"),
    [
        (b"\xef\xbb\xbf<p>x", "utf-8"),
        (b"\xff\xfe<\0p\0>\0", "utf-16-le"),
        (b"\xfe\xff\0<\0p\0>", "utf-16-be"),
    ],
)
def test_a_byte_order_mark_is_stronger_than_any_label(body: bytes, expected: str) -> None:
    assert find_charset(body, content_type="text/html; charset=koi8-r") == expected


@pytest.mark.parametrize(
    ("text", "encoding", "label", "expected"),
    [
        (RUSSIAN, "windows-1251", "windows-1251", "cp1251"),
        (RUSSIAN, "koi8-r", "KOI8-R", "koi8-r"),
        (RUSSIAN, "iso8859-5", "iso-8859-5", "iso8859-5"),
        (JAPANESE, "shift_jis", "Shift_JIS", "cp932"),
        (JAPANESE, "euc-jp", "euc-jp", "euc_jp"),
        (SIMPLIFIED, "gb18030", "GB18030", "gb18030"),
        (SIMPLIFIED, "gbk", "gb2312", "gb18030"),
        (TRADITIONAL, "big5", "Big5", "big5"),
        (FRENCH, "latin1", "iso-8859-1", "cp1252"),
        (FRENCH, "utf-8", "utf-8", "utf-8"),
        ("<p>" + RUSSIAN, "utf-16-le", "utf-16le", "utf-16-le"),
        ("<p>" + FRENCH, "utf-16-be", "UTF-16BE", "utf-16-be"),
    ],
)
def test_a_true_label_is_believed(text: str, encoding: str, label: str, expected: str) -> None:
    body = text.encode(encoding)
    found = find_charset(body, content_type=f"text/html; charset={label}")
    assert found == expected
    assert body.decode(found) == text


@pytest.mark.parametrize(
    ("text", "encoding", "expected"),
    [
        (RUSSIAN, "windows-1251", "cp1251"),
        (RUSSIAN, "koi8-r", "koi8-r"),
        (JAPANESE, "shift_jis", "cp932"),
        (JAPANESE, "euc-jp", "euc_jp"),
        (SIMPLIFIED, "gb18030", "gb18030"),
        (TRADITIONAL, "big5", "big5"),
        (RUSSIAN, "utf-8", "utf-8"),
    ],
)
@pytest.mark.parametrize("label", ["utf-8", "", "no-such-charset", "utf-16"])
def test_bytes_that_deny_their_label_are_detected(
    text: str, encoding: str, expected: str, label: str
) -> None:
    body = ("<p>" + text).encode(encoding)
    assert find_charset(body, content_type=f"text/html; charset={label}") == expected


@pytest.mark.parametrize("label", ["latin1", "windows-1251", "gb2312", "shift_jis", "utf-16"])
def test_valid_utf8_is_utf8_whatever_the_label(label: str) -> None:
    assert find_charset(FRENCH.encode(), content_type=f"text/html; charset={label}") == "utf-8"


@pytest.mark.parametrize(
    ("characters", "encoding", "label"),
    [("①㈱髙～", "cp932", "shift_jis"), ("똠방각하", "cp949", "euc-kr"), ("𠀀", "gb18030", "gbk")],
)
def test_a_label_means_what_it_means_to_browsers(
    characters: str, encoding: str, label: str
) -> None:
    body = characters.encode(encoding)
    found = find_charset(body, content_type=f"text/html; charset={label}")
    assert body.decode(found) == characters


@pytest.mark.parametrize(
    "head",
    [
        b'<meta charset="koi8-r">',
        b"<meta charset='koi8-r'>",
        b"<META CHARSET=KOI8-R>",
        b"<meta name=x charset = koi8-r />",
        b'<meta http-equiv="Content-Type" content="text/html; charset=koi8-r">',
        b"<meta content='text/html;charset=koi8-r' http-equiv=content-type>",
        b'<?xml version="1.0" encoding="koi8-r"?>',
    ],
)
def test_a_page_may_name_its_encoding_itself(head: bytes) -> None:
    body = head + FRENCH.encode("koi8-r", "replace") + "Ж".encode("koi8-r")
    assert find_charset(body) == "koi8-r"


def test_the_header_is_stronger_than_the_meta_tag_and_that_than_the_xml_declaration() -> None:
    body = b'<?xml version="1.0" encoding="koi8-u"?><meta charset="windows-1251">\xc0\xc1'
    assert find_charset(body, content_type='text/html; Charset="koi8-r"') == "koi8-r"
    assert find_charset(body, content_type="text/html; charset=foo") == "cp1251"
    assert find_charset(body) == "cp1251"


def test_a_meta_tag_that_could_be_read_is_not_in_utf16() -> None:
    assert find_charset(b'<meta charset="utf-16"><p>x') == "utf-8"


@pytest.mark.parametrize(
    "label", ["hex", "rot13", "base64", "punycode", "utf-7", "\0", "é", "x" * 999]
)
def test_a_label_that_is_no_web_encoding_is_passed_over(label: str) -> None:
    assert find_charset(FRENCH.encode(), content_type=f"text/html; charset={label}") == "utf-8"


def test_a_broken_byte_does_not_deny_utf8() -> None:
    body = b"<p>plain " * 1000 + b"caf\xe9"
    assert find_charset(body, content_type="text/html; charset=utf-8") == "utf-8"


def test_ascii_and_nothing_decode_as_they_are() -> None:
    assert b"<p>plain".decode(find_charset(b"<p>plain")) == "<p>plain"
    assert find_charset(b"<p>plain", content_type="text/html; charset=utf-8") == "utf-8"
    assert find_charset(b"") == "utf-8"


LABELS = st.sampled_from(
    [
        "utf-8",
        "utf-16",
        "iso-2022-jp",
        "iso-8859-8-i",
        "x-user-defined",
        "replacement",
        "x-mac-cyrillic",
    ]
)


@settings(max_examples=500, deadline=None)
@given(
    st.binary(max_size=400) | st.text().map(lambda text: text.encode("utf-16")),
    LABELS | st.text(max_size=20),
    st.booleans(),
)
@example(b"\xff", "hz-gb-2312", True)
def test_any_bytes_give_a_codec_that_decodes_them(body: bytes, label: str, in_page: bool) -> None:
    if in_page:
        body = b"<meta charset=" + label.encode("utf-8", "replace") + b">" + body
    name = find_charset(body, content_type=f"text/html; charset={label}")
    assert codecs.lookup(name).name == name
    assert isinstance(body.decode(name, "replace"), str)
