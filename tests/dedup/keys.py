"""Keys as rows, and runs that have nothing but keys."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from curation.dedup.candidates import candidates
from curation.dedup.config import Criterion
from curation.dedup.found import Found, reason_names
from curation.parts import Parts
from curation.tables import write_file
from schemas.keys import KEYS

KEEP: tuple[Criterion, ...] = ("curated", "newest")


def doc_id(name: str | int) -> str:
    """32 hex digits that sort as the name does."""
    return f"{name:032x}" if isinstance(name, int) else name.encode().hex().ljust(32, "0")


def key(name: str | int, day: int | None = 1, url: int | None = 1, **more: Any) -> dict[str, Any]:
    """A row of keys; unlike others in nothing but its name."""
    number = name if isinstance(name, int) else int.from_bytes(name.encode(), "big")
    return {
        "doc_id": doc_id(name),
        "position": number,
        "order_key": 0,
        "input": "crawl",
        "is_version": True,
        "url_hash": url,
        "fetched_at": day and datetime(2024, 1, day, tzinfo=UTC),
        "curated": False,
        "row_hash": 6,
        "text_bytes": 10,
        **more,
    }


def rows_of(
    keys: Sequence[dict[str, Any]],
    *,
    keep: Sequence[Criterion] = KEEP,
    earlier: Sequence[dict[str, Any]] = (),
) -> pa.Table:
    """Keys as they meet in a task, those of an earlier run too."""
    batches = [candidates(KEYS.batch(keys), keep, earlier=False)]
    if earlier:
        batches.append(candidates(KEYS.batch(earlier), keep, earlier=True))
    return pa.Table.from_batches(batches)


def told(rows: pa.Table, found: Found) -> dict[int, tuple[str, int]]:
    """What was found: by position, the reason and the keeper's position."""
    positions = rows["position"].to_pylist()
    reasons = reason_names(found.reasons).to_pylist()
    return {
        positions[row]: (reasons[row], positions[found.keepers[row]])
        for row in np.flatnonzero(found.reasons).tolist()
    }


def make_parts(folder: Path, splits: Iterable[Iterable[dict[str, Any]]]) -> Parts:
    """A part for each split, with the keys that are given."""
    files = {}
    for number, keys in enumerate(splits):
        rows = pa.Table.from_batches([KEYS.batch(keys)])
        files[number] = [write_file(str(folder), f"{number:06d}-x-0", KEYS, rows)]
    return Parts(str(folder), range(len(files) + 1), files, dict.fromkeys(files, "crawl"))


def signature(minima: npt.NDArray[np.uint32]) -> bytes:
    """As it stands in keys."""
    return minima.astype("<u4").tobytes()
