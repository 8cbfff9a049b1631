"""What the driver's side of every part needs of a run: its receipts, its parts, names of steps."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, NoReturn

import pyarrow as pa
import pyarrow.compute as pc
from pyspark.sql import DataFrame, SparkSession

from curation import receipts
from curation.errors import UserError
from curation.mixing.stage import Mixed, Mixing, read_mix
from curation.parts import Files, Parts, plan_parts
from curation.receipts import Counts
from curation.run import MANIFEST, Run, stage_work
from curation.spark_tables import read_receipts
from curation.storage import join, storage
from curation.token_counts.known import counts_of
from schemas.document import DOCUMENT
from schemas.keys import KEYS
from schemas.match import MATCH
from schemas.removal import REMOVAL
from schemas.score import SCORE
from schemas.verdict import VERDICT

JUDGES = ("hosts", "dedup", "quality")
"""The stages whose verdicts say which documents an encoder reads, where there is one."""
_JOBS = {"dedup": ("deduplicated", "dedup.py"), "quality": ("judged by quality", "quality.py")}
ROWS_PER_PARTITION = 500_000  # of keys: some 60 MB


def judges(run: Run) -> tuple[str, ...]:
    """The stages whose verdicts say which documents are in the shards."""
    also = {"encoder": run.recipe.encoder, "decontaminate": run.recipe.decontaminate}
    return (*JUDGES, *(stage for stage, config in also.items() if config))


def score_work(split: int, take_down: int) -> str:
    """The name of the receipt for what an encoder said of a split's documents.

    After a take-down it is of those documents alone that it had not read before.
    """
    return stage_work(f"score-{split:06d}", take_down)


def score_works(run: Run) -> dict[str, int]:
    """The names of all such receipts that can be there, each with the split's number."""
    return {
        score_work(split.number, take_down): split.number
        for split in run.splits
        for take_down in range(run.take_downs + 1)
    }


def split_receipts(
    run: Run, spark: SparkSession | None = None, *, scored: bool = False
) -> pa.Table:
    """Of all splits; and, `scored`, those for what an encoder said of their documents.

    Without Spark they are read by threads of this process. Raises `UserError` where splits have
    none.
    """
    work, done = {split.work for split in run.splits}, receipts.done(run.folder)
    if missing := len(work - done):
        raise UserError(f"{run.folder}: {missing} of {len(work)} splits are not extracted yet")
    if scored and run.recipe.encoder:
        work |= score_works(run).keys() & done
    if spark is None:
        return pa.Table.from_batches([receipts.read_many(run.folder, sorted(work))])
    return read_receipts(spark, run.folder, sorted(work))


def parts_of_run(run: Run, spark: SparkSession) -> Parts:
    """The parts of a run that is extracted, without verdicts."""
    return parts_of(run, split_receipts(run, spark))


def parts_of(
    run: Run, extracted: pa.Table, *judged_by: str, take_downs: int | None = None
) -> Parts:
    """The parts of the run, with the verdicts of stages that are done, after so many take-downs.

    `extracted` are receipts of splits, and of what an encoder said of these, where that is read.
    """
    take_downs = run.take_downs if take_downs is None else take_downs
    inputs = {split.number: run.recipe.inputs[split.input].name for split in run.splits}
    number = {split.work: split.number for split in run.splits} | score_works(run)
    files: dict[int, list[dict[str, Any]]] = {}
    for table in (KEYS, DOCUMENT, SCORE, MATCH):
        for file in receipts.files(extracted, table).to_pylist():
            files.setdefault(number[file.pop("work")], []).append(file)
    works = [stage_work(stage, take_downs) for stage in judged_by]
    found = [file for work in works for file in receipts.read(run.folder, work).files]
    verdicts = [file for file in found if file["table"] == VERDICT.name]
    taken: Files = ()
    if take_downs:
        taken = receipts.read(run.folder, stage_work("take_down", take_downs)).files
    removals = [file for file in taken if file["table"] == REMOVAL.name]
    parts = plan_parts(run.folder, files, inputs, KEYS)
    tokens = run.recipe.tokens
    counts = counts_of(tokens, tokens, run.folder, _counted(run, take_downs))
    return replace(parts, verdicts=verdicts, removals=removals, counts=counts)


def _counted(run: Run, take_downs: int) -> Files:
    """The files of token counts, after so many take-downs, or as many as are counted."""
    for number in range(take_downs, -1, -1):
        work = stage_work("count", number)
        if run.recipe.tokens.tokenizer and receipts.is_done(run.folder, work):
            return receipts.read(run.folder, work).files
    return ()


def layout_after(run: Run, take_downs: int) -> pa.Table:
    """The shards (`schemas.layout.LAYOUT`) of a run that is mixed, after so many take-downs."""
    return mix_after(run, take_downs).layout


def mixing_of(run: Run) -> Mixing:
    """What its recipe says of the mix."""
    recipe = run.recipe
    return Mixing(run.folder, recipe.mix, recipe.shards, recipe.domains)


def mix_after(run: Run, take_downs: int) -> Mixed:
    """The mix of a run, after so many take-downs."""
    return read_mix(run.folder, receipts.read(run.folder, stage_work("mix", take_downs)))


def require_documents(run: Run, extracted: pa.Table, without: str) -> None:
    """Raises `UserError` where files of `documents/` are gone; `without` says what follows."""
    names = receipts.files(extracted, DOCUMENT)["path"].to_pylist()
    there = {file.uri for file in storage(run.folder).walk(join(run.folder, DOCUMENT.name))}
    if missing := sorted({join(run.folder, name) for name in names} - there):
        raise UserError(f"{missing[0]} is gone, of {len(missing):,} files: {without}")


def delete_manifest(run: Run) -> None:
    """From here on the run is not finished."""
    manifest = join(run.folder, MANIFEST)
    storage(manifest).delete([manifest])


def rows_in(files: pa.Table) -> int:
    """How many rows they have together."""
    return pc.sum(files["rows"]).as_py() or 0


def require_done(run: Run, *stages: str) -> None:
    """Raises `UserError` unless all these stages are done; it names the job that does one."""
    for stage in stages:
        if not receipts.is_done(run.folder, run.work_of(stage)):
            raise_undone(run, *_JOBS[stage])


def raise_undone(run: Run, what: str, job: str) -> NoReturn:
    """Raises the `UserError` for a run that is not `what` yet."""
    raise UserError(f"{run.folder}: is not {what} yet: run jobs/{job} first")


@contextmanager
def step(spark: SparkSession, name: str) -> Iterator[None]:
    """Names what Spark does, for its web pages and event log."""
    spark.sparkContext.setJobDescription(name)
    try:
        yield
    finally:
        spark.sparkContext.setLocalProperty("spark.job.description", None)  # type: ignore[arg-type]


@contextmanager
def shuffles_of(spark: SparkSession, rows: int) -> Iterator[None]:
    """Shuffles of so many rows have partitions that fit in memory; Spark joins small ones again.

    A number that the user has set stays.
    """
    name = "spark.sql.adaptive.coalescePartitions.initialPartitionNum"
    least = int(spark.conf.get("spark.sql.shuffle.partitions") or 1)
    if spark.conf.get(name, None) is not None:
        yield
        return
    spark.conf.set(name, max(least, rows // ROWS_PER_PARTITION))
    try:
        yield
    finally:
        spark.conf.unset(name)


def count_pages(frame: DataFrame, stage: str, outcome: str | None) -> Counts:
    """Rows per input; per `drop_reason` too where `outcome` is None."""
    names = ["input"] if outcome else ["input", "drop_reason"]
    counted = frame.groupBy(*names).count().collect()
    counts: Counts = Counter()
    for row in counted:
        counts[stage, row["input"], outcome or row["drop_reason"]] = row["count"]
    return counts
