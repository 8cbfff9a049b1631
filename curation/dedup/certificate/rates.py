"""Counts of the certificate, as the ledger has them; rates with confidence intervals out.

Source: Clopper and Pearson, "The use of confidence or fiducial limits illustrated in the case of
the binomial", 1934: the interval holds with the stated confidence at least, whatever the rate.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

PLANTED, TOO_SHORT, MET, FOUND = "planted:", "too_short:", "met:", "found:"
"""How outcomes begin that a similarity follows."""
CHECKED_GONE, FALSE_GONE, FAR_GONE = "checked:removals", "false:removals", "far:removals"
CHECKED_KEPT, MISSED_KEPT = "checked:kept", "missed:kept"


@dataclass(frozen=True)
class Rate:
    """`share` is `found` of `checked`; the true one is from `lower` to `upper`, all 0..1.

    `kind`: 'met' or 'found', of near-duplicates planted at a `similarity`; 'false_removals' and
    'far_removals' of pages that went; 'missed' of pages that stay.
    """

    kind: str
    similarity: float | None
    checked: int
    found: int
    share: float
    lower: float
    upper: float


def rates(counts: Mapping[str, int], confidence: float) -> list[Rate]:
    """Every rate of which something was checked. `counts` are by outcome, others too."""
    similarities = [name.removeprefix(PLANTED) for name in counts if name.startswith(PLANTED)]
    wanted: list[tuple[str, float | None, str, str]] = [
        (prefix.rstrip(":"), float(name), PLANTED + name, prefix + name)
        for prefix in (MET, FOUND)
        for name in sorted(similarities, key=float)
    ]
    wanted += [
        ("false_removals", None, CHECKED_GONE, FALSE_GONE),
        ("far_removals", None, CHECKED_GONE, FAR_GONE),
        ("missed", None, CHECKED_KEPT, MISSED_KEPT),
    ]
    return [
        _rate(kind, similarity, counts[checked], counts.get(found, 0), confidence)
        for kind, similarity, checked, found in wanted
        if counts.get(checked)
    ]


def _rate(kind: str, similarity: float | None, checked: int, found: int, confidence: float) -> Rate:
    from scipy.stats import binomtest  # a second to import

    interval = binomtest(found, checked).proportion_ci(confidence, "exact")
    ends = float(interval.low), float(interval.high)
    return Rate(kind, similarity, checked, found, found / checked, *ends)
