"""URL deduplication: of each canonical URL the newest fetched version stays.

Two steps over the pages that meet by URL. *Repeats*: pages with one doc_id are one record that was
listed twice; one stays, a kept one if there is any: before all one of an earlier run, then one of
a curated input. *Versions*: of the pages with one URL the newest stays, ties by the recipe's order
and at last by doc_id; a page of a curated input (with a fixed domain) stays before any page of a
crawl. With `over: all` a rejected page is a version too, so that an older one does not come back
when a rule rejected the newest; fetches that failed technically are no versions. Pages of earlier
runs are versions as well: with `old_wins` what they still have of a URL stays whatever its time,
else the newest of all does. Pages without a URL or a time take part as far as they can: no URL, no
versions; no time is older than any.

The result does not depend on partitioning: every order ends in doc_id and a hash of all that
shards hold, and rows that still tie are equal there.

Source: Llama 3.1 report (arXiv 2407.21783), section 3.1.1.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from curation.arrow_text import Ints
from curation.dedup.found import Found
from curation.dedup.groups import first_of_each, owner, shared
from schemas.drop_reason import DropReason


def find_older_versions(
    rows: pa.Table,
    over: Literal["all", "kept"],
    ranks: Sequence[str] = (),
    *,
    old_wins: bool = True,
) -> Found:
    """Which of `rows` go, and for whom: all that meet by `group`, as `candidates` made them.

    `ranks` name the columns of the order of who stays, which settles between equal times.
    """
    found = Found.none(rows.num_rows)
    met = shared(rows["group"].to_numpy())
    if not len(met):
        return found
    column = {name: rows[name].to_numpy()[met] for name in (*_COMPARED, *ranks)}
    kept = column["kept"]
    column["stays"] = kept & column["earlier"] & old_wins
    may_go = kept & ~column["stays"]
    copies = _first_copies(column)
    repeats = copies != np.arange(len(met))
    gone = repeats & may_go
    found.drop(met[gone], DropReason.REPEATED_RECORD, met[copies[gone]])
    counts = column["has_url"] & ~repeats & (column["is_version"] if over == "all" else kept)
    versions = np.flatnonzero(counts)
    newest = _newest(column, versions, ranks)
    older, shipped = may_go[versions] & (newest != versions), column["stays"][newest]
    for reason, goes in (
        (DropReason.OLDER_VERSION, older & ~shipped),
        (DropReason.SHIPPED_BEFORE, older & shipped),
    ):
        found.drop(met[versions[goes]], reason, met[newest[goes]])
    return found


_COMPARED = (
    *("group", "has_url", "high", "low", "kept", "earlier", "is_version", "curated"),
    *("fetched_at", "row_hash", "position"),
)
_Columns = dict[str, npt.NDArray[Any]]


def _first_copies(column: _Columns) -> Ints:
    """For each row, which stays of those with its doc_id: one that was kept, in an earlier run."""
    ids = column["low"], column["high"]
    best = (~column["fetched_at"], ~column["curated"], ~column["earlier"], ~column["kept"])
    order = np.lexsort((column["position"], column["row_hash"], *best, *ids))
    first = np.empty(len(order), np.int64)
    first[order] = order[owner(first_of_each(*(key[order] for key in ids)))]
    return first


def _newest(column: _Columns, versions: Ints, ranks: Sequence[str]) -> Ints:
    """For each of these rows, which are versions, the newest of its URL; or one that stays."""
    of = {name: values[versions] for name, values in column.items()}
    ties = [of[name] for name in ("position", "row_hash", "low", "high", *reversed(ranks))]
    best = (~of["fetched_at"], ~of["curated"], ~of["stays"])
    order = np.lexsort((*ties, *best, of["group"]))
    newest = np.empty(len(order), np.int64)
    newest[order] = versions[order[owner(first_of_each(of["group"][order]))]]
    return newest
