"""Checkpoints in object stores: fetched once per machine, into the cache of this machine."""

from __future__ import annotations

import re
from collections.abc import Sequence
from functools import partial
from pathlib import Path

import xxhash

from curation.artefact import make_once
from curation.kernels import cache_folder
from curation.storage import FileInfo, join, storage

_WANTED = re.compile(r"config\.json|tokenizer[\w.-]*\.json|[\w.-]+\.safetensors(\.index\.json)?")


def fetched_folder(uri: str) -> str | None:
    """The folder of this machine that has what is in `uri`; None where nothing is."""
    files = [file for file in storage(uri).walk(uri) if _WANTED.fullmatch(_name(uri, file))]
    if not files:
        return None
    told = xxhash.xxh3_128_hexdigest(repr(sorted(files)).encode())
    folder = cache_folder() / "checkpoints" / told
    make_once(folder, partial(_fetch, uri, files))
    return str(folder)


def _fetch(uri: str, files: Sequence[FileInfo], folder: Path) -> None:
    folder.mkdir()
    for file in files:
        (folder / _name(uri, file)).write_bytes(storage(file.uri).read(file.uri))


def _name(uri: str, file: FileInfo) -> str:
    return file.uri.removeprefix(join(uri, ""))
