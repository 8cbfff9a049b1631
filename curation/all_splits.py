"""The first part of a run: the pass over every split, and which records an index gives.

In: the inputs' files, as splits; an input that is an index is first looked up, in Spark SQL. Out:
what the pass writes (`split_pass.py`), and a receipt for each split, so that only what has none is
read again.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from functools import partial

import pyarrow as pa
from pyspark import Broadcast
from pyspark.errors import PySparkException
from pyspark.sql import SparkSession

from curation import receipts
from curation.driver import shuffles_of, step
from curation.errors import UserError, told_by
from curation.extract.batch import extract_batch
from curation.heuristics.batch import filter_batch
from curation.ingest import selection
from curation.ingest.config import index_columns
from curation.language.identify import identify_batch
from curation.pii.batch import pii_batch
from curation.progress import Progress
from curation.quality.batch import score_batch
from curation.receipts import SKIPPED, Receipt
from curation.recipe import Recipe
from curation.run import Run, made_with, require_made_with, select_work
from curation.safety.batch import safety_batch
from curation.safety.blocklist.batch import block_batch
from curation.spark_tables import map_each, read_foreign
from curation.split_pass import BatchFunction, SplitPass, run_split
from curation.splits import Split, bounded_target
from schemas.drop_reason import DropReason

_WORK = "work string"


def split_pass(recipe: Recipe) -> SplitPass:
    """The stages of the pass over a split, in order, with the recipe's values bound."""
    stages: tuple[tuple[str, BatchFunction], ...] = (
        ("extract", partial(extract_batch, config=recipe.extract)),
        ("language", partial(identify_batch, config=recipe.language)),
        ("pii", partial(pii_batch, config=recipe.pii)),
        ("safety", partial(safety_batch, config=recipe.safety)),
        ("heuristics", partial(filter_batch, config=recipe.heuristics)),
        ("scores", partial(score_batch, config=recipe.scores)),
    )
    block = partial(block_batch, config=recipe.blocklist)
    given = recipe.inputs, recipe.ingest, block, stages, recipe.rejects, recipe.dedup, recipe.seed
    return SplitPass(*given, tokens=recipe.tokens, decontaminate=recipe.decontaminate)


def extract(run: Run, spark: SparkSession, progress: Progress) -> None:
    """Runs the pass over every split that has no receipt."""
    _select(run, spark, progress)
    done = receipts.done(run.folder)
    todo = [split for split in run.splits if split.work not in done]
    todo.sort(key=lambda split: split.start - split.end)  # the longest first: no late straggler
    if not todo:
        return
    # Broadcast, so that each worker reads the list once, and not each task.
    splits = spark.sparkContext.broadcast(todo)
    task = partial(
        _pass_task,
        splits=splits,
        todo=split_pass(run.recipe),
        folder=run.folder,
        versions=made_with(),
    )
    watched = progress.watch("extract", run.folder, [split.work for split in run.splits], done)
    with watched, step(spark, "extract"):
        map_each(spark, len(todo), task, _WORK).collect()


def _select(run: Run, spark: SparkSession, progress: Progress) -> None:
    """Finds the records that are wanted, for each input that is an index."""
    for number in run.indexes:
        if receipts.is_done(run.folder, select_work(number)):
            continue
        name = run.recipe.inputs[number].name
        with progress.step(f"select '{name}'"), step(spark, "select"):
            receipts.commit(run.folder, _selected(run, spark, number))


def _selected(run: Run, spark: SparkSession, number: int) -> Receipt:
    source, over = run.recipe.inputs[number], run.recipe.dedup.over
    try:
        index = read_foreign(spark, run.files[number], partial(index_columns, source))
        extent, counts = selection.count_skipped(index, source)
        with shuffles_of(spark, extent.fetched if over == "all" else extent.wanted):
            files = selection.write_splits(
                selection.select_records(index, source, over=over),
                run.folder,
                source,
                name=select_work(number),
                target_bytes=bounded_target(run.recipe.splits, extent.wanted_bytes),
            )
    except (PySparkException, pa.ArrowException) as error:
        if told := told_by(error):
            raise UserError(told) from error
        said = str(error).strip().splitlines()[0]
        raise UserError(f"input '{source.name}': its index cannot be read: {said}") from error
    older = extent.wanted - sum(file["rows"] for file in files)
    counts["ingest", source.name, SKIPPED + DropReason.OLDER_VERSION] = older
    selection.require_first_record(run.folder, files)
    return Receipt(select_work(number), "driver", files, counts)


def _pass_task(
    number: int,
    *,
    splits: Broadcast[list[Split]],
    todo: SplitPass,
    folder: str,
    versions: Mapping[str, str],
) -> Iterator[pa.RecordBatch]:
    require_made_with(versions)
    split = splits.value[number]
    if not receipts.is_done(folder, split.work):  # by an attempt that Spark has given up on
        receipts.commit(folder, run_split(split, todo, folder))
    yield pa.RecordBatch.from_pylist([{"work": split.work}])
