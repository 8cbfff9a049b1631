"""Keepers: pairs in; for each page whether it stays, for whom it goes, and its component."""

from __future__ import annotations

from functools import cache
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from curation.dedup.doc_ids import Halves, hexes, of_binaries
from curation.dedup.keepers_kernel import STAYS, find_keepers
from curation.kernels import compile_once
from schemas.cluster import CLUSTER


def settle(pairs: pa.Table) -> pa.Table:
    """`PAIR` in, `CLUSTER` without `run` out, by doc_id.

    All pairs of a component must be among `pairs`.
    """
    pairs = pairs.combine_chunks()
    ids = np.concatenate([_ids(pairs, "first"), _ids(pairs, "second")])
    positions = np.concatenate([_numpy(pairs, f"{end}_position") for end in ("first", "second")])
    # Two earlier runs may both have a page.
    order = np.lexsort((positions, ids[:, 1], ids[:, 0]))
    begins = np.ones(len(order), bool)
    begins[1:] = (ids[order[1:]] != ids[order[:-1]]).any(axis=1)
    numbers = np.empty(len(order), np.int64)
    numbers[order] = np.cumsum(begins) - 1
    pages = order[begins]
    firsts, seconds = np.split(numbers, 2)
    similarities, equal = _numpy(pairs, "similarity"), _numpy(pairs, "equal")
    _compile()
    keepers, best, roots = find_keepers(len(pages), firsts, seconds, similarities, equal)
    names = hexes(ids[pages])
    goes, at = keepers != STAYS, pa.array(positions[pages])
    return pa.table(
        {
            "component": names.take(pa.array(roots)),
            "doc_id": names,
            "position": at,
            "run": pa.nulls(len(pages), pa.string()),
            "keeper": names.take(pa.array(keepers, mask=~goes)),
            "keeper_position": at.take(pa.array(keepers, mask=~goes)),
            "similarity": pa.array(np.minimum(best, 1), mask=~goes),
            "equal": pa.array(best > 1, mask=~goes),
            "size": np.bincount(roots, minlength=len(roots))[roots],
        }
    ).cast(CLUSTER.arrow)


@cache
def _compile() -> None:
    """Before the first pairs of a process."""
    ends = np.zeros(1, np.int64), np.ones(1, np.int64)
    facts = np.ones(1, np.float32), np.zeros(1, bool)
    compile_once("keepers", lambda: find_keepers(2, *ends, *facts))


def _ids(pairs: pa.Table, end: str) -> Halves:
    return np.concatenate([of_binaries(chunk) for chunk in pairs[end].chunks])


def _numpy(pairs: pa.Table, name: str) -> npt.NDArray[Any]:
    # A copy, for what Arrow holds can't be written to, and kernels are compiled for one kind.
    return np.array(pairs[name].to_numpy())
