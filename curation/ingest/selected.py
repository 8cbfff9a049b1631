"""Selected records: rows of `SELECTION` in, those records out, each read by its range alone.

Neighbours that touch are one request. Requests run ahead of the parser, for one after another
would cost a round trip each. A file that cannot be read costs its own records and no others: it
is one fault that puts the split into quarantine.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import pyarrow as pa

from curation.errors import UnreadableError
from curation.ingest.borders import kind_of_record
from curation.ingest.warc import Damage, Record, read_at
from curation.receipts import QUARANTINED
from curation.storage import RangeReader

_READERS = 8
_AHEAD = 16
_RUN_BYTES = 4 << 20
_AHEAD_BYTES = 64 << 20
_MAX_BLOCK_BYTES = 256 << 20


@dataclass(frozen=True)
class _Run:
    """Records that follow each other without a gap, from byte `offsets[0]` to `end`."""

    file: str
    offsets: Sequence[int]
    end: int

    @property
    def size(self) -> int:
        """Bytes to read."""
        return self.end - self.offsets[0]


def read_selected(selection: pa.Table, damage: list[Damage]) -> Iterator[Record]:
    """The records of `selection`, sorted by file and offset; damage and gone files in `damage`."""
    ahead: deque[tuple[_Run, Future[RangeReader | UnreadableError]]] = deque()
    lost: dict[str, list[tuple[int, str]]] = {}
    with ThreadPoolExecutor(_READERS) as pool:
        for run in _runs(selection):
            ahead.append((run, pool.submit(_load, run)))
            while len(ahead) > _AHEAD or sum(r.size for r, _ in ahead) > _AHEAD_BYTES:
                yield from _read_run(*ahead.popleft(), damage, lost)
        while ahead:
            yield from _read_run(*ahead.popleft(), damage, lost)
    for file, records in lost.items():
        (offset, why), more = records[0], len(records) - 1
        others = f" (and {more} records more of this file)" if more else ""
        damage.append(Damage(file, offset, QUARANTINED, why + others))


def _runs(selection: pa.Table) -> Iterator[_Run]:
    run = _Run("", [], 0)
    for batch in selection.to_batches():
        for row in batch.to_pylist():
            file, offset, length = row["file"], row["offset"], row["length"]
            size = offset + length - run.offsets[0] if run.offsets else 0
            if (file, offset) == (run.file, run.end) and size <= _RUN_BYTES:
                run = _Run(file, [*run.offsets, offset], offset + length)
                continue
            if run.offsets:
                yield run
            run = _Run(file, [offset], offset + length)
    if run.offsets:
        yield run


def _load(run: _Run) -> RangeReader | UnreadableError:
    size = min(run.size, _MAX_BLOCK_BYTES)
    reader = RangeReader(run.file, run.end, run.offsets[0], block_bytes=size)
    try:
        reader.load()
    except UnreadableError as error:
        return error
    return reader


def _read_run(
    run: _Run,
    loaded: Future[RangeReader | UnreadableError],
    damage: list[Damage],
    lost: dict[str, list[tuple[int, str]]],
) -> Iterator[Record]:
    reader = loaded.result()
    for offset in run.offsets:
        try:
            if isinstance(reader, UnreadableError):
                raise reader
            if kind := kind_of_record(reader, offset):
                yield from read_at(reader, offset, run.file, kind, damage)
            else:
                damage.append(Damage(run.file, offset, "corrupt", "no record starts here"))
        except UnreadableError as error:
            lost.setdefault(run.file, []).append((offset, error.why))
