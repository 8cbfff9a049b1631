"""Where lists come from: files and folders, as their providers hand them out.

In: paths, local or in an object store. Out: the bytes of each list, unpacked in memory, with its
category. Known are UT1's folders (a subfolder per category with `domains` and `urls`), one such
category, either as a folder or in `.tar`, `.tar.gz` or `.tgz`; single files, in the formats of
`lines.py`; and the table `hosts/` of a run, as a folder or files. All but the last may be gzip'd.
"""

from __future__ import annotations

import gzip
import io
import tarfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path, PurePosixPath
from typing import NamedTuple

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from curation.errors import UserError
from curation.storage import FileInfo, RangeReader, storage
from curation.tables import read_here
from schemas.host import HOST

_TARS = (".tar", ".tar.gz", ".tgz")
_UT1_FILES = {"domains": False, "urls": True}
_PARQUET = ".parquet"


class Source(NamedTuple):
    """A list; `every_is_url` as in `read_lines`."""

    category: str
    name: str
    every_is_url: bool
    data: bytes


def read_sources(paths: Sequence[str], *, category: str | None) -> Iterator[Source]:
    """All lists; a single file is of `category`, or of that which its name says.

    Raises `UserError` for what is not there or is no list.
    """
    for path in paths:
        if path.endswith(_TARS):
            yield from _in_tar(path)
        elif (file := storage(path).find(path)) is not None:
            if path.endswith(_PARQUET):
                yield from _of_hosts(file)
                continue
            name = category or _stem(path)
            yield Source(name, path, False, _unpacked(path, storage(path).read(path)))
        else:
            yield from _in_folder(path)


def _in_folder(folder: str) -> Iterator[Source]:
    files = storage(folder).walk(folder)
    if not files:
        raise UserError(f"{folder}: no such file, and no folder with files")
    if all(file.uri.endswith(_PARQUET) for file in files):
        dropped = [source for file in files for source in _of_hosts(file)]
        if not dropped:
            raise UserError(f"{folder}: no host in it was dropped: there is nothing to list")
        yield from dropped
        return
    found = 0
    for file in files:
        kind = file.uri.rsplit("/", 1)[1].removesuffix(".gz")
        parent = file.uri.rsplit("/", 2)[1]
        # UT1 names some categories twice, by links.
        if kind in _UT1_FILES and not ("://" not in folder and _is_linked(file.uri, folder)):
            data = _unpacked(file.uri, storage(file.uri).read(file.uri))
            yield Source(parent, file.uri, _UT1_FILES[kind], data)
            found += 1
    if not found:
        raise UserError(
            f"{folder}: no file in it is named 'domains' or 'urls', as in UT1's folders: name files"
        )


def _of_hosts(info: FileInfo) -> Iterator[Source]:
    """The hosts that a run dropped, by reason.

    As URLs, so that an entry is for the host that was judged, not for those below it.
    """
    try:
        file = pq.ParquetFile(io.BufferedReader(RangeReader(info.uri, info.size)), pre_buffer=False)
        if missing := set(HOST.arrow.names) - set(file.schema_arrow.names):
            raise UserError(f"{info.uri}: is no file of a run's hosts/: it has no '{min(missing)}'")
        hosts = read_here(file, ["host", "drop_reason"])
    except pa.ArrowException as error:
        raise UserError(f"{info.uri}: is damaged, or no Parquet: {error}") from error
    for reason in hosts["drop_reason"].drop_null().unique().sort().to_pylist():
        names = hosts["host"].filter(pc.equal(hosts["drop_reason"], reason))
        yield Source(reason, info.uri, True, "\n".join(names.to_pylist()).encode())


def _is_linked(file: str, folder: str) -> bool:
    parent = Path(file).parent
    return str(parent) != folder.rstrip("/") and parent.is_symlink()


def _in_tar(path: str) -> Iterator[Source]:
    if storage(path).find(path) is None:
        raise UserError(f"{path}: no such file")
    found = 0
    try:
        with tarfile.open(fileobj=io.BytesIO(storage(path).read(path))) as tar:
            for member in tar:  # read in memory: where a name would lead does not matter
                where = PurePosixPath(member.name)
                kind = where.name.removesuffix(".gz")
                file = tar.extractfile(member) if kind in _UT1_FILES and member.isfile() else None
                if file is not None:
                    name = f"{path}:{member.name}"
                    data = _unpacked(name, file.read())
                    yield Source(where.parent.name, name, _UT1_FILES[kind], data)
                    found += 1
    except (tarfile.TarError, EOFError, OSError, zlib.error) as error:
        raise UserError(f"{path}: is damaged, or no tar file: {error}") from error
    if not found:
        raise UserError(f"{path}: holds no folder with 'domains' or 'urls', as UT1's do")


def _unpacked(name: str, data: bytes) -> bytes:
    if not data.startswith(b"\x1f\x8b"):
        return data
    try:
        return gzip.decompress(data)
    except (EOFError, OSError, zlib.error) as error:
        raise UserError(f"{name}: is damaged: {error}") from error


def _stem(path: str) -> str:
    *folders, file = path.split("/")
    name = file.removesuffix(".gz")
    if name in _UT1_FILES and folders[-1:]:  # UT1's, of the category that its folder names
        return folders[-1]
    return name.rsplit(".", 1)[0] or name
