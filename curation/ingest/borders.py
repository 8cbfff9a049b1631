"""Where WARC records start in a file, and streams of exactly one piece of it.

A piece is what starts a record: a gzip member, with the members after it that start none (as
block-compressing tools write), or one record of an uncompressed file. `Member` and `Plain` unpack
a piece as it is read, in bounded memory; broken data reads as the end and is told by `fault`.

A border is believed only when what unpacks there is a WARC version line. A WARC file stored
inside another one's record could pass for a border where a cut falls inside it.

Source: ISO 28500:2017 (WARC 1.1), RFC 1952 (gzip).
"""

from __future__ import annotations

import io
import re
import zlib
from abc import abstractmethod
from typing import TYPE_CHECKING

from curation.storage import RangeReader

if TYPE_CHECKING:
    from typing_extensions import Buffer

_MAGIC = b"\x1f\x8b\x08"
_VERSION = b"WARC/"
_CHUNK = 1 << 16
_MAX_HEADER_BYTES = 1 << 20
_HELD_BYTES = 64  # more than the blank lines behind a record's body
_CONTENT_LENGTH = re.compile(
    rb"^content-length:[ \t]*(\d{1,18})[ \t]*\r?$", re.IGNORECASE | re.MULTILINE
)
# A version line ends a header that nothing else does: not to look through the file for each.
_HEADER_END = re.compile(rb"\r?\n\r?\n|\r?\n(?=WARC/\d)")


def is_gzip(file: RangeReader, uri: str) -> bool:
    """Whether the file is compressed: by its first bytes, by its name where they are damaged."""
    first = _peek(file, 0, len(_VERSION))
    return first.startswith(_MAGIC) or (first != _VERSION and uri.endswith(".gz"))


def _peek(file: RangeReader, at: int, size: int) -> bytes:
    file.seek(at)
    pieces = b""
    while len(pieces) < size and (piece := file.read(size - len(pieces))):
        pieces += piece
    return pieces


class _Piece(io.RawIOBase):
    """A stream that counts what it gave, as FastWARC asks it to."""

    given = 0

    def readable(self) -> bool:
        """Always."""
        return True

    def tell(self) -> int:
        """Bytes given so far."""
        return self.given

    def readinto(self, buffer: Buffer) -> int:
        """Up to `len(buffer)` bytes; 0 at the end of what is sound."""
        size = self._fill(memoryview(buffer))
        self.given += size
        return size

    @abstractmethod
    def _fill(self, view: memoryview) -> int:
        """The same for a view."""


class Member(_Piece):
    """A gzip member from byte `start` of `file`, unpacked.

    The last bytes are given only when the member's checksum has proved right, so that a record
    which was damaged without its length changing is found to be incomplete.
    """

    pattern = _MAGIC

    def __init__(self, file: RangeReader, start: int) -> None:
        super().__init__()
        self._file, self._inflate = file, zlib.decompressobj(wbits=31)
        self.start, self.end, self.fault = start, start, ""
        self.broken = start  # where the member starts that `fault` is about
        self._ahead, self._at_end = bytearray(), False
        file.seek(start)

    @staticmethod
    def starts_record(file: RangeReader, at: int) -> bool:
        """Whether a member starts at `at` and unpacks to the beginning of a record."""
        packed = _peek(file, at, 512)
        if not packed.startswith(_MAGIC):
            return False
        try:
            return zlib.decompressobj(wbits=31).decompress(packed, 16).startswith(_VERSION)
        except zlib.error:
            return False

    def _fill(self, view: memoryview) -> int:
        while len(self._ahead) <= _HELD_BYTES and self._unpack():
            pass
        held = 0 if self._at_end else _HELD_BYTES
        size = max(0, min(len(view), len(self._ahead) - held))
        view[:size] = self._ahead[:size]
        del self._ahead[:size]
        return size

    def _unpack(self) -> bool:
        """Unpacks some more; False at the end, and at the first fault."""
        if self.fault or (self._inflate.eof and not self._continues()):
            return False
        packed = self._inflate.unconsumed_tail or self._file.read(_CHUNK) or b""
        try:
            data = self._inflate.decompress(packed, _CHUNK)
        except zlib.error as error:
            self.fault = f"corrupt: {error}"
            return False
        if not packed and not data and not self._inflate.eof:
            self.fault = "clipped: the file ends inside a gzip member"
        self._ahead += data
        return True

    def _continues(self) -> bool:
        """Goes on to the next member if there is one that does not start a record."""
        if self._at_end:
            return False
        self.end = self._file.tell() - len(self._inflate.unused_data)
        follows = _peek(self._file, self.end, len(_MAGIC)) == _MAGIC
        self._at_end = not follows or self.starts_record(self._file, self.end)
        if not self._at_end:
            self._inflate, self.broken = zlib.decompressobj(wbits=31), self.end
            self._file.seek(self.end)
        return not self._at_end


class Plain(_Piece):
    """An uncompressed record from byte `start` of `file`, as long as its header says."""

    pattern = _VERSION

    def __init__(self, file: RangeReader, start: int) -> None:
        super().__init__()
        self._file, self.start, self.broken, self.fault = file, start, start, ""
        self.end = self._find_end()
        file.seek(start)

    @staticmethod
    def starts_record(file: RangeReader, at: int) -> bool:
        """Whether a version line and a header line stand at `at`, at the start of a line."""
        line_start = at == 0 or _peek(file, at - 1, 1) == b"\n"
        head = _peek(file, at, 64)
        return line_start and bool(re.match(rb"WARC/\d\.\d+\r?\n[A-Za-z-]+:", head))

    def _fill(self, view: memoryview) -> int:
        size = self._file.readinto(view[: max(0, self.end - self._file.tell())])
        if size == 0 and self._file.tell() < self.end:
            self.fault, self.end = "clipped: the file ends inside a record", self._file.tell()
        return size

    def _find_end(self) -> int:
        """Behind the body and the blank lines that follow it."""
        head = b""
        while len(head) < _MAX_HEADER_BYTES:
            more = _peek(self._file, self.start + len(head), _CHUNK)
            head += more
            if header_end := _HEADER_END.search(head):
                break
            if not more:
                self.fault = "clipped: the file ends inside a record's header"
                return self.start + len(head)
        length = _CONTENT_LENGTH.search(head, 0, header_end.end()) if header_end else None
        if not header_end or not length:
            self.fault = "corrupt: the record's header has no length"
            return self.start + (header_end.end() if header_end else len(head))
        end = self.start + header_end.end() + int(length[1])
        behind_the_file = self._file.seek(0, io.SEEK_END)
        blank = _peek(self._file, min(end, behind_the_file), 4)
        return end + len(blank) - len(blank.lstrip(b"\r\n"))


def kind_of_record(file: RangeReader, at: int) -> type[Member] | type[Plain] | None:
    """How to read the record that is said to start at `at`; None where none does."""
    if Member.starts_record(file, at):
        return Member
    return Plain if _peek(file, at, len(_VERSION)) == _VERSION else None


def find_border(file: RangeReader, start: int, stop: int, piece: type[Member] | type[Plain]) -> int:
    """The first byte from `start` on at which a record starts; `stop` if there is none before."""
    overlap = len(piece.pattern) - 1
    while start < stop:
        block = _peek(file, start, _CHUNK)
        at = block.find(piece.pattern)
        while at >= 0 and start + at < stop:
            if piece.starts_record(file, start + at):
                return start + at
            at = block.find(piece.pattern, at + 1)
        start += max(1, len(block) - overlap)
    return stop


def is_padding(file: RangeReader, start: int, stop: int) -> bool:
    """Whether nothing but blank lines and NUL bytes stand between `start` and `stop`."""
    while start < stop and (block := _peek(file, start, min(_CHUNK, stop - start))):
        if block.strip(b"\r\n\0"):
            return False
        start += len(block)
    return True
