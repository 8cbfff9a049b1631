"""WARC and WET: a range of bytes in, the records that start in it out.

In: a split. Out: `Record`s in file order, and in `damage` one entry for each piece that could not
be read, with its offset. Invariants: a record belongs to the split in which its gzip member
(uncompressed: the record itself) starts, so any cutting gives each record once; damage costs the
record it hits, never those after it; memory is bounded, whatever a member unpacks to.
"""

from __future__ import annotations

from collections.abc import Generator, Iterator
from dataclasses import dataclass

from fastwarc.warc import ArchiveIterator, WarcRecord

from curation.ingest.borders import Member, Plain, find_border, is_gzip, is_padding
from curation.splits import Split
from curation.storage import RangeReader

_CHUNK = 1 << 16


@dataclass(frozen=True)
class Damage:
    """A piece of a file that could not be read: `fault` is clipped, corrupt or empty."""

    file: str
    offset: int
    fault: str
    detail: str


@dataclass(frozen=True)
class Record:
    """A record, to be read before the next one is asked for, and where its member starts."""

    file: str
    offset: int
    warc: WarcRecord

    @property
    def type(self) -> str:
        """response, request, metadata, ..., or unknown."""
        return str(self.warc.record_type)


def read_records(split: Split, damage: list[Damage]) -> Iterator[Record]:
    """The records of `split`; what cannot be read is appended to `damage`."""
    file = RangeReader(split.uri, split.size)
    if split.size == 0:
        damage.append(Damage(split.uri, 0, "empty", "the file has no bytes"))
    piece_type = Member if is_gzip(file, split.uri) else Plain
    position = find_border(file, split.start, split.end, piece_type)
    if split.start == 0 and not is_padding(file, 0, position):
        damage.append(Damage(split.uri, 0, "corrupt", "the file does not start with a record"))
    while position < split.end:
        piece = yield from read_at(file, position, split.uri, piece_type, damage)
        position = _next(file, piece, split, damage)


def read_at(
    file: RangeReader, start: int, uri: str, kind: type[Member] | type[Plain], damage: list[Damage]
) -> Generator[Record, None, Member | Plain]:
    """The records of the piece that starts at `start`; returns the piece, read to its end."""
    lenient = _ends_lines_with_lf(kind(file, start))
    piece, problem = kind(file, start), ""
    if not piece.fault.startswith("corrupt"):
        try:
            for warc in ArchiveIterator(
                piece, parse_http=False, stream_detect=False, quirks_mode=lenient
            ):
                yield Record(uri, piece.start, warc)
        except OSError as error:
            problem = f"corrupt: {error}"
    while piece.read(_CHUNK):
        pass  # to the end of the piece, so that its end and its faults are known
    if problem := piece.fault or problem:
        fault, _, detail = problem.partition(": ")
        offset = piece.broken if piece.fault else piece.start
        damage.append(Damage(uri, offset, fault, detail))
    return piece


def _ends_lines_with_lf(piece: Member | Plain) -> bool:
    """Old tools do; FastWARC reads that in its quirks mode only, which hides other faults."""
    return b"\r" not in piece.read(len("WARC/0.18\r"))


def _next(file: RangeReader, piece: Member | Plain, split: Split, damage: list[Damage]) -> int:
    """Where the record after `piece` starts, if in this split; else anything from its end on."""
    if piece.fault:  # where it ends is not known: look from its second byte on
        return find_border(file, piece.start + 1, split.end, type(piece))
    if piece.end >= split.size or piece.starts_record(file, piece.end):
        return piece.end
    # Even behind the split's end this is its affair: the next split only looks for a border.
    border = find_border(file, piece.end, max(split.end, piece.end + 1), type(piece))
    if not is_padding(file, piece.end, max(border, min(split.size, piece.end + 1))):
        damage.append(Damage(split.uri, piece.end, "corrupt", "bytes that start no record"))
    return border
