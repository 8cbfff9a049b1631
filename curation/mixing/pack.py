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
from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from dataclasses import asdict, replace
from multiprocessing import get_context
from typing import Any, Literal

import numpy as np

from curation.errors import UserError
from curation.mixing.loading.folder import ShardFolder
from curation.mixing.packing.cut import Cutter
from curation.mixing.packing.files import writer
from curation.mixing.packing.part import Packed, PackSettings, pack_part
from curation.storage import join, put, storage

Last = Literal["pad", "drop"]
INDEX = "index.json"
_SETTINGS = "settings.json"


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
    parts = join(output, "parts")
    settings_uri = join(parts, _SETTINGS)
    if not storage(settings_uri).put_if_absent(settings_uri, json.dumps(told).encode()):
        _require_same(_read(settings_uri), told, output)
    packed = list(_packed(folder, settings, parts, processes))
    index = _index(packed, settings, told, parts)
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


def _packed(
    folder: ShardFolder, settings: PackSettings, parts: str, processes: int
) -> Iterator[Packed]:
    tasks = [
        (replace(folder, files=(file,)), number, settings, parts)
        for number, file in enumerate(folder.files)
    ]
    if processes == 1:
        yield from (pack_part(*task) for task in tasks)
        return
    with ProcessPoolExecutor(processes, mp_context=get_context("spawn")) as pool:
        running = [pool.submit(_pack_part, *task) for task in tasks]
        try:
            for task in running:
                if isinstance(packed := task.result(), str):
                    raise UserError(packed)
                yield packed
        except BrokenProcessPool as error:
            raise UserError(
                "a process was ended from outside, for memory perhaps: give fewer --processes"
            ) from error
        finally:
            pool.shutdown(cancel_futures=True)


def _pack_part(
    folder: ShardFolder, number: int, settings: PackSettings, parts: str
) -> Packed | str:
    """In a process of its own: an error that a user can mend goes back as what it says."""
    try:
        return pack_part(folder, number, settings, parts)
    except UserError as error:
        return str(error)


def _index(
    packed: list[Packed], settings: PackSettings, told: dict[str, Any], parts: str
) -> dict[str, Any]:
    files = [(part.files, part.sequences) for part in packed]
    rests = Cutter(settings.length, settings.dtype)
    number = len(packed)
    with writer(parts, number, settings.format, settings.length, settings.dtype) as made:
        for part in packed:
            made.add(rests.add(_documents(part)))
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
        "documents": sum(part.documents for part in packed),
        "empty_documents": sum(part.empty_documents for part in packed),
        "tokens": sum(part.tokens for part in packed),
        "padded_tokens": padded,
        "dropped_tokens": over if told["last"] == "drop" else 0,
        "files": [{"paths": paths, "sequences": count} for paths, count in files if count],
    }


def _documents(part: Packed) -> list[np.ndarray[tuple[int], np.dtype[np.int64]]]:
    return np.split(np.array(part.rest, np.int64), part.ends[:-1]) if part.ends else []
