"""Pages of an XML dump: pieces of bytes in, each article's id and wikitext out.

MediaWiki writes `<` in texts as `&lt;` always, so tags are found as bytes, and nothing is parsed
that could be made to grow: a document type is refused, and of entities only XML's own five and
numbers mean anything. Articles are pages of namespace 0 that are no redirects. What is held is one
piece and the page that goes on behind it.

Source: MediaWiki's export format (export-0.10, 0.11).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from curation.wikipedia.dump import LONGEST_BYTES, Dump

_OPEN, _CLOSE = b"<page>", b"</page>"
_HEAD_BYTES = 1 << 14
_NAMESPACE = re.compile(rb"<ns>\s*(-?\d+)\s*</ns>")
_ID = re.compile(rb"<id>\s*(\d{1,18})\s*</id>")
_TEXT = re.compile(rb"<text\b[^>]*>")
_ENTITIES = ((b"&lt;", b"<"), (b"&gt;", b">"), (b"&quot;", b'"'), (b"&apos;", b"'"))


def articles(dump: Dump) -> Iterator[tuple[int, bytes]]:
    """The id and wikitext of each article; of several revisions the last in the file.

    Raises `UserError` where the dump is clipped, or is not what MediaWiki writes.
    """
    held, ended = b"", False
    for number, piece in enumerate(dump.pieces()):
        if number == 0 and b"<!DOCTYPE" in piece[:_HEAD_BYTES]:
            raise dump.broken("no dump of MediaWiki: it has a document type")
        held += piece
        at = 0
        while (end := held.find(_CLOSE, at)) >= 0:
            start = held.find(_OPEN, at, end)
            if start < 0:
                raise dump.broken("damaged: a page ends that did not begin")
            if (found := _article(dump, held[start + len(_OPEN) : end])) is not None:
                yield found
            at = end + len(_CLOSE)
        held = held[at:]
        ended = b"</mediawiki>" in held
        if len(held) > LONGEST_BYTES:
            raise dump.broken(f"damaged: a page of over {LONGEST_BYTES >> 20} MiB")
    if not ended:
        raise dump.broken("clipped: it ends without </mediawiki>")


def _article(dump: Dump, page: bytes) -> tuple[int, bytes] | None:
    """None for a page that is no article."""
    head = page.split(b"<revision>", 1)[0]
    namespace, number = _NAMESPACE.search(head), _ID.search(head)
    if namespace is None or number is None:
        raise dump.broken("of another version: a page has no <ns> or no <id>")
    if int(namespace[1]) != 0 or b"<redirect" in head:
        return None
    start = _TEXT.search(page, max(len(head), page.rfind(b"<text")))
    end = page.rfind(b"</text>")
    if start is None or end < start.end():  # it is empty, or left out of the dump
        return int(number[1]), b""
    return int(number[1]), _unescaped(page[start.end() : end])


def _unescaped(text: bytes) -> bytes:
    """Numbers of characters stay as they are: links know them too."""
    if b"&" not in text:
        return text
    for entity, character in _ENTITIES:
        text = text.replace(entity, character)
    return text.replace(b"&amp;", b"&")
