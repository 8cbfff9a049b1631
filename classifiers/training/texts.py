"""Texts of a folder: files by pattern in, their text as a crawl's pages would have it out."""

from __future__ import annotations

import gzip
from collections.abc import Iterable, Iterator
from pathlib import Path

from curation.extract.extract import extract
from curation.ingest.charset import find_charset


def read_texts(folder: Path, patterns: Iterable[str]) -> Iterator[tuple[str, str]]:
    """Path below `folder` and text of each file that one of the patterns names, in order.

    HTML is extracted as pages are; other files are UTF-8 text, or Latin-1 where they are not.
    Files that end in `.gz` are unpacked.
    """
    files = {file for pattern in patterns for file in folder.glob(pattern) if file.is_file()}
    for file in sorted(files):
        content = gzip.decompress(file.read_bytes()) if file.suffix == ".gz" else file.read_bytes()
        name = file.name.removesuffix(".gz")
        found = (
            html_text(content) if name.endswith((".html", ".htm", ".xhtml")) else decode(content)
        )
        if found.strip():
            yield str(file.relative_to(folder)), found


def html_text(content: bytes) -> str:
    """The text of a page."""
    return extract(content, url="https://docs.example/", charset=find_charset(content)).text


def decode(content: bytes) -> str:
    """As UTF-8, or as Latin-1, lines ended by line feeds, without NUL."""
    try:
        text = content.decode("utf-8")
    except UnicodeDecodeError:
        text = content.decode("latin-1")
    return text.replace("\r\n", "\n").replace("\r", "\n").replace("\0", "")


def pieces(text: str, sizes: Iterable[int]) -> Iterator[str]:
    """Consecutive pieces of about so many characters, cut between lines; `sizes` may repeat."""
    lines, at = text.split("\n"), 0
    for size in sizes:
        held: list[str] = []
        while at < len(lines) and sum(map(len, held)) < size:
            held.append(lines[at])
            at += 1
        if piece := "\n".join(held).strip("\n"):
            yield piece
        if at == len(lines):
            return
