"""Exact duplicates: of pages whose normalised text is equal one stays.

Normalised is what the shared tokenisation makes of it: words and symbols in any case, with any
blanks between. Pages meet by 64 bits of hash: of 3 billion texts about 0.24 pairs collide.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa

from curation.dedup.found import Found
from curation.dedup.groups import first_of_each, owner, shared
from schemas.drop_reason import DropReason


def find_exact_duplicates(rows: pa.Table, ranks: Sequence[str], *, old_wins: bool = True) -> Found:
    """Which of `rows` go, and for whom: all that meet by `text_hash`.

    `ranks` name the columns of the order of who stays; with `old_wins` pages of earlier runs come
    before, and none of them goes. Rows that have a reason do not take part.
    """
    found = Found.none(rows.num_rows)
    takes_part = rows["has_text"].to_numpy() & (rows["reason"].to_numpy() == 0)
    own = np.flatnonzero(takes_part)
    met = own[shared(rows["text_hash"].to_numpy()[own])]
    stays = rows["earlier"].to_numpy() & old_wins
    columns = ("position", "low", "high", *reversed(ranks))
    keys = [rows[name].to_numpy()[met] for name in columns]
    text = rows["text_hash"].to_numpy()
    order = met[np.lexsort((*keys, ~stays[met], text[met]))]
    keeper = order[owner(first_of_each(text[order]))]
    gone = (keeper != order) & ~stays[order]
    found.drop(order[gone], DropReason.EXACT_DUPLICATE, keeper[gone])
    return found
