"""Which encoding a page is in: byte-order mark, HTTP header, meta tag, then detection.

A stated encoding is believed unless the bytes deny it: text that is valid UTF-8 and not ASCII is
UTF-8 whatever the page says, and text that is not valid in what the page says is detected.

Source: WHATWG Encoding (labels), WHATWG HTML 13.2.3 (order of precedence).
"""

from __future__ import annotations

import codecs
import re

from resiliparse.parse.encoding import detect_encoding, map_encoding_to_html5

_MARKS = ((codecs.BOM_UTF8, "utf-8"), (b"\xff\xfe", "utf-16-le"), (b"\xfe\xff", "utf-16-be"))
_HEADER = re.compile(r"charset\s*=\s*[\"']?([\w.:+-]+)", re.IGNORECASE)
_META = re.compile(rb"<meta[^>]{0,200}?charset\s*=\s*[\"']?\s*([\w.:+-]+)", re.IGNORECASE)
_XML = re.compile(rb"^\s*<\?xml[^>]{0,200}?encoding\s*=\s*[\"']([\w.:+-]+)", re.IGNORECASE)
# The labels of these mean more characters on the web than in Python.
_AS_BROWSERS_READ = {"shift_jis": "cp932", "euc_kr": "cp949", "gbk": "gb18030"}
_META_BYTES = 4096
_DETECT_BYTES = 1 << 17
_MAX_BROKEN_RATIO = 0.001


def find_charset(body: bytes, *, content_type: str = "") -> str:
    """The name of a Python codec for `body`; always one that exists."""
    for mark, name in _MARKS:
        if body.startswith(mark):
            return name
    stated = _stated(body, content_type)
    if stated != "utf-8" and not body.isascii() and _is_valid(body, "utf-8"):
        return "utf-8"
    if stated is not None and _is_valid(body, stated):
        return stated
    if stated == "utf-8" and _broken_ratio(body) < _MAX_BROKEN_RATIO:
        return stated
    detected = _known(detect_encoding(body, max_len=_DETECT_BYTES))
    return detected if detected and _is_valid(body, detected) else stated or detected or "utf-8"


def _stated(body: bytes, content_type: str) -> str | None:
    head = body[:_META_BYTES]
    header = _HEADER.search(content_type)
    labels = [header[1]] if header else []
    labels += [m[1].decode("ascii", "replace") for p in (_META, _XML) if (m := p.search(head))]
    for label in labels:
        if name := _known(label):
            # Markup in UTF-16 is full of NULs; a page without them says what it is not.
            return "utf-8" if name.startswith("utf-16") and b"\0" not in head else name
    return None


def _known(label: str | None) -> str | None:
    name = map_encoding_to_html5(label, fallback_utf8=False) if label else None
    try:
        codec = codecs.lookup(name).name if name else None
    except LookupError:
        return None
    return _AS_BROWSERS_READ.get(codec, codec) if codec else None


def _is_valid(body: bytes, name: str) -> bool:
    try:
        body.decode(name)
    except UnicodeDecodeError:
        return False
    return True


def _broken_ratio(body: bytes) -> float:
    return body.decode("utf-8", "replace").count("�") / max(1, len(body))
