"""Which runs of words are boilerplate: they would be found on pages that know no item.

Those are runs that more than `max_items` different texts have, and runs that so many items and
most of a benchmark's have. A text of which over half is common by the first rule is no item in a
frame but a variant of one (the same question with each of many answers): it keeps its runs, but of
the texts that have a run no more than `max_items` do, since a page pays for each.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from curation.arrow_text import Ints
from curation.decontaminate.runs_kernel import Runs
from curation.dedup.groups import first_of_each, owner

Mask = npt.NDArray[np.bool_]


@dataclass(frozen=True, eq=False)
class Owners:
    """Of each text: its benchmark, its item, and the first equal text of the benchmark."""

    benchmarks: Ints
    items: Ints
    firsts: Ints


def common(runs: Runs, of: Owners, max_items: int | None) -> Mask:
    """Whether a run of a text is not looked for; `runs` are sorted by hash and then text.

    What is told of a text that equals an earlier one does not count.
    """
    if max_items is None or not len(runs.hashes):
        return np.zeros(len(runs.hashes), bool)
    groups = np.cumsum(first_of_each(runs.hashes)) - 1
    frame = _frame(runs, groups, of, max_items)
    shared = ~frame & (_different(groups, of.firsts[runs.texts]) > max_items)[groups]
    of_text, shared_of_text = (
        np.bincount(runs.texts[which], minlength=len(of.items)) for which in (~frame, shared)
    )
    is_first = of.firsts[runs.texts] == runs.texts
    keeps = np.flatnonzero(shared & is_first & (2 * shared_of_text > of_text)[runs.texts])
    others = (shared_of_text < of_text)[runs.texts[keeps]]  # who has nothing else is first
    keeps = keeps[np.lexsort((runs.texts[keeps], others, groups[keeps]))]
    rank = np.arange(len(keeps)) - owner(first_of_each(groups[keeps]))
    found = frame | shared
    found[keeps[rank < max_items]] = False
    return found


def _frame(runs: Runs, groups: Ints, of: Owners, max_items: int) -> Mask:
    """Runs that over half of the items of some benchmark have, and over `max_items`."""
    benchmarks = of.benchmarks[runs.texts]
    n_items = _different(of.benchmarks, of.items)
    pairs, pair_of = np.unique(groups * len(n_items) + benchmarks, return_inverse=True)
    counts = _different(pair_of, of.items[runs.texts])
    most = (counts > max_items) & (2 * counts > n_items[pairs % len(n_items)])
    return np.isin(groups, pairs[most] // len(n_items))


def _different(groups: npt.NDArray[Any], values: Ints) -> Ints:
    """How many different values each group has; groups are numbered from 0."""
    order = np.lexsort((values, groups))
    each = first_of_each(groups[order], values[order])
    return np.bincount(groups[order][each])
