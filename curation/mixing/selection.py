"""What is drawn of a batch of documents: how often each, and the entries that this makes."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from curation.arrow_text import Ints
from curation.domains.config import DomainsConfig
from curation.domains.keys import domains_of
from curation.mixing.chances import entries_of, places_of
from curation.mixing.content import content_of
from curation.mixing.draw import Border
from schemas.arrow import with_columns

PLACE = ("folder", "order_key", "doc_id")
"""Where an entry lies: below `folder`, in this order."""
CARRIED = ("position", "input", "encoder_quality", "dropped_lines", "text_bytes", "tokens")
ENTRY = (*PLACE, *CARRIED, "epoch", "domain", "content")
"""The columns of an entry."""
ENTRIES = (
    "folder string, order_key long, doc_id string, position long, input string,"
    " encoder_quality float, dropped_lines binary, text_bytes long, tokens int, epoch short,"
    " domain string, content long"
)
READ = ("doc_id", *CARRIED, "row_hash")
"""The columns of keys that entries are made of, beside those that tell who is drawn."""


@dataclass(frozen=True)
class Count:
    """Of documents: how often each is drawn, its part of the mix and domain.

    `first_keys` are the draw keys of first entries; null where a page has none.
    """

    times: Ints
    parts: pa.StringArray
    domains: pa.StringArray
    first_keys: pa.DoubleArray


@dataclass(frozen=True)
class Selection:
    """What of the documents that are still in is drawn; without a border, all, once each."""

    border: Border | None
    domains: DomainsConfig
    by_domain: bool

    def count(self, keys: pa.RecordBatch) -> Count:
        """What is drawn of documents, rows of keys."""
        domains = domains_of(keys, self.domains)
        if self.border is None:
            keys_of_draw = pa.nulls(keys.num_rows, pa.float64())
            return Count(np.ones(keys.num_rows, np.int64), domains, domains, keys_of_draw)
        chances, times = self.border.entries(keys)
        first = np.full(keys.num_rows, np.nan)
        there = np.flatnonzero(chances.entries)
        first[there] = chances.draw_keys(there, np.zeros(len(there), np.int64))
        return Count(times, chances.parts, domains, pa.array(first, mask=np.isnan(first)))

    def entries(self, keys: pa.RecordBatch) -> pa.RecordBatch:
        """A row for each time that a page is drawn, of rows of keys with `READ`."""
        drawn = self.count(keys)
        rows, epochs = entries_of(drawn.times)
        batch = with_columns(keys, {"domain": drawn.domains}).take(pa.array(rows))
        here = pa.array([""] * batch.num_rows, pa.string())
        made = {
            "order_key": pa.array(places_of(batch.column("order_key").to_numpy(), epochs)),
            "folder": batch.column("domain") if self.by_domain else here,
            "epoch": pa.array(epochs.astype(np.int16)),
            "content": pa.array(content_of(batch, epochs).view(np.int64)),
        }
        return with_columns(batch, made).select(ENTRY)
