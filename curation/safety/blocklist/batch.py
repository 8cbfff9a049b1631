"""Block lists as a batch function: pages of a batch that come from where none should.

In: a batch with `host` and `url_key` (`ingest/pages.py`). Out: the same, where a page that is on a
list has a reason and neither body nor text. A page that has a reason already keeps it.
"""

from __future__ import annotations

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from curation.safety.blocklist.config import BlocklistConfig
from curation.safety.blocklist.match import Blocked, find_blocked, load_lists
from schemas.arrow import with_columns
from schemas.drop_reason import DropReason

_EMPTIED = ("html", "text")


def block_batch(batch: pa.RecordBatch, *, config: BlocklistConfig) -> pa.RecordBatch:
    """The batch with `blocked_host` and `blocked_url`; `detail` names categories and entry."""
    lists = load_lists(config)
    if not lists:
        return batch
    found = find_blocked(batch.column("host"), batch.column("url_key"), lists)
    return _with_reasons(batch, found) if len(found.rows) else batch


def _with_reasons(batch: pa.RecordBatch, found: Blocked) -> pa.RecordBatch:
    reasons: list[str | None] = [None] * batch.num_rows
    details: list[str | None] = [None] * batch.num_rows
    for row, by_url, detail in zip(found.rows.tolist(), found.by_url, found.details, strict=True):
        reasons[row] = DropReason.BLOCKED_URL if by_url else DropReason.BLOCKED_HOST
        details[row] = detail
    on_list = np.zeros(batch.num_rows, np.bool_)
    on_list[found.rows] = True
    blocked = pc.and_(pa.array(on_list), pc.is_null(batch.column("drop_reason")))
    instead = {
        "drop_reason": pa.array(reasons, pa.string()),
        "detail": pa.array(details, pa.string()),
        **{name: pa.scalar(None, batch.column(name).type) for name in _EMPTIED},
    }
    return with_columns(
        batch,
        {name: pc.if_else(blocked, new, batch.column(name)) for name, new in instead.items()},
    )
