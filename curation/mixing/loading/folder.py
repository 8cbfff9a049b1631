"""A data set folder: the files that its `_manifest.json` names, in the order of reading.

That is the manifest's; but where domains lie apart, in folders, files of all of them take turns.

Needs neither Spark nor torch: this is what a trainer's machine reads.
"""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from curation.errors import UnreadableError, UserError
from curation.storage import RangeReader, join, normalise, storage

MANIFEST = "_manifest.json"
_HASHED_AT_ONCE = 4 << 20


@dataclass(frozen=True)
class ShardFile:
    """A shard as the manifest tells of it; `path` counts from the folder."""

    path: str
    rows: int
    size: int
    sha256: str


@dataclass(frozen=True)
class ShardFolder:
    """Its files in the order in which they are read."""

    uri: str
    files: tuple[ShardFile, ...]

    @property
    def rows(self) -> int:
        """Of all files."""
        return sum(file.rows for file in self.files)

    @cached_property
    def identity(self) -> str:
        """A hash of what its files hold: the same for a copy, another for any other data set."""
        told = [(file.path, file.rows, file.sha256) for file in self.files]
        return hashlib.sha256(json.dumps(told).encode()).hexdigest()[:32]

    def uri_of(self, file: ShardFile) -> str:
        """Where it lies; raises `UserError` where it does not, or is of another size."""
        uri = join(self.uri, file.path)
        if (found := storage(uri).find(uri)) is None:
            raise UserError(f"{uri}: is missing, though {MANIFEST} names it: copy it again")
        if found.size != file.size:
            raise UserError(
                f"{uri}: has {found.size:,} bytes, not the {file.size:,} that {MANIFEST} tells of:"
                " copy it again"
            )
        return uri

    def verify(self, file: ShardFile) -> None:
        """Reads it whole; raises `UserError` where its bytes are not those of the manifest."""
        uri = self.uri_of(file)
        reader, digest = RangeReader(uri, file.size), hashlib.sha256()
        while piece := reader.read(_HASHED_AT_ONCE):
            digest.update(piece)
        if digest.hexdigest() != file.sha256:
            raise UserError(f"{uri}: is not what {MANIFEST} tells of (sha256): copy it again")


def open_folder(uri: str) -> ShardFolder:
    """The data set in a folder or below `s3://`, or that of one domain in a folder of its own.

    Raises `UserError` where there is none.
    """
    folder = normalise(uri)
    files = _files_of(folder)
    if files is None:
        above, _, domain = folder.rpartition("/")
        is_place = "://" in above or above.startswith("/")  # not what is above a bucket
        files = _below(domain, _files_of(above)) if is_place else None
    if files is None:
        raise UserError(f"{folder}: is no data set: no {MANIFEST} there; a run has it in shards/")
    if not any(file.rows for file in files):
        raise UserError(f"{folder}: the data set is empty")
    return ShardFolder(folder, tuple(files))


def _files_of(folder: str) -> list[ShardFile] | None:
    """Those that its manifest names; None where there is none."""
    manifest = join(folder, MANIFEST)
    if storage(manifest).find(manifest) is None:
        return None
    try:
        told = json.loads(storage(manifest).read(manifest))
        return _by_turns([_file(of) for of in told["files"]])
    except UnreadableError:
        raise
    except (ValueError, KeyError, TypeError) as error:
        raise UserError(f"{manifest}: is damaged, or no manifest of a data set") from error


def _below(domain: str, files: list[ShardFile] | None) -> list[ShardFile] | None:
    """The files in the folder of a domain, as paths from there; None where there are none."""
    inside = [file for file in files or () if file.path.startswith(f"{domain}/")]
    return [replace(file, path=file.path.removeprefix(f"{domain}/")) for file in inside] or None


def _by_turns(files: Sequence[ShardFile]) -> list[ShardFile]:
    """Each folder's files in their order, spread evenly over the whole."""
    folders = [file.path.rpartition("/")[0] for file in files]
    sizes, before = Counter(folders), Counter[str]()
    places = []
    for folder in folders:
        places.append(((before[folder] + 0.5) / sizes[folder], folder))
        before[folder] += 1
    return [file for _, file in sorted(zip(places, files, strict=True), key=lambda of: of[0])]


def _file(told: dict[str, Any]) -> ShardFile:
    return ShardFile(str(told["path"]), int(told["rows"]), int(told["bytes"]), str(told["sha256"]))
