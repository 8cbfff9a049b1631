"""A batch of hosts and URLs against all lists of a recipe."""

from __future__ import annotations

from collections.abc import Sequence
from functools import cache
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from curation.arrow_text import Ints, TextView, text_view
from curation.errors import UserError
from curation.kernels import compile_once
from curation.safety.blocklist import match_kernel
from curation.safety.blocklist.bundled import bundled_table
from curation.safety.blocklist.config import ALLOW, BlocklistConfig, ListFile, unknown
from curation.safety.blocklist.hash_kernel import skip_www
from curation.safety.blocklist.match_kernel import ALLOWED, HOST, NONE, URL, match
from curation.safety.blocklist.table import BlockTable, opened


class BlockList(NamedTuple):
    """A table, what each set of categories does, and the names of those that make a reject."""

    table: BlockTable
    actions: npt.NDArray[np.uint8]
    told: Sequence[str]


class Blocked(NamedTuple):
    """The rows that are on a list: whether by their path or their host, and what to say of each."""

    rows: Ints
    by_url: npt.NDArray[np.bool_]
    details: list[str]


@cache
def load_lists(config: BlocklistConfig) -> tuple[BlockList, ...]:
    """The lists, one's own first; once per process. Raises `UserError` for a file that is none."""
    lists = [block_list(_open(file), file.categories) for file in config.lists]
    if config.bundled:
        lists.append(block_list(bundled_table(), config.categories))
    return tuple(lists)


def check_list(file: ListFile) -> None:
    """Raises `UserError` for a file that is no list, or lacks a category that the recipe names."""
    table = _open(file)
    if wrong := unknown(file.categories or (), table.counts):
        raise UserError(f"{file.path}: {wrong}")


def _open(file: ListFile) -> BlockTable:
    return opened(file.mapped(), path=file.path)


def block_list(table: BlockTable, categories: Sequence[str] | None) -> BlockList:
    """The list with those of its categories that make a reject; None: all of them."""
    wanted = {*table.counts} if categories is None else {*categories}
    named = [[c for c in names if c in wanted and c != ALLOW] for names in table.category_sets]
    actions = [match_kernel.BLOCK if told else match_kernel.IGNORE for told in named]
    for number, names in enumerate(table.category_sets):
        if ALLOW in names:
            actions[number] = match_kernel.ALLOW
    return BlockList(table, np.array(actions, np.uint8), [", ".join(told) for told in named])


def find_blocked(
    hosts: pa.StringArray, url_keys: pa.StringArray, lists: Sequence[BlockList]
) -> Blocked:
    """The rows that some list blocks and none allows; the first list that blocks one is told."""
    views = text_view(hosts), text_view(url_keys)
    kinds, details = np.zeros(len(hosts), np.uint8), [""] * len(hosts)
    by_url = np.zeros(len(hosts), bool)
    for one in lists:
        found = _match(*views, one)
        new = (found.kinds != NONE) & (kinds == NONE)
        for row in np.flatnonzero(new & (found.kinds != ALLOWED)).tolist():
            entry = _entry(*views, row, found)
            details[row] = f"{one.told[found.sets[row]]}: {entry}"
        # An entry whose path is a slash names the host, and nothing below it.
        by_url |= new & (found.kinds == URL) & (found.ends - found.starts > 1)
        kinds = np.where(new | (found.kinds == ALLOWED), found.kinds, kinds)
    rows = np.flatnonzero((kinds == HOST) | (kinds == URL))
    return Blocked(rows, by_url[rows], [details[row] for row in rows.tolist()])


def _match(hosts: TextView, urls: TextView, one: BlockList) -> match_kernel.Matches:
    columns = hosts.data, hosts.offsets, urls.data, urls.offsets
    table = one.table.hashes, one.table.sets, one.table.slots
    found: list[match_kernel.Matches] = []
    compile_once("block list match", lambda: found.append(match(*columns, *table, one.actions)))
    return found[0]


def _entry(hosts: TextView, urls: TextView, row: int, found: match_kernel.Matches) -> str:
    """As the list has it, but for what is left out of both."""
    start, end = hosts.offsets[row], hosts.offsets[row + 1]
    first, last = int(found.starts[row]), int(found.ends[row])
    if found.kinds[row] == HOST:
        return _text(hosts, start + first, start + last)
    host = _text(hosts, skip_www(hosts.data, start, end), end).rstrip(".")
    url = urls.offsets[row]
    return host + _text(urls, url + first, url + last)


def _text(view: TextView, start: int, end: int) -> str:
    return view.data[start:end].tobytes().decode("utf-8", "replace")
