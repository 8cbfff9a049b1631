"""The order of the pipeline, written once; and the driver's side of each part.

    extract   splits in; documents, rejects, keys out      one Python pass per split, `PASS`
    dedup     keys in; verdicts out                        Spark SQL
    mix       keys and verdicts in; shards out             Spark SQL, then one task per shard
    finish    receipts in; ledger and manifest out         the check that everything adds up

Each part does only the work that has no receipt yet, so a run that was killed goes on where it
was. The manifest is written last: a run without one is not finished.
"""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Container, Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import partial
from typing import Any

import pyarrow as pa
from pyspark import Broadcast
from pyspark.sql import DataFrame, SparkSession
from pyspark.sql import functions as F

from curation import ledger, receipts
from curation.dedup.url import find_older_versions
from curation.errors import UserError
from curation.extract import extract_batch
from curation.heuristics.gopher import filter_batch
from curation.ingest.config import InputConfig
from curation.language.identify import identify_batch
from curation.ledger import LedgerError
from curation.mixing import shards
from curation.progress import Progress
from curation.receipts import IN, KEPT, Counts, Receipt
from curation.recipe import Recipe
from curation.run import MANIFEST, Run
from curation.spark_tables import map_each, read_table, write_table
from curation.split_pass import BatchFunction, SplitPass, run_split
from curation.splits import Split
from curation.storage import join, put, storage
from curation.tables import write_file
from schemas.arrow import Table
from schemas.document import DOCUMENT
from schemas.keys import KEYS
from schemas.ledger import FAULT, LEDGER
from schemas.reject import REJECT
from schemas.verdict import VERDICT

STAGES = ("ingest", "extract", "language", "heuristics", "dedup", "mix")


def split_pass(recipe: Recipe) -> SplitPass:
    """The stages of the pass over a split, in order, with the recipe's values bound."""
    stages: tuple[tuple[str, BatchFunction], ...] = (
        ("extract", partial(extract_batch, config=recipe.extract)),
        ("language", partial(identify_batch, config=recipe.language)),
        ("heuristics", partial(filter_batch, config=recipe.heuristics)),
    )
    return SplitPass(recipe.inputs, recipe.ingest, stages, recipe.rejects, recipe.seed)


@dataclass(frozen=True)
class Outcome:
    """What a finished run counted; a funnel for each input."""

    funnels: dict[str, list[ledger.Step]]
    faults: int
    shards: int


def run(run: Run, spark: SparkSession, progress: Progress) -> Outcome:
    """All parts, one after another."""
    extract(run, spark, progress)
    dedup(run, spark, progress)
    return mix_and_finish(run, spark, progress)


def mix_and_finish(run: Run, spark: SparkSession, progress: Progress) -> Outcome:
    """The last parts together: shards, then the ledger and the manifest."""
    mix(run, spark, progress)
    return finish(run)


def extract(run: Run, spark: SparkSession, progress: Progress) -> None:
    """Runs the pass over every split that has no receipt."""
    done = receipts.done(run.folder)
    todo = [split for split in run.splits if split.work not in done]
    todo.sort(key=lambda split: split.start - split.end)  # the longest first: no late straggler
    if not todo:
        return
    # Broadcast, so that each worker reads the list once, and not each task.
    splits = spark.sparkContext.broadcast(todo)
    task = partial(_pass_task, splits=splits, todo=split_pass(run.recipe), folder=run.folder)
    with progress.watch("extract", run.folder, [split.work for split in run.splits], done):
        map_each(spark, len(todo), task, _WORK).collect()


_WORK = "work string"


def _pass_task(
    number: int, *, splits: Broadcast[list[Split]], todo: SplitPass, folder: str
) -> Iterator[pa.RecordBatch]:
    split = splits.value[number]
    if not receipts.is_done(folder, split.work):  # by an attempt that Spark has given up on
        receipts.commit(folder, run_split(split, todo, folder))
    yield pa.RecordBatch.from_pylist([{"work": split.work}])


def dedup(run: Run, spark: SparkSession, progress: Progress) -> None:
    """Finds the documents that give way to another one, and writes their verdicts."""
    if "dedup" in receipts.done(run.folder):
        return
    with progress.step("dedup"):
        keys = _keys(run, spark)
        found = find_older_versions(keys, run.recipe.dedup)
        files = write_table(found, run.folder, VERDICT)
        verdicts = read_table(spark, run.folder, VERDICT, files)
        counts = _pages(keys.where(F.col("drop_reason").isNull()), "dedup", IN)
        counts.update(_pages(verdicts, "dedup", None))
        for (_, source, outcome), pages in list(counts.items()):
            counts["dedup", source, KEPT] += pages if outcome == IN else -pages
        receipts.commit(run.folder, Receipt("dedup", "driver", files, counts))


def mix(run: Run, spark: SparkSession, progress: Progress) -> None:
    """Puts the documents that are still in into one order, and writes the shards."""
    done = receipts.done(run.folder)
    if "mix" in done:
        return
    if "dedup" not in done:
        raise UserError(f"{run.folder}: is not deduplicated yet: run jobs/dedup.py first")
    with progress.step("mix"):
        verdicts = _read(run, spark, VERDICT, [receipts.read(run.folder, "dedup")])
        selection = shards.select(_keys(run, spark), verdicts)
        assigned = shards.assign(selection, run.recipe.shards)
        numbers = sorted(row["shard"] for row in assigned.select("shard").distinct().collect())
        todo = [number for number in numbers if shards.shard_name(number) not in done]
        shards.write_shards(assigned, run.folder, _documents(run), todo)
        counts = _pages(selection, "mix", IN)
        receipts.commit(run.folder, Receipt("mix", "driver", counts=counts))


def finish(run: Run) -> Outcome:
    """Adds up the receipts, checks the sums, writes ledger and manifest; returns the funnel.

    Raises `LedgerError` when a page was lost or counted twice.
    """
    work = {*(split.work for split in run.splits), "dedup", "mix"}
    every = receipts.read_all(run.folder, lambda name: name in work or name.startswith("shard-"))
    counts = ledger.total(every)
    files = [file for receipt in every for file in receipt.files]
    faults = [fault for receipt in every for fault in receipt.faults]
    stages = {source.name: _stages(source) for source in run.recipe.inputs}
    ledger.check(counts, files, stages)
    files += _write_ends(run, counts, faults, {file["table"] for file in files})
    _require_files(run, files)
    funnels = {name: ledger.funnel(counts, name, names) for name, names in stages.items()}
    outcome = Outcome(funnels, len(faults), sum(f["table"] == "shards" for f in files))
    _put_manifest(run, files, outcome, sum(receipt.cpu_s for receipt in every))
    return outcome


def _write_ends(
    run: Run, counts: Counts, faults: Sequence[dict[str, Any]], written: Container[str]
) -> list[dict[str, Any]]:
    """The ledger, the faults, and a file without rows for each table that would have none."""
    ends: list[tuple[Table, str, Sequence[dict[str, Any]]]] = [
        (LEDGER, LEDGER.name, receipts.count_rows(counts)),
        (FAULT, FAULT.name, faults),
    ]
    ends += [(t, "empty", ()) for t in (DOCUMENT, REJECT, KEYS, VERDICT) if t.name not in written]
    return [
        write_file(run.folder, name, table, pa.Table.from_batches([table.batch(content)]))
        for table, name, content in ends
    ]


def _require_files(run: Run, files: Sequence[dict[str, Any]]) -> None:
    """Every file that counts is there and as long as it was; what does not count is deleted."""
    named = {join(run.folder, file["path"]): file["bytes"] for file in files}
    for table in sorted({file["table"] for file in files}):
        folder = join(run.folder, table)
        storage(folder).sweep(folder, named)
        for file in storage(folder).walk(folder):
            if named.pop(file.uri) != file.size:
                raise LedgerError(f"{file.uri} is not as long as when it was written")
    if named:
        raise LedgerError(f"{min(named)} is gone, and {len(named) - 1} other files")


def read_outcome(run: Run) -> Outcome:
    """What a finished run counted, from its manifest."""
    manifest = run.manifest()
    funnels = {
        name: [ledger.Step(**step) for step in steps] for name, steps in manifest["funnel"].items()
    }
    return Outcome(funnels, manifest["faults"], manifest["shards"])


def _put_manifest(run: Run, files: list[dict[str, Any]], outcome: Outcome, cpu_s: float) -> None:
    manifest = {
        "run": run.id,
        "python_cpu_s": round(cpu_s, 3),
        "funnel": {name: [vars(s) for s in steps] for name, steps in outcome.funnels.items()},
        "faults": outcome.faults,
        "shards": outcome.shards,
        "files": files,
    }
    put(join(run.folder, MANIFEST), json.dumps(manifest, indent=1).encode())


def _stages(source: InputConfig) -> list[str]:
    optional = {"extract", "language", "heuristics"} - set(source.stages)
    return [stage for stage in STAGES if stage not in optional]


def _split_receipts(run: Run) -> list[Receipt]:
    work = {split.work for split in run.splits}
    found = receipts.read_all(run.folder, lambda name: name in work)
    if missing := len(work) - len(found):
        raise UserError(f"{run.folder}: {missing} of {len(work)} splits are not extracted yet")
    return found


def _read(
    run: Run, spark: SparkSession, table: Table, from_receipts: Iterable[Receipt]
) -> DataFrame:
    files = [file for receipt in from_receipts for file in receipt.files]
    wanted = [file for file in files if file["table"] == table.name]
    return read_table(spark, run.folder, table, wanted)


def _keys(run: Run, spark: SparkSession) -> DataFrame:
    return _read(run, spark, KEYS, _split_receipts(run))


def _documents(run: Run) -> dict[int, list[dict[str, Any]]]:
    by_work = {receipt.work: receipt.files for receipt in _split_receipts(run)}
    return {
        split.number: [f for f in by_work[split.work] if f["table"] == DOCUMENT.name]
        for split in run.splits
    }


def _pages(frame: DataFrame, stage: str, outcome: str | None) -> Counts:
    """Rows per input; per `drop_reason` too where `outcome` is None."""
    names = ["input"] if outcome else ["input", "drop_reason"]
    counted = frame.groupBy(*names).count().collect()
    counts: Counts = Counter()
    for row in counted:
        counts[stage, row["input"], outcome or row["drop_reason"]] = row["count"]
    return counts
