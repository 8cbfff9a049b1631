"""A second mix: the tables of a finished run, and another recipe's mix, in; a data set out.

For annealing, or another budget: nothing of the run is computed again but what the new recipe asks
for and the run has not (`mix`, `shards`, `seed` cost no text at all until shards are written). It
lives in a folder of its own, with receipts of its own, and goes on where it was killed.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any

import pyarrow as pa
import yaml
from pyspark.sql import SparkSession

from curation import ledger, receipts
from curation.driver import judges, parts_of, rows_in, shuffles_of, split_receipts, step
from curation.errors import UserError
from curation.finish import read_outcome
from curation.mixing.data_set import DataSet, write_data_set
from curation.mixing.shards import STAGE
from curation.mixing.stage import Mixing, make_mix, read_mix
from curation.progress import Progress
from curation.receipts import IN, Receipt
from curation.recipe import Recipe, dump, override, read_values, validate
from curation.run import MANIFEST, Run, made_with
from curation.spark_tables import read_receipts
from curation.storage import join, put, storage
from curation.token_counts.config import told_tokenizer
from schemas.drop_reason import DropReason
from schemas.keys import KEYS
from schemas.shard import SHARD

MIX = "mix.json"
"""What a second mix is of; the first file in its folder."""
KEYS_OF_MIX = ("name", "mix", "shards")
"""What a recipe of a second mix may say; all else is the run's."""


def recipe_of_mix(run: Run, file: str | None, overrides: Sequence[str]) -> Recipe:
    """The run's recipe with the mix of another one, and with `overrides` of it.

    Raises `UserError` for keys that are no matter of a mix, and for what is wrong with others.
    """
    values = read_values(Path(file)) if file else {}
    named = [*values, *(change.partition("=")[0].split(".")[0] for change in overrides)]
    if unknown := sorted({*named} - {*KEYS_OF_MIX}):
        known = ", ".join(KEYS_OF_MIX)
        raise UserError(f"'{unknown[0]}' is settled by the run: another mix has {known}")
    values = yaml.safe_load(dump(run.recipe)) | values
    for change in overrides:
        override(values, change)
    return validate(values, source=file or run.folder)


def mix_again(
    run: Run, recipe: Recipe, folder: str, *, spark: SparkSession, progress: Progress
) -> list[dict[str, Any]]:
    """Makes the data set in `folder`, or goes on with it; returns the rows of its mix."""
    _open(run, recipe, folder)
    if not receipts.is_done(folder, STAGE):
        with progress.step("mix"), step(spark, "mix"):
            extracted = split_receipts(run, spark, scored=True)
            parts = spark.sparkContext.broadcast(parts_of(run, extracted, *judges(run)))
            mixing = Mixing(folder, recipe.mix, recipe.shards, recipe.domains)
            with shuffles_of(spark, rows_in(receipts.files(extracted, KEYS))):
                receipts.commit(folder, make_mix(spark, parts, mixing))
    return _finish(run, recipe, folder, spark)


def _open(run: Run, recipe: Recipe, folder: str) -> None:
    """Makes the folder this mix's own; raises `UserError` where it holds something else."""
    said = {"run": run.id, "folder": run.folder, "take_downs": run.take_downs}
    description = json.dumps(said | {"recipe": asdict(recipe)}, indent=1).encode()
    uri = join(folder, MIX)
    if storage(uri).find(uri) is None:
        if storage(folder).walk(folder):
            raise UserError(f"{folder} is not empty and holds no mix: choose a new folder")
        storage(uri).put_if_absent(uri, description)
    there = json.loads(storage(uri).read(uri))
    if there != json.loads(description):
        keys = said | {"recipe": None}
        what = next(key for key in keys if there.get(key) != json.loads(description)[key])
        raise UserError(f"{folder} holds another mix: its {what} is another: choose a new folder")


def _finish(run: Run, recipe: Recipe, folder: str, spark: SparkSession) -> list[dict[str, Any]]:
    """The check that everything adds up, card and manifest."""
    mixed = receipts.read(folder, STAGE)
    found = read_mix(folder, mixed)
    names = found.layout["name"].drop_null().to_pylist()
    every = read_receipts(spark, folder, sorted({STAGE, *names}))
    files = receipts.files(every).drop_columns("work").to_pylist()
    _check(every, files)
    data = DataSet(
        folder=folder,
        run=run.id,
        recipe=yaml.safe_load(dump(recipe)),
        made_with=made_with(),
        tokenizer=told_tokenizer(recipe.tokens),
        files=[file for file in files if file["table"] == SHARD.name],
        layout=found.layout,
        mix=found.mix,
        composition=found.composition,
        funnels=_funnels(run, mixed),
    )
    write_data_set(data)
    put(join(folder, MANIFEST), json.dumps({"run": run.id, "files": files}, indent=1).encode())
    rows: list[dict[str, Any]] = found.mix.to_pylist()
    return rows


def _check(every: pa.Table, files: list[dict[str, Any]]) -> None:
    """Pages in are drawn or left out, and rows are those of pages and their repeats."""
    counts = receipts.counts(every)
    rows = dict.fromkeys(("left_out", SHARD.name), 0)
    for file in files:
        if file["table"] in rows:
            rows[file["table"]] += file["rows"]
    ledger.check_mix(counts, rows)


def _funnels(run: Run, mixed: Receipt) -> dict[str, list[ledger.Step]]:
    """Those of the run up to its own mix, and then this one."""
    funnels = {}
    for name, steps in read_outcome(run).funnels.items():
        entered, out = (mixed.counts[STAGE, name, what] for what in (IN, DropReason.NOT_DRAWN))
        reasons = [(str(DropReason.NOT_DRAWN), out)] if out else []
        before = [step for step in steps if step.stage != STAGE]
        funnels[name] = [*before, ledger.Step(STAGE, entered, entered - out, reasons)]
    return funnels
