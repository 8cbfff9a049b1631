"""Texts that domains are learnt from: files of documentation in, texts as pages have them out.

HTML is extracted as pages are (`texts.read_texts`). What is never a page, but documentation all the
same, is brought near to one: manual pages, DocBook and Mallard, notebooks, archives of HTML, an
encyclopaedia's dump, the comments of a database of proofs. Formulas are written as our extraction
writes them: `$...$`.
"""

from __future__ import annotations

import bz2
import gzip
import html
import io
import json
import re
import zipfile
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path

import xxhash

from classifiers.training.texts import decode, html_text

_HTML = (".html", ".htm", ".xhtml")
_BLOCK = re.compile(
    r"</(?:para|title|listitem|row|programlisting|screen|p|item|media|simpara|term|entry)\s*>"
)
_KEPT_LINES = re.compile(r"(?s)<(programlisting|screen|literallayout|code|verse)\b.*?</\1\s*>")
_HIDDEN = re.compile(r"(?s)<!--.*?-->|<\?.*?\?>|<!DOCTYPE.*?\]>|<!\[CDATA\[|\]\]>")
_TAG = re.compile(r"(?s)<[^>]*>")
_ESCAPES = re.compile(r"\\f(?:\[\w*\]|\(\w\w|.)|\\[&|^%,:]|\\s[-+]?\d")
_REQUEST = re.compile(r"^[.'](?:\\\".*|\w*)[ \t]*")
_ROLE = re.compile(r":math:`([^`]+)`")
_PAGE = re.compile(r"(?s)<title>([^<:]*)</title>.*?<text[^>]*>([^<]*)</text>")
_TEMPLATE = re.compile(r"(?s)\{\{[^{}]*\}\}|<ref[^>/]*/>|<ref.*?</ref>|<!--.*?-->")
_TABLE = re.compile(r"(?s)\{\|.*?\n\|\}")
_CELL = re.compile(r"\n\s*[|!]|\|\||!!")
_LINK = re.compile(r"\[\[(?:[^\]|]*\|)?([^\]|]*)\]\]")
_REMARK = re.compile(r"(?s)\$\((.*?)\$\)")
_ENTRY = re.compile(
    r'(?m)^msgid ((?:"[^\n]*"\n)+)(?:msgid_plural .*\n)?msgstr(?:\[0\])? ((?:"[^\n]*"\n)+)'
)
_LEAST_FORMULAS = 4


def read_documents(
    folder: Path, patterns: Iterable[str], most_files: int
) -> Iterator[tuple[str, str]]:
    """Name and text of what at most so many of the files hold, drawn by a hash of their path."""
    found = {file for pattern in patterns for file in folder.glob(pattern) if file.is_file()}
    named = [(str(file.relative_to(folder)), file) for file in found]
    for name, file in sorted(named, key=lambda of: (hash_of(of[0]), of[0]))[:most_files]:
        for part, text in _read(name, file.read_bytes()):
            if text.strip():
                yield part, text


def hash_of(text: str) -> int:
    """The same on each machine."""
    return int(xxhash.xxh64_intdigest(text.encode()))


def _read(name: str, content: bytes) -> Iterator[tuple[str, str]]:
    if name.endswith((".gz", ".dz")):
        name, content = name[:-3], gzip.decompress(content)
    if name.endswith(_HTML) or ".html." in name:
        yield name, html_text(content)
    elif name.endswith((".jar", ".zip")):
        yield from _of_archive(name, content)
    elif name.endswith(".bz2"):
        yield from _of_encyclopaedia(decode(bz2.decompress(content)))
    elif "/man/" in f"/{name}":
        yield name, _of_manual(decode(content))
    elif b"\0" not in content:  # what else is there is no text
        suffix = Path(name).suffix
        yield name, _READERS.get(suffix, str)(decode(content))


def _of_archive(name: str, content: bytes) -> Iterator[tuple[str, str]]:
    with zipfile.ZipFile(io.BytesIO(content)) as archive:
        pages = [page for page in archive.namelist() if page.endswith(_HTML)]
        for page in sorted(pages, key=lambda page: (hash_of(page), page))[:400]:
            yield f"{name}/{page}", html_text(archive.read(page))


def _of_xml(text: str) -> str:
    """Of DocBook and Mallard: a line for a paragraph, examples as they are, entities by name."""
    text = _HIDDEN.sub("", text)
    at, parts = 0, []
    for example in _KEPT_LINES.finditer(text):
        parts += [" ".join(text[at : example.start()].split()), f"\n{example.group()}\n"]
        at = example.end()
    parts.append(" ".join(text[at:].split()))
    plain = html.unescape(_TAG.sub("", _BLOCK.sub("\n", "".join(parts))))
    plain = re.sub(r"&([\w.-]+);", r"\1", plain)
    return "\n".join(line.strip() if line[:3] != "   " else line for line in plain.split("\n"))


def _of_manual(text: str) -> str:
    """Roff without its requests: what a reader sees, but for the indentation."""
    lines = []
    for line in text.split("\n"):
        plain = _ESCAPES.sub("", _REQUEST.sub("", line)).replace("\\-", "-").replace("\\(aq", "'")
        lines.append(plain.replace("\\e", "\\"))
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines))


def _of_notebook(text: str) -> str:
    cells = json.loads(text)["cells"]
    return "\n\n".join("".join(cell["source"]) for cell in cells)


def _of_rst(text: str) -> str:
    return _ROLE.sub(r"$\1$", text)


def _of_strings(text: str) -> str:
    """Of JSON each string, the last first."""
    found: list[str] = []
    todo = [json.loads(text)]
    while todo:
        value = todo.pop()
        found += [value] if isinstance(value, str) else []
        children = value.values() if isinstance(value, dict) else value
        todo += [] if isinstance(value, str) or not isinstance(value, dict | list) else children
    return "\n\n".join(found)


def _of_catalogue(text: str) -> str:
    """Of gettext's each translation, or the original where there is none."""
    found = (
        _joined(translated) or _joined(original) for original, translated in _ENTRY.findall(text)
    )
    return "\n".join(found)


def _joined(quoted: str) -> str:
    text = "".join(line[1:-1] for line in quoted.splitlines())
    return text.replace("\\n", "\n").replace('\\"', '"')


def _of_proofs(text: str) -> str:
    """Of a Metamath database what people read."""
    return "\n\n".join(" ".join(remark.split()) for remark in _REMARK.findall(text))


def _of_encyclopaedia(dump: str) -> Iterator[tuple[str, str]]:
    """Articles of a MediaWiki dump; names of those with formulas begin with `formulas/`."""
    for title, escaped in _PAGE.findall(dump):
        text = html.unescape(escaped)
        if not text.lower().startswith("#redirect"):
            kind = "formulas" if text.count("<math") >= _LEAST_FORMULAS else "prose"
            yield f"{kind}/{title}", _of_wiki(text)


def _of_wiki(text: str) -> str:
    text = re.sub(r"(?s)<math[^>]*>(.*?)</math>", lambda found: f"${found[1].strip()}$", text)
    for _ in range(3):  # they nest
        text = _TEMPLATE.sub("", text)
    text = _TABLE.sub(lambda found: _rows(found[0][: -len("|}")]), text)
    text = _TAG.sub("", _LINK.sub(r"\1", text)).replace("'''", "").replace("''", "")
    return html.unescape(re.sub(r"(?m)^=+\s*(.*?)\s*=+$", r"\1", text))


def _rows(table: str) -> str:
    """A line for each row, as extraction writes tables."""
    rows = (_CELL.split(row)[1:] for row in re.split(r"\n\s*\|-", table))
    return "\n".join(" | ".join(cell.split("|")[-1].strip() for cell in row) for row in rows)


_READERS: dict[str, Callable[[str], str]] = {
    ".docbook": _of_xml,
    ".page": _of_xml,
    ".ipynb": _of_notebook,
    ".rst": _of_rst,
    ".po": _of_catalogue,
    ".json": _of_strings,
    ".mm": _of_proofs,
}
