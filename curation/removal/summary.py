"""What the newest take-down of a run did, from receipts and the layout."""

from __future__ import annotations

from dataclasses import dataclass

import pyarrow.compute as pc

from curation import receipts
from curation.driver import layout_after
from curation.mixing.stage import shipped
from curation.receipts import Receipt
from curation.removal.stage import BEFORE, STAGE, TAKEN
from curation.run import Run, stage_work
from schemas.removal import REMOVAL


@dataclass(frozen=True)
class Summary:
    """Pages that take-down `number` took, those of them in shards, and those that came back.

    `rewritten` are the shards that it wrote, of all `shards`; `emptied` have no page now.
    """

    number: int
    pages: int
    shipped: int
    revived: int
    rewritten: int
    emptied: int
    shards: int


def summarise(run: Run) -> Summary:
    """Of a run that is finished, and from which pages were taken down."""
    number = run.take_downs
    taken = receipts.read(run.folder, stage_work(STAGE, number))
    drawn = receipts.read(run.folder, stage_work("mix", number))
    earlier = _pages(receipts.read(run.folder, stage_work(STAGE, number - 1))) if number > 1 else 0
    layout = layout_after(run, number)
    changed = layout.filter(pc.equal(layout["removal"], number))["name"]
    others = layout.filter(pc.not_equal(layout["removal"], number))["name"]
    return Summary(
        number=number,
        pages=_pages(taken) - earlier,
        shipped=_count(taken, TAKEN),
        revived=shipped(drawn).total() - (_count(taken, BEFORE) - _count(taken, TAKEN)),
        rewritten=len(changed) - changed.null_count,
        emptied=changed.null_count,
        shards=len(changed) + len(others) - others.null_count,
    )


def _pages(receipt: Receipt) -> int:
    return sum(file["rows"] for file in receipt.files if file["table"] == REMOVAL.name)


def _count(receipt: Receipt, outcome: str) -> int:
    return sum(pages for (_, _, what), pages in receipt.counts.items() if what == outcome)
