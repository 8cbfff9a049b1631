"""From benchmarks to the columns of their index: runs of words, and the texts that have them.

In: the files that a recipe names. Out: `Lookup`, the texts, and what is not looked for of each
benchmark (`Told`): texts with too few words, and runs that are lists of numbers or common.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from curation.arrow_text import Hashes, Ints
from curation.decontaminate.common import Owners, common
from curation.decontaminate.config import DecontaminateConfig
from curation.decontaminate.read import read_texts
from curation.decontaminate.runs_kernel import Runs, count_words, find_runs
from curation.dedup.groups import first_of_each
from curation.dedup.minhash import blocks, placeholders

_FILTER_BITS = 32  # per run: with two bits set, some 4 words in 1,000 pass by chance
_WORD_BITS = 64


class Lookup(NamedTuple):
    """What a scan needs. Run g has hash `hashes[g]`, ascending, and `sizes[g]` words.

    It is of the texts `texts[firsts[g]:firsts[g + 1]]`, of equal ones the first. `lengths` are all
    that occur; `filter` has two bits for the first `lengths[0]` words of each run.
    """

    lengths: Ints
    filter: Hashes
    hashes: Hashes
    sizes: Ints
    firsts: Ints
    texts: Ints


class Told(NamedTuple):
    """Of a benchmark: what there is, and what of it is not looked for.

    `runs` of `texts` of `items` are looked for, but not those that are a list, nor those that are
    common; `unsought_texts` have none that is looked for, and `short_texts` are those of them that
    have too few words; `unsought_items` have no other texts.
    """

    items: int
    texts: int
    runs: int
    list_runs: int
    common_runs: int
    short_texts: int
    unsought_texts: int
    unsought_items: int


@dataclass(frozen=True, eq=False)
class _Texts:
    """All texts of all benchmarks: items are numbered over all."""

    owners: Owners
    names: Sequence[str]
    columns: Sequence[str]
    texts: pa.StringArray


def build(config: DecontaminateConfig) -> tuple[dict[str, Any], dict[str, Told]]:
    """The columns of the index, and what is told of each benchmark; the same for the same files."""
    every = _every_text(config)
    words = np.concatenate([count_words(of, placeholders()) for _, of in blocks(every.texts)])
    lengths = np.minimum(words, config.ngram)
    lengths[words < min(config.min_words, config.ngram)] = 0
    found = _distinct(list(_runs(every.texts, lengths)))
    is_list = found.is_list & (not config.lists)
    lists, found = _take(found, is_list), _take(found, ~is_list)
    is_common = common(found, every.owners, config.max_items)
    shared, sought = _take(found, is_common), _take(found, ~is_common)
    told = _tell(config, every.owners, lengths, (sought.texts, lists.texts, shared.texts))
    is_first = every.owners.firsts[sought.texts] == sought.texts
    return _arrays(config, every, _take(sought, is_first)), told


def _every_text(config: DecontaminateConfig) -> _Texts:
    read = [read_texts(one) for one in config.benchmarks]
    flat = [text for of_one in read for text in of_one]
    benchmarks = np.repeat(np.arange(len(read)), [len(of_one) for of_one in read])
    numbers: dict[tuple[int, str], int] = {}
    firsts: dict[tuple[int, str], int] = {}
    of_each = list(enumerate(zip(benchmarks.tolist(), flat, strict=True)))
    items = [numbers.setdefault((of, text.item), len(numbers)) for _, (of, text) in of_each]
    alike = [firsts.setdefault((of, text.text), number) for number, (of, text) in of_each]
    return _Texts(
        Owners(benchmarks, np.array(items, np.int64), np.array(alike, np.int64)),
        [text.item for text in flat],
        [text.column for text in flat],
        pa.array([text.text for text in flat], pa.string()),
    )


def _runs(texts: pa.StringArray, lengths: Ints) -> Iterator[Runs]:
    start = int(lengths[lengths > 0].min(initial=1 << 30))
    for rows, tokens in blocks(texts):
        found = find_runs(tokens, placeholders(), lengths[rows], start)
        yield found._replace(texts=found.texts + rows.start)


def _distinct(found: Sequence[Runs]) -> Runs:
    """Each run of a text once, by hash and then text."""
    together = Runs(*(np.concatenate(values) for values in zip(*found, strict=True)))
    together = _take(together, np.lexsort((together.texts, together.hashes)))
    return _take(together, first_of_each(together.hashes, together.texts))


def _take(runs: Runs, which: npt.NDArray[Any]) -> Runs:
    return Runs(*(values[which] for values in runs))


def _tell(
    config: DecontaminateConfig, of: Owners, lengths: Ints, texts_of: Sequence[Ints]
) -> dict[str, Told]:
    """`texts_of` runs that are looked for, of lists, and of those that are common.

    A text counts as the first one that equals it: that is the one that is looked for.
    """
    counts = [np.bincount(texts, minlength=len(lengths))[of.firsts] for texts in texts_of]
    told = {}
    for number, benchmark in enumerate(config.benchmarks):
        of_it = of.benchmarks == number
        items, sought = np.unique(of.items[of_it]), of_it & (counts[0] > 0)
        runs, list_runs, common_runs = (int(each[of_it].sum()) for each in counts)
        told[benchmark.name] = Told(
            items=len(items),
            texts=int(of_it.sum()),
            runs=runs,
            list_runs=list_runs,
            common_runs=common_runs,
            short_texts=int((lengths[of_it] == 0).sum()),
            unsought_texts=int((of_it & ~sought).sum()),
            unsought_items=len(items) - len(np.unique(of.items[sought])),
        )
    return told


def _arrays(config: DecontaminateConfig, every: _Texts, runs: Runs) -> dict[str, Any]:
    firsts = np.flatnonzero(first_of_each(runs.hashes))
    lengths = np.unique(runs.lengths)
    names = [one.name for one in config.benchmarks]
    lookup = Lookup(
        lengths,
        _filter(np.unique(runs.starts)),
        runs.hashes[firsts],
        runs.lengths[firsts],
        np.append(firsts, len(runs.hashes)),
        runs.texts,
    )
    return {
        **lookup._asdict(),
        "benchmark": [names[number] for number in every.owners.benchmarks.tolist()],
        "item": every.names,
        "column": every.columns,
        "n_runs": np.bincount(runs.texts, minlength=len(every.texts)),
    }


def _filter(starts: Hashes) -> Hashes:
    """Two bits of each start; its length is a power of two, and one word at least."""
    bits = _WORD_BITS
    while bits < _FILTER_BITS * len(starts):
        bits *= 2
    found = np.zeros(bits // _WORD_BITS, np.uint64)
    for hashes in (starts, starts >> np.uint64(32)):
        at = hashes & np.uint64(bits - 1)
        np.bitwise_or.at(found, (at >> np.uint64(6)).astype(np.int64), np.uint64(1) << (at & 63))
    return found
