"""Artefacts: files that decide what a run does, such as a reference of words or a model.

A recipe names one by its path; when a run is opened its hash goes into the recipe, and so into the
run's id. Whoever reads it later, on whatever machine, gets those bytes or an error.
"""

from __future__ import annotations

import fcntl
import hashlib
import os
import uuid
from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Annotated, Self

import pyarrow as pa
from pydantic import Field

from curation.errors import UserError
from curation.kernels import cache_folder
from curation.storage import storage


@dataclass(frozen=True, kw_only=True)
class Artefact:
    """A file, local or in an object store; without `sha256`, what it holds when a run is opened."""

    path: str
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")] | None = None

    def read(self) -> bytes:
        """Its bytes; raises `UserError` when it is not there, or not what it was."""
        content = _read(self.path)
        self._require(content)
        return content

    def mapped(self) -> pa.Buffer:
        """The same, mapped into memory, so that all processes of a machine share it.

        A file of an object store is fetched once per machine, beside the compiled kernels.
        """
        if "://" not in self.path:
            _find(self.path)
            content = _map(self.path)
        else:
            content = _fetched(self if self.sha256 else self.pinned())
        self._require(content)
        return content

    def pinned(self) -> Self:
        """The same with its hash."""
        if "://" in self.path:
            return replace(self, sha256=_hash(self.read()))
        return replace(self, sha256=_hash(self.mapped()))  # a model may be some GB

    def _require(self, content: bytes | pa.Buffer) -> None:
        if self.sha256 not in (None, _hash(content)):
            raise UserError(
                f"{self.path}: is not the file that the recipe names, its sha256 is another"
            )


def _read(path: str) -> bytes:
    _find(path)
    return storage(path).read(path)


def _find(path: str) -> None:
    if storage(path).find(path) is None:
        raise UserError(f"{path}: no such file: named in the recipe")


def _map(path: str) -> pa.Buffer:
    return pa.memory_map(path).read_buffer() if os.path.getsize(path) else pa.py_buffer(b"")


def _fetched(artefact: Artefact) -> pa.Buffer:
    path = cache_folder() / "artefacts" / str(artefact.sha256)
    make_once(path, lambda unfinished: unfinished.write_bytes(artefact.read()))
    return _map(str(path))


def make_once(path: Path, make: Callable[[Path], object]) -> None:
    """Makes the file or folder, under another name first, unless it is there.

    Other processes of this machine wait meanwhile, rather than make the same.
    """
    path.parent.mkdir(exist_ok=True)
    with Path(f"{path}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # freed when the process ends, however it does
        if not path.exists():
            unfinished = path.with_name(uuid.uuid4().hex)
            make(unfinished)
            os.replace(unfinished, path)


def _hash(content: bytes | pa.Buffer) -> str:
    return hashlib.sha256(content).hexdigest()
