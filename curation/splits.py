"""Splits: pieces of input of about equal work, whatever the sizes of the files.

In: the recipe's inputs. Out: a list of `Split`s, the same for the same files and recipe. A split
is a range of bytes; it owns the records that *start* in it (row groups, for Parquet), so every
record has one owner wherever the cuts fall. Readers find the first border themselves.
"""

from __future__ import annotations

import gzip
import math
import zlib
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, replace
from typing import Annotated, TypeVar

import numpy as np
import numpy.typing as npt
from pydantic import Field

from curation.errors import UserError
from curation.ingest.config import InputConfig, format_of, is_known
from curation.ingest.urls import hash64
from curation.storage import WILDCARDS, FileInfo, normalise, storage

ROW_BITS = 32
MAX_SPLITS = 100_000
_MIN_DRAWN = 100
_ASKED_AT_ONCE = 64
Positions = TypeVar("Positions", int, npt.NDArray[np.int64])


@dataclass(frozen=True, kw_only=True)
class SplitsConfig:
    """How finely input is cut."""

    target_bytes: Annotated[int, Field(ge=1 << 14)] = 64 << 20


def bounded_target(config: SplitsConfig, total_bytes: int) -> int:
    """`target_bytes`, or more where splits would be too many."""
    return max(config.target_bytes, total_bytes // MAX_SPLITS)


@dataclass(frozen=True)
class Split:
    """Bytes `start` to `end` of a file of `size` bytes: the records that start there.

    Of their pages it is a seeded sample, of the share `sample`.
    """

    number: int
    input: int
    format: str
    uri: str
    size: int
    start: int
    end: int
    version: str = ""
    sample: float = 1.0

    @property
    def work(self) -> str:
        """The name of its receipt."""
        return f"split-{self.number:06d}"

    @staticmethod
    def number_in(path: str) -> int:
        """The number of the split that a file of `documents/`, `keys/` and so on is of."""
        return int(path.rsplit("/", 1)[1].split("-", maxsplit=1)[0])

    @property
    def first_position(self) -> int:
        """The position of its first row; its rows count up from here."""
        return self.number << ROW_BITS


def split_of(position: Positions) -> Positions:
    """The number of the split that a position (or each of an array) lies in."""
    return position >> ROW_BITS


def find_files(inputs: Sequence[InputConfig]) -> list[list[FileInfo]]:
    """The files of each input, sorted by URI, each once.

    Raises `UserError` for a path that does not exist, a pattern or list that names nothing, and a
    file whose name does not tell its format.
    """
    found = []
    for config in inputs:
        files = sorted({file for path in config.paths for file in _expand(path, config)})
        for file in files:
            format_of(file.uri, config)
            if not file.uri.isprintable():
                raise UserError(f"{file.uri!a}: its name is not text: rename it")
        found.append(files)
    return found


def _expand(path: str, config: InputConfig) -> list[FileInfo]:
    """The file of that very name, what the pattern matches, or what a folder holds.

    In a folder only files of known formats count: others, such as `_SUCCESS`, are no input.
    """
    if path.startswith("@"):
        return _listed(path[1:], config.prefix)
    store = storage(path)
    if file := store.find(path):
        return [file]
    if any(c in path for c in WILDCARDS):
        files, problem = store.glob(path), "no file matches"
        if config.format == "index":  # which tools write beside such files as _SUCCESS
            files = [file for file in files if is_known(file.uri, config)]
    else:
        files = [file for file in store.walk(path) if is_known(file.uri, config)]
        problem = "no such file, and no folder with files of a known format"
    if not files:
        raise UserError(f"{path}: {problem}")
    return files


def _listed(path: str, prefix: str) -> list[FileInfo]:
    """The files that a list names, one a line; the list may be compressed."""
    content = storage(path).read(path)
    try:
        unpacked = gzip.decompress(content) if content.startswith(b"\x1f\x8b") else content
        lines = unpacked.decode("utf-8-sig").splitlines()
    except (OSError, EOFError, zlib.error, UnicodeDecodeError) as error:
        raise UserError(f"{path}: is no list of paths: {error}") from error
    base = prefix or path.rsplit("/", 1)[0]
    names = [normalise(line.strip(), base=base) for line in lines if line.strip()]
    with ThreadPoolExecutor(_ASKED_AT_ONCE) as pool:
        found = list(pool.map(lambda uri: storage(uri).find(uri), names))
    if missing := [name for name, file in zip(names, found, strict=True) if file is None]:
        more = f", nor are {len(missing) - 1} others" if len(missing) > 1 else ""
        raise UserError(f"{missing[0]}: is not there{more}: named by the list {path}")
    if not names:
        raise UserError(f"{path}: the list names no file")
    return [file for file in found if file]


def plan(
    inputs: Sequence[InputConfig], files: Sequence[Sequence[FileInfo]], config: SplitsConfig
) -> list[Split]:
    """Every file cut into equal ranges of at most `config.target_bytes`; nothing is read.

    Where that would be more than 100,000 or so, ranges are longer: what a driver holds is bounded,
    and splits that are many make the stretches short that shards are read from. Each file gives one
    at least. The records of an index are selected later: their splits are not among these.
    """
    splits: list[Split] = []
    total = sum(file.size for found in files for file in found) or 1
    for number, (source, found) in enumerate(zip(inputs, files, strict=True)):
        for file in found if source.format != "index" else ():
            form = format_of(file.uri, source)
            pieces = -(-file.size // config.target_bytes) if form.splittable else 1
            pieces = max(1, min(pieces, round(file.size * MAX_SPLITS / total)))
            cuts = [file.size * i // pieces for i in range(pieces + 1)]
            splits += [
                Split(
                    *(len(splits) + i, number, form.name, file.uri, file.size),
                    *(cuts[i], cuts[i + 1], file.version),
                )
                for i in range(pieces)
            ]
    return splits


def draw(splits: Sequence[Split], share: float, *, seed: int) -> list[Split]:
    """A seeded sample of the share `share` of all pages, as splits and shares of their pages.

    As few splits as may be, for each is read whole; but a hundred of each input, where it has them,
    so that the sample is not of a few sites.
    """
    if share == 1:
        return list(splits)
    drawn: list[Split] = []
    for number in sorted({split.input for split in splits}):
        found = [split for split in splits if split.input == number]
        found.sort(key=lambda split: hash64(f"{split.uri}\0{split.start}", seed=seed))
        taken = max(math.ceil(share * len(found)), min(len(found), _MIN_DRAWN))
        of_pages = min(1.0, share * len(found) / taken)
        drawn += [replace(split, sample=of_pages) for split in found[:taken]]
    return sorted(drawn, key=lambda split: split.number)
