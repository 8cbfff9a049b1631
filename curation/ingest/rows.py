"""Parquet and JSONL: a range of bytes in, the rows (row groups) that start in it out, as pages.

A row is a page that has its text, or HTML to extract. Invariants as for WARC: each row belongs to
one split; a broken line is a reject with its offset; a file that cannot be read further gives one
`Damage` with its name and offset, and costs nothing else.
"""

from __future__ import annotations

import io
import json
import math
from collections.abc import Iterator
from typing import IO, TYPE_CHECKING, Any

import pyarrow as pa
import pyarrow.parquet as pq

from curation.errors import UserError
from curation.ingest.charset import find_charset
from curation.ingest.config import (
    ColumnNames,
    IngestConfig,
    InputConfig,
    format_of,
    index_columns,
)
from curation.ingest.raw_page import RawPage, encode, parse_time
from curation.ingest.warc import Damage
from curation.splits import Split
from curation.storage import FileInfo, RangeReader, storage
from curation.tables import read_schema
from schemas.drop_reason import DropReason

if TYPE_CHECKING:
    from typing_extensions import Buffer

_BUFFER_BYTES = 1 << 20
_BATCH_ROWS = 64
_LINE_OVERHEAD = 8  # JSON escapes a character by up to six bytes, and other columns take some


def check_readable(file: FileInfo, source: InputConfig) -> None:
    """Raises `UserError` when a file may not be read, or has neither text nor html."""
    head = storage(file.uri).read(file.uri, 0, 1)
    if not head or format_of(file.uri, source).name not in ("parquet", "index"):
        return
    try:
        names = read_schema(file).names
    except (pa.ArrowException, OSError):
        return  # a broken file is damage, counted when it is read
    if source.format == "index":
        index_columns(source, names)
        return
    wanted = (source.columns.text, source.columns.html)
    if not set(wanted) & set(names):
        raise UserError(
            f"{file.uri} has no column '{wanted[0]}' or '{wanted[1]}' (it has {', '.join(names)}):"
            f" set columns.text of input '{source.name}'"
        )


def read_rows(
    split: Split, columns: ColumnNames, config: IngestConfig, damage: list[Damage]
) -> Iterator[RawPage]:
    """The rows of `split` as pages."""
    read = {"parquet": _read_parquet, "jsonl": _read_jsonl}[split.format]
    yield from read(split, columns, config, damage)


def _read_parquet(
    split: Split, columns: ColumnNames, config: IngestConfig, damage: list[Damage]
) -> Iterator[RawPage]:
    try:
        file = pq.ParquetFile(_open(split))
    except (pa.ArrowException, OSError, UnicodeDecodeError) as error:
        if split.start == 0:  # every split of the file sees this; one tells
            damage.append(Damage(split.uri, 0, "corrupt", str(error)))
        return
    names = [name for name in vars(columns).values() if name in file.schema_arrow.names]
    for group in range(file.num_row_groups):
        # A footer may lie: behind the file's end no split would own the group.
        offset = min(_group_start(file.metadata.row_group(group)), split.size - 1)
        if not split.start <= offset < split.end:
            continue
        try:
            for batch in file.iter_batches(_BATCH_ROWS, row_groups=[group], columns=names):
                for at in range(batch.num_rows):
                    values = [_value(column[at]) for column in batch.columns]
                    row = dict(zip(batch.schema.names, values, strict=True))
                    yield _page(row, offset, columns, config)
        except (pa.ArrowException, OSError) as error:
            damage.append(Damage(split.uri, offset, "corrupt", str(error)))


def _value(scalar: pa.Scalar) -> Any:
    """None for what Python cannot hold: broken UTF-8, the year 10000, an unknown time zone."""
    try:
        return scalar.as_py()
    except (ValueError, OverflowError, KeyError):
        return None


def _group_start(group: Any) -> int:
    if group.num_columns == 0:
        return 0
    column = group.column(0)
    starts = (column.dictionary_page_offset, column.data_page_offset)
    return min(start for start in starts if start is not None)


def _read_jsonl(
    split: Split, columns: ColumnNames, config: IngestConfig, damage: list[Damage]
) -> Iterator[RawPage]:
    limit = config.max_body_bytes * _LINE_OVERHEAD
    stream, offset, end = _open_lines(split)
    try:
        while offset < end and (line := stream.readline(limit + 1)):
            start, offset = offset, offset + len(line)
            if len(line) > limit:
                offset += _skip_line(stream)
                yield RawPage(offset=start, reason=DropReason.BODY_TOO_LARGE)
            elif line.strip():
                yield _parse_line(line, start, columns, config)
    except OSError as error:
        damage.append(Damage(split.uri, offset, "corrupt", str(error)))


def _parse_line(line: bytes, start: int, columns: ColumnNames, config: IngestConfig) -> RawPage:
    try:
        row = json.loads(line)
    except (ValueError, RecursionError) as error:
        return RawPage(offset=start, reason=DropReason.MALFORMED_RECORD, detail=str(error)[:200])
    if not isinstance(row, dict):
        reason = DropReason.MALFORMED_RECORD
        return RawPage(offset=start, reason=reason, detail="the line is not a JSON object")
    return _page(row, start, columns, config)


def _page(row: dict[str, Any], offset: int, columns: ColumnNames, config: IngestConfig) -> RawPage:
    values = {field: row.get(name) for field, name in vars(columns).items()}
    text, html = values["text"], values["html"]
    known: dict[str, Any] = {
        "offset": offset,
        "record_id": None if values["id"] is None else str(values["id"]),
        "url": None if values["url"] is None else str(values["url"]),
        "fetched_at": parse_time(values["fetched_at"] or ""),
    }
    body = text if text is not None else html
    if not isinstance(body, str | bytes):
        found = "neither text nor html" if body is None else "text or html is not a string"
        return RawPage(**known, reason=DropReason.MALFORMED_RECORD, detail=found)
    if len(body) > config.max_body_bytes:
        return RawPage(**known, reason=DropReason.BODY_TOO_LARGE)
    if not body.strip():
        return RawPage(**known, reason=DropReason.EMPTY_BODY)
    if text is not None:
        return RawPage(
            **known, text=body if isinstance(body, str) else body.decode("utf-8", "replace")
        )
    if isinstance(body, str):
        return RawPage(**known, html=encode(body), charset="utf-8")
    return RawPage(**known, html=body, charset=find_charset(body))


def _open(split: Split) -> io.BufferedReader:
    return io.BufferedReader(RangeReader(split.uri, split.size), _BUFFER_BYTES)


def _open_lines(split: Split) -> tuple[IO[bytes], int, float]:
    """The file at the first line that starts in the split; that line's offset; where to stop.

    Offsets in compressed files count unpacked bytes.
    """
    file = _open(split)
    for ending, codec in ((".gz", "gzip"), (".zst", "zstd")):
        if split.uri.endswith(ending):
            return io.BufferedReader(_Unpacked(split, codec)), 0, math.inf
    if split.start == 0:
        return file, 0, split.end
    file.seek(split.start - 1)
    return file, split.start - 1 + _skip_line(file), split.end


class _Unpacked(io.RawIOBase):
    """A compressed file, unpacked up to the very byte at which it is clipped."""

    def __init__(self, split: Split, codec: str) -> None:
        super().__init__()
        self._split, self._codec = split, codec
        self._given, self._at_once = 0, _BUFFER_BYTES
        self._stream = self._start()

    def readable(self) -> bool:
        """Always."""
        return True

    def readinto(self, buffer: Buffer) -> int:
        """Up to `len(buffer)` bytes; raises `OSError` at the damage."""
        try:
            size = int(self._stream.readinto(memoryview(buffer)[: self._at_once]))
        except OSError:
            if self._at_once == 1:
                raise
            # Arrow drops what the failed call had unpacked: get there again, byte by byte.
            self._at_once = 1
            self._stream = self._start()
            return self.readinto(buffer)
        self._given += size
        return size

    def _start(self) -> pa.CompressedInputStream:
        stream = pa.CompressedInputStream(_open(self._split), self._codec)
        for done in range(0, self._given, _BUFFER_BYTES):
            stream.read(min(_BUFFER_BYTES, self._given - done))
        return stream


def _skip_line(stream: IO[bytes]) -> int:
    """Reads to behind the next line break; returns how many bytes that was."""
    skipped = 0
    while piece := stream.readline(_BUFFER_BYTES):
        skipped += len(piece)
        if piece.endswith(b"\n"):
            break
    return skipped
