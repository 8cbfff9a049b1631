"""One way to read, list and write files, on a local disk or in an object store.

In: URIs. A local file is its absolute path, an object is `s3://bucket/key`. Out: bytes, listings,
and files that exist whole or not at all. Invariants: a file appears under its name only when it
is complete; `put_if_absent` has one winner, however many try. A storage is opened by URI in each
process, so nothing secret travels with a task.
"""

from __future__ import annotations

import glob
import io
import os
import re
import uuid
from collections.abc import Container, Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Protocol

from curation.errors import UnreadableError, UserError

if TYPE_CHECKING:
    from typing_extensions import Buffer

WILDCARDS = "*?["
BLOCK_BYTES = 4 << 20


@dataclass(frozen=True, order=True)
class FileInfo:
    """A file as listed; `version` changes when its content does (time of change, or ETag)."""

    uri: str
    size: int
    version: str


class Storage(Protocol):
    """What a store can do. URIs are whole; reading what is not there raises `UserError`."""

    def walk(self, folder: str) -> list[FileInfo]:
        """All files under `folder`, at any depth, sorted by URI; none if there is no folder."""

    def glob(self, pattern: str) -> list[FileInfo]:
        """Files that match (`*`, `?`, `[...]` within a folder, `**` across), sorted by URI."""

    def find(self, uri: str) -> FileInfo | None:
        """The file of exactly that name; None where there is none."""

    def read(self, uri: str, start: int = 0, length: int | None = None) -> bytes:
        """Bytes `start` to `start + length`, fewer where the file ends."""

    def create(self, uri: str) -> AbstractContextManager[Path]:
        """A local path to write to, which becomes `uri`, whole, when the context ends well."""

    def put_if_absent(self, uri: str, data: bytes) -> bool:
        """True when this call made `uri`; False when it was there already."""

    def sweep(self, folder: str, keep: Container[str]) -> int:
        """Deletes all files under `folder` but those in `keep`; returns how many that were."""

    def delete(self, uris: Sequence[str]) -> None:
        """Deletes these files, in their order as far as the store can; none need be there."""


def storage(uri: str) -> Storage:
    """The storage that holds `uri`; raises `UserError` for a scheme that is not supported."""
    scheme = _scheme(uri)
    if scheme == "":
        return LocalStorage()
    if scheme == "s3":
        from curation.storage_s3 import S3Storage

        return S3Storage()
    raise UserError(f"{uri}: '{scheme}://' is not supported: use a path, file:// or s3://")


def _scheme(uri: str) -> str:
    found = re.match(r"([a-z][a-z0-9+.-]*)://|(file):", uri)
    return (found[1] or found[2]) if found else ""


def normalise(uri: str, *, base: str | None = None) -> str:
    """The one spelling of `uri`: an absolute path or `s3://...`.

    Relative paths count from `base`, itself either; an `@` before the path of a list stays there.
    """
    if uri.startswith("@"):
        return "@" + normalise(uri[1:], base=base)
    scheme = _scheme(uri)
    if scheme in ("s3", "s3a", "s3n"):
        return "s3://" + uri.split("://", 1)[1].rstrip("/")
    if scheme == "file":
        uri = uri.removeprefix("file:").removeprefix("//")
    elif "://" in uri:
        return uri
    if base and "://" in base:
        return join(normalise(base), uri)
    return os.path.normpath(os.path.join(base or os.getcwd(), os.path.expanduser(uri)))


def join(folder: str, *names: str) -> str:
    """The URI of a file below `folder`; a last name that says its own place is that of the file."""
    if names and (names[-1].startswith("/") or "://" in names[-1]):
        return names[-1]
    return "/".join((folder.rstrip("/"), *names))


class LocalStorage:
    """A file system of this machine, or one that is mounted on every machine of the cluster."""

    def walk(self, folder: str) -> list[FileInfo]:
        """All files under `folder`; hidden ones are unfinished work and left out."""
        return self.glob(join(glob.escape(folder), "**"))

    def glob(self, pattern: str) -> list[FileInfo]:
        """Files that match, hidden ones left out."""
        with _explained(pattern):
            found = sorted(glob.glob(pattern, recursive=True))
            return [_describe(path) for path in found if not path.endswith("/") and _is_file(path)]

    def find(self, uri: str) -> FileInfo | None:
        """The file, if it is there and no folder."""
        return _describe(uri) if _is_file(uri) else None

    def read(self, uri: str, start: int = 0, length: int | None = None) -> bytes:
        """A range of the file."""
        with _explained(uri), open(uri, "rb") as file:
            file.seek(start)
            return file.read(-1 if length is None else length)

    @contextmanager
    def create(self, uri: str) -> Iterator[Path]:
        """Writes beside `uri` under a hidden name, then renames: atomic on one file system."""
        with self._unfinished(uri) as path:
            yield path
            _to_disk(path)
            os.replace(path, uri)

    def put_if_absent(self, uri: str, data: bytes) -> bool:
        """A hard link is exclusive, and the name never shows half a file."""
        with self._unfinished(uri) as path:
            path.write_bytes(data)
            _to_disk(path)
            try:
                os.link(path, uri)
            except FileExistsError:
                return False
        return True

    def sweep(self, folder: str, keep: Container[str]) -> int:
        """Takes hidden files, which are unfinished work, as well."""
        with _explained(folder):
            found = [path for path in Path(folder).rglob("*") if _is_file(str(path))]
            garbage = [path for path in found if str(path) not in keep]
            self.delete([str(path) for path in garbage])
        with suppress(OSError):  # it holds something, or is not there
            Path(folder).rmdir()
        return len(garbage)

    def delete(self, uris: Sequence[str]) -> None:
        """One by one."""
        for uri in uris:
            with _explained(uri):
                Path(uri).unlink(missing_ok=True)

    @contextmanager
    def _unfinished(self, uri: str) -> Iterator[Path]:
        path = Path(uri)
        unfinished = path.with_name(f".{path.name}.{uuid.uuid4().hex}")
        with _explained(uri):
            path.parent.mkdir(parents=True, exist_ok=True)
            try:
                yield unfinished
            finally:
                unfinished.unlink(missing_ok=True)


def _to_disk(path: Path) -> None:
    """A name must not outlive, through a power failure, the bytes that it stands for."""
    with path.open("rb") as file:
        os.fsync(file.fileno())


def _is_file(path: str) -> bool:
    return os.path.lexists(path) and not os.path.isdir(path)


def _describe(path: str) -> FileInfo:
    if not os.access(path, os.R_OK):
        raise UnreadableError(path, "may not be read, or is a link to nothing")
    stat = os.stat(path)
    return FileInfo(path, stat.st_size, str(stat.st_mtime_ns))


@contextmanager
def _explained(uri: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise UnreadableError(uri, error.strerror or str(error)) from error


def put(uri: str, data: bytes) -> None:
    """Writes `data` to `uri`, over what was there."""
    with storage(uri).create(uri) as path:
        path.write_bytes(data)


def require_empty(folder: str, *, lacks: str = "") -> None:
    """Raises `UserError` where `folder` has files, of what is not there: what it `lacks`."""
    if storage(folder).walk(folder):
        what = f" and holds no {lacks}" if lacks else ""
        raise UserError(f"{folder} is not empty{what}: choose a new folder")


class RangeReader(io.RawIOBase):
    """A file of any storage as a seekable stream that reads in blocks (4 MiB), to byte `size`.

    `tell()` counts from the start of the file; reading starts at `start`.
    """

    def __init__(
        self, uri: str, size: int, start: int = 0, *, block_bytes: int = BLOCK_BYTES
    ) -> None:
        super().__init__()
        self._block_bytes = block_bytes
        self._storage, self._uri, self._size = storage(uri), uri, size
        self._position, self._block, self._block_start = start, b"", start

    def readable(self) -> bool:
        """Always."""
        return True

    def seekable(self) -> bool:
        """Always."""
        return True

    def tell(self) -> int:
        """Bytes from the start of the file."""
        return self._position

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        """Moves; costs nothing until the next read."""
        base = {io.SEEK_SET: 0, io.SEEK_CUR: self._position, io.SEEK_END: self._size}[whence]
        self._position = base + offset
        return self._position

    def load(self) -> None:
        """Reads the block that starts at the current position."""
        size = min(self._block_bytes, self._size - self._position)
        self._block = self._storage.read(self._uri, self._position, size) if size > 0 else b""
        self._block_start = self._position

    def readinto(self, buffer: Buffer) -> int:
        """Fills `buffer` as far as the current block goes; 0 at the end of the file."""
        view = memoryview(buffer)
        if not 0 <= self._position - self._block_start < len(self._block):
            self.load()
        at = self._position - self._block_start
        piece = self._block[at : at + len(view)]
        view[: len(piece)] = piece
        self._position += len(piece)
        return len(piece)
