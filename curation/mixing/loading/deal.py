"""How a sequence of rows is dealt to ranks: in rounds, of which each rank has one stretch.

A round is `world_size` stretches of `STRETCH_ROWS` neighbouring rows; what is left at the end is
cut into equal stretches. So ranks differ by one row at most, a rank reads some row groups in one
piece, and what ranks that are about in step have taken is nearly a prefix of the sequence.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from curation.mixing.loading.spans import Span, joined

STRETCH_ROWS = 8 * 1024  # eight row groups; as a stretch seldom begins with one, nine are read


@dataclass(frozen=True)
class Deal:
    """Of `rows` rows; `equal` gives each rank the same number, and the last few to none."""

    rows: int
    world_size: int
    equal: bool

    @property
    def _rounds(self) -> int:
        return self.rows // (self.world_size * STRETCH_ROWS)

    @property
    def _last(self) -> tuple[int, int]:
        """How many rows each rank has of the last, shorter round, and how many have one more."""
        left = self.rows - self._rounds * self.world_size * STRETCH_ROWS
        each, over = divmod(left, self.world_size)
        return each, 0 if self.equal else over

    @property
    def dropped(self) -> int:
        """Rows that no rank gets."""
        return self.rows % self.world_size if self.equal else 0

    def share(self, rank: int) -> int:
        """How many rows the rank gets."""
        each, over = self._last
        return self._rounds * STRETCH_ROWS + each + (rank < over)

    def stretch(self, rank: int, number: int) -> Span:
        """The places in the sequence of the rank's stretch in a round."""
        if number < self._rounds:
            start = (number * self.world_size + rank) * STRETCH_ROWS
            return start, start + STRETCH_ROWS
        each, over = self._last
        start = self._rounds * self.world_size * STRETCH_ROWS + rank * each + min(rank, over)
        return start, start + each + (rank < over)

    def places(self, rank: int, start: int, stop: int) -> list[Span]:
        """The places in the sequence of the rows that the rank gets as its `start` to `stop`."""
        made = []
        for number in range(start // STRETCH_ROWS, -(-stop // STRETCH_ROWS)):
            before, first = number * STRETCH_ROWS, self.stretch(rank, number)[0]
            begin, end = max(start - before, 0), min(stop - before, STRETCH_ROWS)
            made.append((first + begin, first + end))
        return made

    def left(self, taken: Sequence[int]) -> tuple[Span, ...]:
        """The places that are left when each rank has taken so many of its rows."""
        started = range(min(taken) // STRETCH_ROWS, -(-max(taken) // STRETCH_ROWS))
        rests = [
            self._rest(rank, number, of) for number in started for rank, of in enumerate(taken)
        ]
        untouched = started.stop * self.world_size * STRETCH_ROWS
        return joined([*rests, (min(untouched, self.rows - self.dropped), self.rows)])

    def _rest(self, rank: int, number: int, taken: int) -> Span:
        start, stop = self.stretch(rank, number)
        return min(start + max(taken - number * STRETCH_ROWS, 0), stop), stop
