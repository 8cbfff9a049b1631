"""The compiled form of block lists: one Arrow file, which is read where it lies.

Two columns, uncompressed, so that all processes of a machine that map the file share its pages: a
table of hashes (`hash_kernel.py`), and for each place the number of a set of categories, as one
entry may be in several. Set 0 says only that a host has URLs. The metadata names the sets and
counts the entries of each category. The same entries give the same bytes.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import xxhash

from curation.arrow_text import Hashes
from curation.errors import UserError
from curation.safety.blocklist.hash_kernel import fill
from curation.safety.blocklist.lines import Found

_KEY, _VERSION = b"winnow.blocklist", 1
_SCHEMA = pa.schema([pa.field("hash", pa.uint64(), False), pa.field("set", pa.uint16(), False)])
_MOST_SETS = 1 << 16


class Counts(NamedTuple):
    """Different entries of a category."""

    domains: int
    urls: int


@dataclass(frozen=True, eq=False)
class BlockTable:
    """Place i holds the entry `hashes[i]`, in all categories of `category_sets[sets[i]]`."""

    hashes: Hashes
    sets: npt.NDArray[np.uint16]
    slots: int
    category_sets: tuple[tuple[str, ...], ...]
    counts: Mapping[str, Counts]


def build(found: Mapping[str, Iterable[Found]]) -> BlockTable:
    """The table of all that was found, by category. Raises `UserError` for too many categories."""
    names, counts = sorted(found), {}
    hashes, categories = [], []
    for number, name in enumerate(names):
        lists = list(found[name])
        domains = np.unique(np.concatenate([one.domains for one in lists]))
        urls = np.unique(np.concatenate([one.urls for one in lists]))
        markers = np.unique(np.concatenate([one.markers for one in lists]))
        counts[name] = Counts(len(domains), len(urls))
        hashes += [domains, urls, markers]
        categories.append(np.full(len(domains) + len(urls), number, np.uint16))
        categories.append(np.full(len(markers), len(names), np.uint16))
    unique, sets, category_sets = _intern(np.concatenate(hashes), np.concatenate(categories), names)
    table, places, slots = fill(unique)
    set_table = np.zeros(len(table), np.uint16)
    set_table[places] = sets
    return BlockTable(table, set_table, slots, category_sets, counts)


def _intern(
    hashes: Hashes, categories: npt.NDArray[np.uint16], names: list[str]
) -> tuple[Hashes, npt.NDArray[np.int64], tuple[tuple[str, ...], ...]]:
    """Each hash once, the number of the set of its categories, and the sets; the first is empty."""
    order = np.argsort(hashes, kind="stable")
    hashes, categories = hashes[order], categories[order]
    firsts = np.flatnonzero(np.append([True], hashes[1:] != hashes[:-1]))
    known_by = [*(xxhash.xxh3_64_intdigest(name.encode()) for name in names), 0]
    signatures = np.bitwise_xor.reduceat(np.array(known_by, np.uint64)[categories], firsts)
    different, examples, numbers = np.unique(signatures, return_index=True, return_inverse=True)
    ends = np.append(firsts[1:], len(hashes))
    sets = [
        tuple(names[c] for c in categories[firsts[run] : ends[run]].tolist() if c < len(names))
        for run in examples.tolist()
    ]
    if len(different) >= _MOST_SETS:
        raise UserError(f"{len(different):,} sets of categories are too many: compile fewer lists")
    ordered = ((), *sorted({*sets} - {()}))
    place = {categories: number for number, categories in enumerate(ordered)}
    return hashes[firsts], np.array([place[s] for s in sets], np.int64)[numbers], ordered


def write(table: BlockTable, path: str) -> None:
    """Writes the file to a local path."""
    said = {
        "version": _VERSION,
        "slots": table.slots,
        "sets": table.category_sets,
        "counts": {name: table.counts[name]._asdict() for name in sorted(table.counts)},
    }
    schema = _SCHEMA.with_metadata({_KEY: json.dumps(said).encode()})
    batch = pa.record_batch([pa.array(table.hashes), pa.array(table.sets)], schema=schema)
    with pa.OSFile(path, "wb") as file, pa.ipc.new_file(file, schema) as writer:
        writer.write_batch(batch)


def opened(content: pa.Buffer, *, path: str) -> BlockTable:
    """The table in these bytes, without a copy. Raises `UserError` for what is none."""
    wrong = UserError(f"{path}: is not what 'curate lists update' makes")
    try:
        file = pa.ipc.open_file(content)
        said = json.loads((file.schema.metadata or {})[_KEY])
        if said["version"] != _VERSION:
            raise UserError(f"{path}: was made by another version: run 'curate lists update' again")
        batch = file.get_batch(0)
        hashes, sets = (column.to_numpy(zero_copy_only=True) for column in batch.columns)
        category_sets = tuple(map(tuple, said["sets"]))
        counts = {name: Counts(**of) for name, of in said["counts"].items()}
        table = BlockTable(hashes, sets, int(said["slots"]), category_sets, counts)
    except (pa.ArrowInvalid, KeyError, TypeError, ValueError) as error:
        raise wrong from error
    if not _is_whole(table):
        raise wrong
    return table


def _is_whole(table: BlockTable) -> bool:
    """Whether no look can lead out of it."""
    hashes, sets = table.hashes, table.sets
    if hashes.dtype != np.uint64 or sets.dtype != np.uint16 or len(hashes) != len(sets):
        return False
    inside = 0 < table.slots < min(len(hashes), 1 << 32) and hashes[-1] == 0
    return inside and int(sets.max()) < len(table.category_sets)
