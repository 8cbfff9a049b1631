"""An era: a stretch of training with one number of ranks, from a start on.

What is left at its start is dealt to its ranks, pass by pass over the data. A rank only counts the
rows that it has taken; what is left when all stop is the start of the next era, of whatever number
of ranks. Ranks need not have stopped after the same number of rows, nor in the same pass.
"""

from __future__ import annotations

from collections.abc import Sequence as Ordered
from dataclasses import dataclass

from curation.mixing.loading.deal import Deal
from curation.mixing.loading.spans import Sequence, Span, joined


@dataclass(frozen=True)
class Start:
    """What is left: `left[0]` of the pass `pass_number`, `left[1]` of the next, and all of others.

    Rows are counted in the order of their pass.
    """

    pass_number: int = 0
    left: tuple[tuple[Span, ...], ...] = ()

    def of(self, pass_number: int, rows: int) -> Sequence:
        """What is left of a pass over `rows` rows."""
        at = pass_number - self.pass_number
        return Sequence(self.left[at] if at < len(self.left) else ((0, rows),))


@dataclass(frozen=True)
class Era:
    """A start, and the ranks that go on from it over a data set of `rows` rows."""

    start: Start
    rows: int
    world_size: int
    equal: bool

    def deal(self, pass_number: int) -> Deal:
        """How a pass is dealt."""
        left = self.start.of(pass_number, self.rows)
        return Deal(left.length, self.world_size, self.equal)

    def at(self, rank: int, taken: int) -> tuple[int, int]:
        """The pass in which the rank is after so many rows, and how many of them are of it."""
        first = self.start.pass_number
        whole = first + len(self.start.left)  # from this pass on, all rows are left of each
        for number in range(first, whole):
            share = self.deal(number).share(rank)
            if taken < share:
                return number, taken
            taken -= share
        passes, taken = divmod(taken, self.deal(whole).share(rank))
        return whole + passes, taken

    def spans(self, rank: int, pass_number: int, *, start: int, stop: int) -> list[Span]:
        """The rows of the pass that the rank gets as its `start` to `stop`."""
        left = self.start.of(pass_number, self.rows)
        places = Deal(left.length, self.world_size, self.equal).places(rank, start, stop)
        return [span for place in places for span in left.cut(*place)]

    def after(self, taken: Ordered[int]) -> Start:
        """What is left when each rank has taken so many rows."""
        at = [self.at(rank, of) for rank, of in enumerate(taken)]
        first = min(at)[0]
        begun = self.start.pass_number + len(self.start.left) - 1
        last = max(max(at)[0], begun)
        left = [self._left(number, at) for number in range(first, last + 1)]
        while left and left[-1] == ((0, self.rows),):
            left.pop()
        return Start(first, tuple(left))

    def _left(self, pass_number: int, at: Ordered[tuple[int, int]]) -> tuple[Span, ...]:
        deal, rows = self.deal(pass_number), self.start.of(pass_number, self.rows)
        taken = [
            deal.share(rank) if number > pass_number else done * (number == pass_number)
            for rank, (number, done) in enumerate(at)
        ]
        return joined(span for place in deal.left(taken) for span in rows.cut(*place))
