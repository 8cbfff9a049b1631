"""Tables by number: held in memory while they are small, in local files when they are not."""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

import pyarrow as pa

_HELD_BYTES = 256 << 20


class Pieces:
    """Collects pieces of numbered tables below a local `folder`, a file each (Arrow IPC)."""

    def __init__(self, folder: str) -> None:
        self._folder = Path(folder)
        self._held: defaultdict[int, list[pa.Table]] = defaultdict(list)
        self._held_bytes = 0
        self._files: dict[int, pa.RecordBatchStreamWriter] = {}

    def add(self, number: int, rows: pa.Table) -> None:
        """Takes rows of table `number`."""
        self._held[number].append(rows)
        self._held_bytes += rows.nbytes
        if self._held_bytes >= _HELD_BYTES:
            self._spill()

    def take(self, number: int) -> pa.Table | None:
        """All rows of table `number`, which are then forgotten here; None where there are none."""
        pieces = self._held.pop(number, [])
        if file := self._files.pop(number, None):
            file.close()
            path = self._path(number)
            with pa.OSFile(str(path)) as stored, pa.ipc.open_stream(stored) as stream:
                pieces.append(stream.read_all())
            path.unlink()
        return pa.concat_tables(pieces) if pieces else None

    def _path(self, number: int) -> Path:
        return self._folder / str(number)

    def _spill(self) -> None:
        options = pa.ipc.IpcWriteOptions(compression="lz4")
        for number, pieces in self._held.items():
            rows = pa.concat_tables(pieces)
            if number not in self._files:
                path = str(self._path(number))
                self._files[number] = pa.ipc.new_stream(path, rows.schema, options=options)
            self._files[number].write_table(rows)
        self._held.clear()
        self._held_bytes = 0
