"""Checkpoints in object stores: fetched once per machine, into the cache of this machine."""

from __future__ import annotations

import fcntl
import os
import re
import uuid

import xxhash

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
    folder.parent.mkdir(exist_ok=True)
    with folder.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)  # other processes wait, rather than fetch the same
        if not folder.exists():
            unfinished = folder.with_name(uuid.uuid4().hex)
            unfinished.mkdir()
            for file in files:
                (unfinished / _name(uri, file)).write_bytes(storage(file.uri).read(file.uri))
            os.replace(unfinished, folder)
    return str(folder)


def _name(uri: str, file: FileInfo) -> str:
    return file.uri.removeprefix(join(uri, ""))
