"""What Wikipedia cites, and the pages of a crawl that it cites: made by `wikipedia-references`."""

from __future__ import annotations

import pyarrow as pa

from schemas.arrow import Column, Table
from schemas.document import DOCUMENT

_CITED = (
    Column("citations", pa.int64(), "distinct pages of Wikipedias that cite it", False),
    Column("articles", pa.int64(), "of these, those known to be articles", False),
)
REFERENCES = Table(
    "references",
    (
        Column("url_hash", pa.int64(), "64-bit hash of url_key, as signed: as in keys/", False),
        Column("twin_hash", pa.int64(), "the same with http for https, or https for http", False),
        Column("url", pa.string(), "as cited; of several spellings one", False),
        Column("url_key", pa.string(), "canonical form, as of documents", False),
        Column("host", pa.string(), "full host name", False),
        *_CITED,
    ),
)
"""One row per canonical URL, ordered by `url_hash`."""
_SHOWN = ("doc_id", "url", "host", "site", "language", "title", "text", "line_kinds")
CITED_PAGES = Table(
    "pages",
    (
        Column("run", pa.string(), "the run's folder, as it was given", False),
        *(column for column in DOCUMENT.columns if column.name in _SHOWN),
        *_CITED,
    ),
    row_group_rows=256,
)
"""Documents that are still in, whose URL is among the references."""
