"""The domain of each document, from its row of `keys/`: of a curated input the recipe's."""

from __future__ import annotations

import pyarrow as pa
import pyarrow.compute as pc

from curation.domains.config import DomainsConfig
from curation.domains.decide import decide

_TELLING = ("code_score", "math_score", "route", "language")
OF_DOMAINS = ("domain", *_TELLING)
"""The columns of keys that tell the domain."""


def domains_of(keys: pa.RecordBatch, config: DomainsConfig) -> pa.StringArray:
    """`general`, `math`, `code` or `multilingual`."""
    columns = (keys.column(name) for name in _TELLING)
    return pc.coalesce(keys.column("domain"), decide(*columns, config=config))
