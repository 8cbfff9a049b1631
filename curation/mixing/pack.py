"""Shards as packed sequences of tokens, for trainers that read nothing else.

In: a data set folder and a tokenizer. Out, below `output`: `parts/` with the sequences of each
shard, and `index.json`, written last, which names the files in order. Documents follow each other
in the order of the shards, an end token behind each; a sequence is `length` tokens of that stream.

What is left over at the end of each shard goes, in their order, into one more part; only its last
sequence may be short: it is filled up or left out. So shards are packed by any number of processes,
and the bytes depend on none. A command that was stopped goes on where it was.
"""

from __future__ import annotations

import json
from collections import Counter
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict, replace
from multiprocessing import get_context
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from curation.errors import UserError
from curation.mixing.loading.folder import ShardFolder
from curation.mixing.packing.cut import Cutter
from curation.mixing.packing.files import writer
from curation.mixing.packing.part import Packed, PackSettings, pack_part, read_part
from curation.storage import join, put, require_empty, storage

Last = Literal["pad", "drop"]
INDEX = "index.json"
_PARTS, _SETTINGS = "parts", "settings.json"
_COUNTS = ("documents", "empty_documents", "tokens")


def check_folder(output: str) -> None:
    """Raises `UserError` where it holds files, but neither sequences nor what becomes of some."""
    begun = join(output, _PARTS, _SETTINGS)
    if storage(begun).find(begun) is None and not _is_index(join(output, INDEX)):
        require_empty(output, lacks="packed sequences")


def _is_index(uri: str) -> bool:
    """Others write files of that name too, such as `curate index`."""
    try:
        told = _read(uri)
    except ValueError:
        return False
    return isinstance(told, dict) and "settings" in told


def pack(
    folder: ShardFolder, settings: PackSettings, output: str, *, last: Last, processes: int
) -> dict[str, Any]:
    """Packs all shards; returns the index.

    Raises `UserError` where `output` has sequences of other settings.
    """
    told = {**asdict(settings), "last": last}
    if (index := _read(join(output, INDEX))) is not None:
        _require_same(index["settings"], told, output)
        return index
    parts = join(output, _PARTS)
    settings_uri = join(parts, _SETTINGS)
    if not storage(settings_uri).put_if_absent(settings_uri, json.dumps(told).encode()):
        _require_same(_read(settings_uri), told, output)
    _pack_all(folder, settings, parts, processes)
    index = _index(len(folder.files), settings, told, parts)
    put(join(output, INDEX), json.dumps(index, indent=1).encode())
    kept = {join(parts, path) for file in index["files"] for path in file["paths"].values()}
    storage(parts).sweep(parts, kept)
    return index


def _read(uri: str) -> Any:
    return None if storage(uri).find(uri) is None else json.loads(storage(uri).read(uri))


def _require_same(found: dict[str, Any], wanted: dict[str, Any], output: str) -> None:
    if other := [name for name, value in wanted.items() if found.get(name) != value]:
        raise UserError(
            f"{output}: has sequences of another {', '.join(other)}: choose another folder"
        )


def _pack_all(folder: ShardFolder, settings: PackSettings, parts: str, processes: int) -> None:
    tasks = [
        (replace(folder, files=(file,)), number, settings, parts)
        for number, file in enumerate(folder.files)
    ]
    if processes == 1:
        for task in tasks:
            pack_part(*task)
        return
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        running = [pool.submit(_pack_part, *task) for task in tasks]
        try:
            for packed in running:
                if (problem := packed.result()) is not None:
                    raise UserError(problem)
        except BrokenProcessPool as error:
            raise UserError(
                "a process was ended from outside, for memory perhaps: give fewer --processes"
            ) from error
        finally:
            pool.shutdown(cancel_futures=True)


def _pack_part(folder: ShardFolder, number: int, settings: PackSettings, parts: str) -> str | None:
    """In a process of its own: an error that a user can mend comes back as what it says."""
    try:
        pack_part(folder, number, settings, parts)
    except UserError as error:
        return str(error)
    return None


def _index(number: int, settings: PackSettings, told: dict[str, Any], parts: str) -> dict[str, Any]:
    """Of that number of parts, of which it makes one more."""
    files, counts = [], Counter[str]()
    rests = Cutter(settings.length, settings.dtype)
    with writer(parts, number, settings.format, settings.length, settings.dtype) as made:
        for part in (read_part(parts, of, settings) for of in range(number)):
            made.add(rests.add(_documents(part)))
            files.append((part.files, part.sequences))
            counts.update({name: getattr(part, name) for name in _COUNTS})
        over = len(rests.rest)
        padded = settings.length - over if over and told["last"] == "pad" else 0
        if padded:
            made.add(rests.fill(settings.end_token))
    files.append((made.files, made.sequences))
    return {
        "settings": told,
        "length": settings.length,
        "dtype": settings.dtype.name,
        "sequences": sum(sequences for _, sequences in files),
        **{name: counts[name] for name in _COUNTS},
        "padded_tokens": padded,
        "dropped_tokens": over if told["last"] == "drop" else 0,
        "files": [{"paths": paths, "sequences": count} for paths, count in files if count],
    }


def _documents(part: Packed) -> list[npt.NDArray[Any]]:
    return np.split(part.rest, part.ends[:-1]) if len(part.ends) else []
