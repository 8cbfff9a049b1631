"""Take-downs, the driver's side: lists of pages in, a receipt out from which on a run goes on.

The stages after it (`pipeline.judge`, `pipeline.after_scores`) make anew what they decided, as if
the pages had never been there.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pyarrow as pa
from pyspark.sql import SparkSession

from curation import receipts
from curation.arrow_text import Ints
from curation.dedup.earlier import earlier_runs
from curation.dedup.lines.allow import read_allow_list
from curation.driver import (
    judges,
    mix_after,
    mixing_of,
    parts_of,
    require_documents,
    split_receipts,
    step,
)
from curation.errors import UserError
from curation.mixing.stage import selection_of, shipped
from curation.parts import Parts
from curation.progress import Progress
from curation.receipts import Counts, Receipt
from curation.removal.returned import find_returned
from curation.removal.stage import BEFORE, Request, find_pages
from curation.removal.wanted import Wanted
from curation.run import Run, stage_work
from schemas.removal import RETURNED


def take_down(
    run: Run, spark: SparkSession, progress: Progress, wanted: Wanted, *, superseded: bool = False
) -> Ints:
    """Finds the pages of a finished run that are to go; returns the entries that name a page.

    Pages that are `superseded` keep others out of the run as before, and so nothing comes back.

    If any of the pages is there still, the run is not finished from here on: what comes after
    extraction has to be done again (`pipeline.judge`, scores, `pipeline.after_scores`).
    """
    with progress.step("take_down"), step(spark, "take_down"):
        extracted = split_receipts(run, spark, scored=True)
        _require_what_follows(run, extracted)
        parts, before = parts_of(run, extracted, *judges(run)), run.take_downs
        mixed = mix_after(run, before)
        drawn = selection_of(mixed.mix, mixing_of(run))
        request = Request(before + 1, wanted, datetime.now(UTC), drawn, superseded=superseded)
        found, named = find_pages(spark, parts, request, mixed)
        if found.files:
            _commit_take_down(run, request.number, found)
    return named


def _require_what_follows(run: Run, extracted: pa.Table) -> None:
    """That all is there that comes after a take-down: else the run could not be finished again."""
    config = run.recipe.dedup.as_it_is_now()
    earlier_runs(config)
    if config.lines and config.lines.allow_list:
        read_allow_list(config.lines.allow_list)
    without = "without documents/ no shard can be made again, so nothing was taken down"
    require_documents(run, extracted, without)


def _commit_take_down(run: Run, number: int, found: Receipt) -> None:
    """The receipt stands for all take-downs so far."""
    before: Sequence[dict[str, Any]] = ()
    if number > 1:
        before = receipts.read(run.folder, stage_work("take_down", number - 1)).files
    drawn = shipped(receipts.read(run.folder, stage_work("mix", number - 1)))
    in_shards = {(found.work, name, BEFORE): pages for name, pages in drawn.items()}
    counts: Counts = Counter({**found.counts, **in_shards})
    work = stage_work("take_down", number)
    receipt = replace(found, work=work, files=[*before, *found.files], counts=counts)
    if not receipts.commit(run.folder, receipt):
        raise UserError(f"{run.folder}: another take-down has begun: give the command again")


def returned(
    run: Run, spark: SparkSession, extracted: pa.Table, after: Parts
) -> Sequence[dict[str, Any]]:
    """What came back after this take-down, and after those before it."""
    before = parts_of(run, extracted, *judges(run), take_downs=run.take_downs - 1)
    known = receipts.read(run.folder, stage_work("mix", run.take_downs - 1)).files
    found = find_returned(spark, before, after, run.take_downs)
    return [*(file for file in known if file["table"] == RETURNED.name), *found]
