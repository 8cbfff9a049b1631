"""URL deduplication: of each canonical URL the newest fetched version stays.

Two steps over the pages that meet by URL. *Repeats*: pages with one doc_id are one record that was
listed twice; one stays, a kept one if there is any: before all one of an earlier run, then one of
a curated input. *Versions*: of the pages with one URL the newest stays, ties by the recipe's order
and at last by doc_id; a page of a curated input (with a fixed domain) stays before any page of a
crawl. With `over: all` a rejected page is a version too, so that an older one does not come back
when a rule rejected the newest; fetches that failed technically are no versions. Pages of earlier
runs are versions as well, and whoever they keep out gives way to them. Pages without a URL or a
time take part as far as they can: no URL, no versions; no time is older than any.

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
    rows: pa.Table, over: Literal["all", "kept"], ranks: Sequence[str] = ()
) -> Found:
    """Which of `rows` go, and for whom: all that meet by `group`, as `candidates` made them.

    `ranks` name the columns of the order of who stays, which settles between equal times.
    """
    found = Found.none(rows.num_rows)
    met = shared(rows["group"].to_numpy())
    if not len(met):
        return found
    column = {name: rows[name].to_numpy()[met] for name in (*_COMPARED, *ranks)}
    kept, ours = column["kept"], ~column["earlier"]
    repeats = _repeats(column)
    gone = met[repeats & kept & ours]
    found.drop(gone, DropReason.REPEATED_RECORD, gone)
    counts = column["has_url"] & ~repeats & (column["is_version"] if over == "all" else kept)
    versions = np.flatnonzero(counts)
    newest = _newest(column, versions, ranks)
    older = kept[versions] & ours[versions] & (newest != versions)
    found.drop(met[versions[older]], DropReason.OLDER_VERSION, met[newest[older]])
    return found


_COMPARED = (
    *("group", "has_url", "high", "low", "kept", "earlier", "is_version", "curated"),
    *("fetched_at", "row_hash", "position"),
)
_Columns = dict[str, npt.NDArray[Any]]


def _repeats(column: _Columns) -> npt.NDArray[np.bool_]:
    """Rows whose doc_id another row has that goes before: one that was kept, in an earlier run."""
    ids = column["low"], column["high"]
    best = (~column["fetched_at"], ~column["curated"], ~column["earlier"], ~column["kept"])
    order = np.lexsort((column["position"], column["row_hash"], *best, *ids))
    repeats = np.zeros(len(order), bool)
    repeats[order] = ~first_of_each(*(key[order] for key in ids))
    return repeats


def _newest(column: _Columns, versions: Ints, ranks: Sequence[str]) -> Ints:
    """For each of these rows, which are versions, the newest of its URL."""
    of = {name: values[versions] for name, values in column.items()}
    ties = [of[name] for name in ("position", "row_hash", "low", "high", *reversed(ranks))]
    order = np.lexsort((*ties, ~of["fetched_at"], ~of["curated"], of["group"]))
    newest = np.empty(len(order), np.int64)
    newest[order] = versions[order[owner(first_of_each(of["group"][order]))]]
    return newest
