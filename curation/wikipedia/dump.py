"""A dump of Wikipedia as a stream: a file, plain or packed, in; its bytes in pieces out.

How it is packed is told by its first bytes, not by its name. What is held is one piece. A file that
is clipped or damaged is a `UserError` that names it, and the byte at which reading stopped.
"""

from __future__ import annotations

import bz2
import gzip
import io
import lzma
import re
import zlib
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import IO, Any, Literal, cast

from curation.errors import UserError
from curation.storage import FileInfo, RangeReader

Kind = Literal["pages", "externallinks", "page"]
"""Pages as XML, or the table of links or of pages as SQL."""

PIECE_BYTES = 4 << 20
LONGEST_BYTES = 64 << 20
"""More than any row or page of MediaWiki (whose texts are 2 MiB at most) takes, however escaped."""
_PACKED: dict[bytes, Callable[[Any], Any]] = {
    b"\x1f\x8b": gzip.open,
    b"BZh": bz2.open,
    b"\xfd7zXZ\0": lzma.open,
}
_TABLE = re.compile(rb"^CREATE TABLE (?:IF NOT EXISTS )?`?(?:\w+`?\.`?)?(\w+)`? *\(", re.MULTILINE)
_WIKI = re.compile(rb"<dbname>(\w+)</dbname>|^-- Host: .*\bDatabase: *(\w+)", re.MULTILINE)
_NAMED = re.compile(r"([a-z][a-z0-9_]*?)-(?:\d{8}|latest)-")


class Dump:
    """One file, to be read once from its start."""

    def __init__(self, file: FileInfo) -> None:
        self._file, self._raw = file, RangeReader(file.uri, file.size)

    def pieces(self) -> Iterator[bytes]:
        """Its bytes, unpacked."""
        buffered = io.BufferedReader(self._raw, 1 << 16)
        head = buffered.peek(8)
        packed = next((unpack for magic, unpack in _PACKED.items() if head.startswith(magic)), None)
        stream = cast("IO[bytes]", packed(buffered) if packed else buffered)
        while piece := self._read(stream):
            yield piece

    def _read(self, stream: IO[bytes]) -> bytes:
        try:
            return stream.read(PIECE_BYTES)
        except EOFError:
            raise self.broken("clipped: it ends inside its compressed data") from None
        except (OSError, zlib.error, lzma.LZMAError) as error:
            raise self.broken(f"damaged: {error}") from None

    def broken(self, what: str) -> UserError:
        """An error that says where reading stopped."""
        return UserError(f"{self._file.uri}: is {what} (at byte {self._raw.tell():,} of the file)")


@dataclass(frozen=True)
class DumpFile:
    """A dump: what it holds, and of which wiki (as `enwiki`)."""

    file: FileInfo
    kind: Kind
    wiki: str


def inspect(file: FileInfo) -> DumpFile:
    """What a file is, by its first piece; raises `UserError` for what is none of our kinds."""
    head = next(Dump(file).pieces(), b"")
    name = file.uri.rsplit("/", 1)[1]
    told = _WIKI.search(head)
    named = _NAMED.match(name)
    wiki = (told[1] or told[2]).decode() if told else named[1] if named else name
    if re.match(rb"(?:\xef\xbb\xbf)?\s*<(?:\?xml|mediawiki)\b", head):
        return DumpFile(file, "pages", wiki)
    table = _TABLE.search(head)
    if table is None:
        raise UserError(
            f"{file.uri}: is no dump of Wikipedia: neither pages as XML, nor SQL with CREATE TABLE"
        )
    if table[1] not in (b"externallinks", b"page"):
        raise UserError(
            f"{file.uri}: is a dump of the table '{table[1].decode()}': give externallinks, page"
            " or pages-articles"
        )
    return DumpFile(file, cast("Kind", table[1].decode()), wiki)
