"""Counts of hosts or sites in; the same with rates, what they are at least, and who goes, out.

The bound is that of Wilson's score interval with continuity correction, one-sided (R. G. Newcombe,
"Two-sided confidence intervals for the single proportion", Statistics in Medicine 17, 1998, method
4): closed, never below 0, and careful for few pages too. At a confidence of 0.99 and limits of 0.1
and more, a host whose true rate is at the limit goes by chance in at most 2 cases of 100.
"""

from __future__ import annotations

from statistics import NormalDist
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from curation.arrow_text import Ints
from curation.hosts.config import HostsConfig
from schemas.arrow import with_columns
from schemas.drop_reason import DropReason

Floats = npt.NDArray[np.float64]


class Rule(NamedTuple):
    """A reason, and how the columns begin that it looks at."""

    reason: DropReason
    of: str


RULES = (Rule(DropReason.HOST_HIGH_PII, "pii"), Rule(DropReason.HOST_UNSAFE, "unsafe"))
"""In order: the first that applies is the reason."""


def judge(counted: pa.RecordBatch, config: HostsConfig) -> pa.RecordBatch:
    """A row per host with its counts, and rates, lower bounds and `drop_reason` behind them."""
    rejected = _ints(counted, "pages") - _ints(counted, "documents")
    columns = {
        "reject_rate": _rate(rejected, _ints(counted, "pages")),
        "duplicate_rate": _rate(_ints(counted, "duplicates"), _ints(counted, "documents")),
    }
    reasons = np.full(counted.num_rows, None, object)
    for rule in reversed(RULES):
        found, looked_at = (
            _ints(counted, f"{rule.of}_pages"),
            _ints(counted, f"{rule.of}_looked_at"),
        )
        lower = lower_bound(found, looked_at, config.confidence)
        max_rate = getattr(config, rule.of).max_rate
        if max_rate is not None:
            reasons[(looked_at >= config.min_pages) & (lower > max_rate)] = rule.reason
        columns[f"{rule.of}_rate"] = _rate(found, looked_at)
        columns[f"{rule.of}_rate_lower"] = pa.array(lower, mask=looked_at == 0)
    return with_columns(counted, {**columns, "drop_reason": pa.array(reasons, pa.string())})


def lower_bound(found: Ints, of: Ints, confidence: float) -> Floats:
    """What a rate is at least, where so many were `found` `of` so many; 0 where none was."""
    z, n, k = NormalDist().inv_cdf(confidence), np.maximum(of, 1), np.maximum(found, 1)
    spread = z * np.sqrt(z * z - 2 - 1 / n + 4 * k * (n - k + 1) / n)
    lower: Floats = np.where(found > 0, (2 * k + z * z - 1 - spread) / (2 * (n + z * z)), 0.0)
    return lower


def _rate(found: Ints, of: Ints) -> pa.Array:
    return pa.array(found / np.maximum(of, 1), mask=of == 0)


def _ints(batch: pa.RecordBatch, name: str) -> Ints:
    values: Ints = batch.column(name).to_numpy()
    return values
