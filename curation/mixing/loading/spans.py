"""Sets of whole numbers as spans: `[start, stop)`, sorted, disjoint, none empty."""

from __future__ import annotations

from bisect import bisect_right
from collections.abc import Iterable
from dataclasses import dataclass
from functools import cached_property
from itertools import accumulate

Span = tuple[int, int]


def joined(spans: Iterable[Span]) -> tuple[Span, ...]:
    """Sorted spans, the empty ones left out and neighbours made one."""
    made: list[Span] = []
    for start, stop in spans:
        if start == stop:
            continue
        if made and made[-1][1] == start:
            made[-1] = made[-1][0], stop
        else:
            made.append((start, stop))
    return tuple(made)


@dataclass(frozen=True)
class Sequence:
    """The numbers of some spans in order, counted from 0."""

    spans: tuple[Span, ...]

    @cached_property
    def _ends(self) -> list[int]:
        return list(accumulate(stop - start for start, stop in self.spans))

    @property
    def length(self) -> int:
        """How many numbers there are."""
        return self._ends[-1] if self.spans else 0

    def cut(self, start: int, stop: int) -> list[Span]:
        """The spans of the numbers counted `start` to `stop`."""
        made = []
        at = bisect_right(self._ends, start)
        while start < stop:
            end = self.spans[at][1]
            begin = end - (self._ends[at] - start)
            taken = min(end - begin, stop - start)
            made.append((begin, begin + taken))
            start, at = start + taken, at + 1
        return made
