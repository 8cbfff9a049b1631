"""Artefacts: files that decide what a run does, such as a reference of words or a model.

A recipe names one by its path; when a run is opened its hash goes into the recipe, and so into the
run's id. Whoever reads it later, on whatever machine, gets those bytes or an error.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from typing import Annotated

from pydantic import Field

from curation.errors import UserError
from curation.storage import storage


@dataclass(frozen=True, kw_only=True)
class Artefact:
    """A file, local or in an object store; without `sha256`, what it holds when a run is opened."""

    path: str
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")] | None = None

    def read(self) -> bytes:
        """Its bytes; raises `UserError` when it is not there, or not what it was."""
        content = _read(self.path)
        if self.sha256 not in (None, _hash(content)):
            raise UserError(
                f"{self.path}: is not the file that the recipe names, its sha256 is another"
            )
        return content

    def pinned(self) -> Artefact:
        """The same with its hash."""
        return replace(self, sha256=_hash(self.read()))


def _read(path: str) -> bytes:
    if storage(path).find(path) is None:
        raise UserError(f"{path}: no such file: named in the recipe")
    return storage(path).read(path)


def _hash(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
