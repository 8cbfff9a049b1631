"""Answers as they come, on disk: whoever asks the same again, asks nobody.

A folder of JSON lines, one per judgement. On a local disk a line is appended the moment it is
there, and a process holds the folder alone; in an object store lines are put in files of some
dozens, so a kill there costs as many answers. A line that broke off is as though it had never been.
"""

from __future__ import annotations

import fcntl
import json
import time
import uuid
from dataclasses import asdict, dataclass
from pathlib import Path
from threading import Lock
from typing import IO

from pydantic import TypeAdapter, ValidationError

from curation.errors import UserError
from curation.storage import join, put, storage

_FILE = "answers.jsonl"
_LINES, _PATIENCE_S = 50, 30.0


@dataclass(frozen=True, kw_only=True)
class Judgement:
    """What came of one question; without a score, `reason` is the end of what was answered."""

    key: str
    score: int | None
    reason: str
    tokens_in: int
    tokens_out: int


_ADAPTER = TypeAdapter(Judgement)


class Cache:
    """Judgements, of which `found` has the newest by key; to be closed.

    Safe to use from several threads.
    """

    def __init__(self, folder: str) -> None:
        self._folder, self._lock = folder, Lock()
        self._appended = None if "://" in folder else _open(folder)
        self._unwritten: list[bytes] = []
        self._written_at = time.monotonic()
        self.found = read_judgements(folder)

    def add(self, judgement: Judgement) -> None:
        """Keeps it."""
        line = json.dumps(asdict(judgement)).encode() + b"\n"
        with self._lock:
            self.found[judgement.key] = judgement
            if self._appended:
                self._appended.write(line)
                return
            self._unwritten.append(line)
            late = time.monotonic() - self._written_at > _PATIENCE_S
            if late or len(self._unwritten) >= _LINES:
                self._put()

    def close(self) -> None:
        """Writes what is not written yet."""
        with self._lock:
            if self._appended:
                self._appended.close()
            elif self._unwritten:
                self._put()

    def _put(self) -> None:
        # The time first: what a later process wrote is read later.
        name = f"{time.time_ns():020d}-{uuid.uuid4().hex}.jsonl"
        put(join(self._folder, name), b"".join(self._unwritten))
        self._unwritten, self._written_at = [], time.monotonic()


def _open(folder: str) -> IO[bytes]:
    """The file of answers, for this process alone, at the start of a line."""
    path = Path(folder) / _FILE
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        file = path.open("ab", buffering=0)
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError as error:
        raise UserError(f"{folder}: another process is asking for these answers") from error
    except OSError as error:
        raise UserError(f"{path}: {error.strerror}") from error
    if file.tell() and path.read_bytes()[-1:] != b"\n":
        file.write(b"\n")
    return file


def read_judgements(folder: str) -> dict[str, Judgement]:
    """The newest of each key."""
    found = {}
    for file in storage(folder).walk(folder):
        if not file.uri.endswith(".jsonl"):
            continue
        for line in storage(folder).read(file.uri).split(b"\n"):
            try:
                judgement = _ADAPTER.validate_json(line)
            except ValidationError:
                continue  # it broke off
            found[judgement.key] = judgement
    return found
