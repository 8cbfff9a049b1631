"""Dumps as MediaWiki writes them: what mysqldump escapes, what its XML export escapes."""

from __future__ import annotations

import bz2
import gzip
from collections.abc import Callable, Iterable, Sequence
from pathlib import Path
from xml.sax.saxutils import escape

from curation.storage import FileInfo, storage

OLD = ("el_id", "el_from", "el_to", "el_index", "el_index_60")
NEW = ("el_id", "el_from", "el_to_domain_index", "el_to_path")
PAGE = ("page_id", "page_namespace", "page_title", "page_is_redirect", "page_len")
_ESCAPED = {0: b"\\0", 10: b"\\n", 13: b"\\r", 26: b"\\Z", 34: b'\\"', 39: b"\\'", 92: b"\\\\"}
_PACK: dict[str, Callable[[bytes], bytes]] = {".gz": gzip.compress, ".bz2": bz2.compress}
Value = int | bytes | str | None


def sql(table: str, columns: Sequence[str], rows: Iterable[Sequence[Value]]) -> bytes:
    """A whole dump; some rows in each statement."""
    lines = "".join(f"  `{name}` varbinary(255) DEFAULT NULL,\n" for name in columns)
    head = (
        "-- MySQL dump 10.19  Distrib 10.5.23-MariaDB, for debian-linux-gnu (x86_64)\n--\n"
        "-- Host: db1206    Database: xxwiki\n"
        f"DROP TABLE IF EXISTS `{table}`;\n/*!40101 SET character_set_client = utf8 */;\n"
        f"CREATE TABLE `{table}` (\n{lines}  PRIMARY KEY (`{columns[0]}`)\n) ENGINE=InnoDB;\n\n"
        f"/*!40000 ALTER TABLE `{table}` DISABLE KEYS */;\n"
    ).encode()
    values = [b"(" + b",".join(map(_literal, row)) + b")" for row in rows]
    start = f"INSERT INTO `{table}` VALUES ".encode()
    inserts = [start + b",".join(values[i : i + 3]) + b";\n" for i in range(0, len(values), 3)]
    return (
        head + b"".join(inserts) + b"UNLOCK TABLES;\n\n-- Dump completed on 2024-01-02  3:04:05\n"
    )


def _literal(value: Value) -> bytes:
    if value is None:
        return b"NULL"
    if isinstance(value, int):
        return str(value).encode()
    raw = value.encode() if isinstance(value, str) else value
    return b"'" + b"".join(_ESCAPED.get(byte, bytes([byte])) for byte in raw) + b"'"


def page(number: int, text: str, *, namespace: int = 0, redirect: bool = False) -> str:
    """A page of an XML dump."""
    to = '    <redirect title="Elsewhere" />\n' if redirect else ""
    body = escape(text, {'"': "&quot;"})
    return (
        f"  <page>\n    <title>Page &amp; {number}</title>\n    <ns>{namespace}</ns>\n"
        f"    <id>{number}</id>\n{to}    <revision>\n      <id>{number + 1000}</id>\n"
        "      <comment>http://comment.example/</comment>\n"
        f'      <text bytes="{len(text)}" xml:space="preserve">{body}</text>\n'
        "      <sha1>phoiac9h4m842xq45sp7s6u21eteeq1</sha1>\n    </revision>\n  </page>\n"
    )


def xml(pages: Iterable[str]) -> bytes:
    """A whole dump of pages."""
    head = (
        '<mediawiki xmlns="http://www.mediawiki.org/xml/export-0.11/" version="0.11">\n'
        "  <siteinfo>\n    <sitename>Wikipedia</sitename>\n    <dbname>xxwiki</dbname>\n"
        '    <namespaces>\n      <namespace key="0" case="first-letter" />\n    </namespaces>\n'
        "  </siteinfo>\n"
    )
    return f"{head}{''.join(pages)}</mediawiki>\n".encode()


def write(path: Path, content: bytes) -> FileInfo:
    """Writes a dump, packed as its name says."""
    pack = _PACK.get(path.suffix)
    path.write_bytes(pack(content) if pack else content)
    found = storage(str(path)).find(str(path))
    assert found
    return found
