"""The external links of a wikitext, as MediaWiki would make them.

`[http://a.b text]`, `[//a.b]`, bare URLs, those in `<ref>` and in parameters of templates
(`|url=http://a.b|`); not what stands in comments or in `<nowiki>`.

Source: MediaWiki's Parser, EXT_LINK_URL_CLASS and the end of free links. Templates are not
expanded, so what they make of an identifier (a DOI, say) is not seen here, but is in externallinks.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

_LINK = re.compile(rb"//([^\x00-\x20\x7f\[\]<>\"{}|]+)")
_SCHEME = re.compile(rb"(?:\A|[^a-z0-9])(https?:)\Z")
_LONGEST_SCHEME = 7
_HIDES = re.compile(rb"<!--|<(nowiki|pre|syntaxhighlight|source)\b[^<>]*>")
_MAY_NOT_BE_TEXT = (b"<!--", b"<nowiki", b"<pre", b"<syntaxhighlight", b"<source")
_ENTITY = re.compile(rb"&(?:amp|#(\d{1,7})|#[xX]([0-9a-fA-F]{1,6}));")
_MARKS = b",;.:!?"


def links(text: bytes) -> Iterator[bytes]:
    """The URLs in a text, each as often as it is there; protocol-relative ones start with `//`."""
    if any(mark in text for mark in _MAY_NOT_BE_TEXT):
        text = _shown(text)
    for found in _LINK.finditer(text):
        start = found.start()
        before = text[max(0, start - _LONGEST_SCHEME) : start].lower()
        scheme = _SCHEME.search(before)
        rest = found[1].split(b"''", 1)[0]
        if scheme:
            is_free = before[: scheme.start(1)][-1:] not in (b"[", b"=")
            yield scheme[1] + b"//" + (_without_marks(rest) if is_free else _meant(rest))
        elif before.rstrip(b" ")[-1:] in (b"[", b"=") and b"." in rest:
            yield b"//" + _meant(rest)


def _shown(text: bytes) -> bytes:
    """Without comments, and without what stands in tags; one that is never closed hides nothing.

    Each end is looked for once, lest many beginnings cost the square of their number.
    """
    shown: list[bytes] = []
    never, start, at = set[bytes](), 0, 0
    while found := _HIDES.search(text, at):
        closer = b"</" + found[1] + b">" if found[1] else b"-->"
        at = found.end()
        if closer in never or found[0].endswith(b"/>"):
            continue
        end = text.find(closer, at)
        if end < 0 and found[1]:
            never.add(closer)
            continue
        shown.append(text[start : found.start()])
        start = at = len(text) if end < 0 else end + len(closer)
    return b" ".join([*shown, text[start:]])


def _without_marks(rest: bytes) -> bytes:
    """What a free link leaves to the sentence around it."""
    rest = _meant(rest)
    return rest.rstrip(_MARKS if b"(" in rest else _MARKS + b")")


def _meant(rest: bytes) -> bytes:
    return _ENTITY.sub(_character, rest) if b"&" in rest else rest


def _character(entity: re.Match[bytes]) -> bytes:
    if entity[1] is None and entity[2] is None:
        return b"&"
    code = int(entity[1]) if entity[1] else int(entity[2], 16)
    is_one = 0x20 < code <= 0x10FFFF and not 0xD800 <= code < 0xE000
    return chr(code).encode() if is_one else entity[0]
