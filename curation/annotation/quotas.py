"""How many pages to take of each stratum: strata and their sizes in, quotas out.

`equal` takes as many of each, and all of one that has fewer, so that what is rare is judged too;
`proportional` takes of each its share. Whatever the rule, `pages` are taken if there are so many.
"""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from typing import Literal, TypeVar

Quotas = Literal["equal", "proportional"]
Stratum = TypeVar("Stratum", bound=Hashable)


def quotas(sizes: Mapping[Stratum, int], pages: int, kind: Quotas) -> dict[Stratum, int]:
    """Of each stratum, in the order of `sizes`; where rounding must prefer some, the first ones."""
    pages = min(pages, sum(sizes.values()))
    return _equal(sizes, pages) if kind == "equal" else _proportional(sizes, pages)


def _equal(sizes: Mapping[Stratum, int], pages: int) -> dict[Stratum, int]:
    found, left = dict.fromkeys(sizes, 0), pages
    # From the smallest on, each takes its share of what those before it left over.
    order = sorted(sizes, key=lambda stratum: sizes[stratum])
    for number, stratum in enumerate(order):
        found[stratum] = min(sizes[stratum], left // (len(order) - number))
        left -= found[stratum]
    for stratum in sizes:
        more = min(1, left, sizes[stratum] - found[stratum])
        found[stratum] += more
        left -= more
    return found


def _proportional(sizes: Mapping[Stratum, int], pages: int) -> dict[Stratum, int]:
    """By cumulated shares, so that all rounding together is less than a page."""
    total, before, found = sum(sizes.values()), 0, dict[Stratum, int]()
    for stratum, size in sizes.items():
        first, last = (at * pages // max(1, total) for at in (before, before + size))
        before += size
        found[stratum] = last - first
    return found
