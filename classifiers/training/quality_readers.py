"""Files of packages in, documents of whole lines out: a paragraph is a line, as on a page.

Readers take the bytes of a file and give one document or more, each a list of lines, none blank.
"""

from __future__ import annotations

import bz2
import email
import email.message
import email.policy
import html
import re
import struct
from collections.abc import Callable, Iterable, Iterator, Mapping

import lxml.html

from classifiers.training.texts import decode

Lines = list[str]
_BLANK = re.compile(r"\n(?:[ \t]*\n)+")
_LEAST_HELP = 200  # characters: a paragraph of a help text, not a label
_MOST_STRING, _MOST_SENTENCE = 60, 300
_PLACEHOLDER = re.compile(r"%\(\w+\)[sd]|\$?\{[^}]*\}|%[sd\d]\$?[sd]?|<[^>]*>|&\w+;|\$\w+")


def pages(content: bytes) -> Iterator[Lines]:
    """HTML of manuals, by its blocks: navigation too, which extraction would leave out."""
    yield _of_html(decode(content))


def paragraphs(content: bytes) -> Iterator[Lines]:
    """Plain text with blank lines between paragraphs."""
    yield unwrapped(decode(content))


def unwrapped(text: str) -> Lines:
    """Paragraphs of a text that is broken into short lines; what is set in stays as it is."""
    found: Lines = []
    for block in _BLANK.split(text):
        lines = block.split("\n")
        set_in = any(line.startswith(("\t", "  ", ">")) for line in lines[1:])
        found += lines if set_in else [" ".join(line.strip() for line in lines)]
    return whole(found)


def whole(lines: Iterable[str]) -> Lines:
    """Those that are not blank."""
    return [line.rstrip() for line in lines if line.strip()]


_BREAK = "\u2028"  # a line feed in HTML is a blank
_BLOCKS = (
    "p",
    "br",
    "tr",
    "div",
    "li",
    "h1",
    "h2",
    "h3",
    "h4",
    "td",
    "dt",
    "dd",
    "pre",
    "title",
    "option",
)
_PARSER = lxml.html.HTMLParser(encoding="utf-8")


def _of_html(body: str) -> Lines:
    try:
        tree = lxml.html.document_fromstring(body.encode() or b" ", parser=_PARSER)
    except lxml.etree.ParserError:  # nothing in it
        return []
    for element in tree.iter("script", "style"):
        element.text = None
    for element in tree.iter(*_BLOCKS):
        element.text = f"{_BREAK}{element.text or ''}"
        element.tail = f"{_BREAK}{element.tail or ''}"
    return whole(" ".join(line.split()) for line in tree.text_content().split(_BREAK))


# Wikipedia's dumps -------------------------------------------------------------------------------

_ENDS = re.compile(
    r"^==+ *(See also|References|Notes|External links|Further reading|Bibliography|Footnotes"
    r"|Вижте също|Източници|Външни препратки|Бележки) *==+.*",
    re.MULTILINE | re.DOTALL | re.IGNORECASE,
)
_NESTED = (re.compile(r"\{\{[^{}]*\}\}"), re.compile(r"\{\|(?:(?!\{\||\|\}).)*\|\}", re.DOTALL))
_DROPPED = (
    re.compile(r"<!--.*?-->", re.DOTALL),
    re.compile(r"<(ref|gallery|math|timeline|code|pre)\b[^>]*?/>"),
    re.compile(r"<(ref|gallery|math|timeline|code|pre)\b.*?</\1>", re.DOTALL),
    re.compile(r"\[\[(?:File|Image|Category|Файл|Картинка|Категория):(?:\[\[.*?\]\]|[^\]])*\]\]"),
    re.compile(r"<[^>]+>|'{2,}|__[A-Z]+__|\[\[[a-z-]+:[^\]]*\]\]"),
)
_LINK = re.compile(r"\[\[(?:[^\]|]*\|)?([^\]]*)\]\]")
_OUTSIDE = re.compile(r"\[https?:\S+ ?([^\]]*)\]")
_HEADING = re.compile(r"^=+ *(.*?) *=+$", re.MULTILINE)
_BULLET = re.compile(r"^[*#:;]+ *", re.MULTILINE)


def wikitext(content: bytes) -> Iterator[Lines]:
    """Articles of a dump, without tables, notes and what comes after the text."""
    raw = bz2.decompress(content)
    dump = raw.decode("utf-16" if raw.startswith(b"\xff\xfe") else "utf-8")
    for page in re.findall(r"<text [^>]*>(.*?)</text>", dump, re.DOTALL):
        if not page.lower().startswith(("#redirect", "#виж", "#пренасочване")):
            yield whole(_without_markup(html.unescape(page)).split("\n"))


def _without_markup(text: str) -> str:
    text = _ENDS.sub("", text)
    for pattern in _DROPPED[:3]:
        text = pattern.sub("", text)
    for pattern in _NESTED:
        while True:
            text, found = pattern.subn("", text)
            if not found:
                break
    for pattern in _DROPPED[3:]:
        text = pattern.sub("", text)
    text = _OUTSIDE.sub(r"\1", _LINK.sub(r"\1", text))
    return html.unescape(_BULLET.sub("- ", _HEADING.sub(r"\1", text)))


# Mail and sayings ---------------------------------------------------------------------------------


def mail(content: bytes) -> Iterator[Lines]:
    """The body of a message, without its headers."""
    message = email.message_from_bytes(content, policy=email.policy.compat32)
    for part in message.walk():
        kind = part.get_content_type()
        if kind in ("text/plain", "text/html"):
            body = _payload(part)
            yield _of_html(body) if kind == "text/html" else unwrapped(body)
            return


def _payload(part: email.message.Message) -> str:
    found = part.get_payload(decode=True)
    return _CONTROL.sub(" ", decode(found)) if isinstance(found, bytes) else ""


_CONTROL = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f]")


def sayings(content: bytes) -> Iterator[Lines]:
    """A file of fortune(6): documents of six sayings."""
    found = [whole(saying.split("\n")) for saying in re.split(r"\n%+\n", decode(content))]
    for at in range(0, len(found), 6):
        yield [line for saying in found[at : at + 6] for line in saying]


# Catalogues of translations ----------------------------------------------------------------------


def catalogue(content: bytes) -> Mapping[str, str]:
    """What a `.mo` file translates: original and translation; of plurals the first form.

    Read here, as `gettext` gives up on files whose rule for plurals is broken.
    """
    order = "<" if content[:4] == b"\xde\x12\x04\x95" else ">"
    count, originals, translations = struct.unpack(f"{order}3I", content[8:20])

    def text(table: int, number: int) -> str:
        size, at = struct.unpack(f"{order}2I", content[table + 8 * number : table + 8 * number + 8])
        found = content[at : at + size].split(b"\0")[0].decode("utf-8", "replace")
        return found.split("\4")[-1]  # behind the context

    pairs = ((text(originals, n), text(translations, n)) for n in range(count))
    return {original: found for original, found in pairs if original and found}


def strings(found: Iterable[str]) -> tuple[list[str], list[str]]:
    """Of texts of a user interface those that a page shows: short ones, and whole sentences."""
    clean = {" ".join(_PLACEHOLDER.sub(" ", text).split()) for text in found}
    sentences = {text for text in clean if text and text[-1] in ".。!?"}
    short = [text for text in clean - sentences if 1 < len(text) <= _MOST_STRING]
    return sorted(short), sorted(text for text in sentences if len(text) <= _MOST_SENTENCE)


def long_texts(content: bytes) -> Iterator[Lines]:
    """Help texts of a catalogue, six to a document."""
    texts = sorted({*catalogue(content).values()})
    found = [unwrapped(text) for text in texts if len(text) >= _LEAST_HELP]
    for at in range(0, len(found), 6):
        yield [line.lstrip("* ") for text in found[at : at + 6] for line in text]


READERS: Mapping[str, Callable[[bytes], Iterator[Lines]]] = {
    "html": pages,
    "paragraphs": paragraphs,
    "wikitext": wikitext,
    "mail": mail,
    "fortunes": sayings,
    "help": long_texts,
}
