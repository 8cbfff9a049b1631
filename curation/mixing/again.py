"""A second mix: the tables of a finished run, and another recipe's mix, in; a data set out.

For annealing, or another budget: nothing of the run is computed again but what the new recipe asks
for and the run has not (`mix` and `shards` cost no text at all until shards are written). It lives
in a folder of its own, with receipts of its own, and goes on where it was killed.
"""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import Any

import pyarrow as pa
import yaml
from pyspark.sql import SparkSession

from curation import ledger, receipts
from curation.decontaminate.index import check_benchmarks, notes
from curation.decontaminate.stage import scan_documents, told
from curation.driver import (
    judges,
    parts_of,
    require_documents,
    rows_in,
    shuffles_of,
    split_receipts,
    step,
)
from curation.encoder.scored_with import noted
from curation.errors import UserError
from curation.finish import read_outcome
from curation.mixing.data_set import DataSet, benchmarks_of, write_data_set
from curation.mixing.loading.folder import MANIFEST as DATA_MANIFEST
from curation.mixing.shards import STAGE
from curation.mixing.stage import Mixing, make_mix, read_mix
from curation.parts import Files, Parts
from curation.progress import Progress
from curation.quality.models import check_topics
from curation.receipts import IN, Receipt
from curation.recipe import Recipe, dump, validate
from curation.recipe_values import override, place_artefacts, read_values
from curation.run import MANIFEST, Run
from curation.spark_tables import read_receipts
from curation.storage import join, put, require_empty, storage
from curation.token_counts.known import counts_of
from curation.token_counts.open import pinned_tokenizer
from curation.token_counts.stage import count_tokens
from schemas.drop_reason import DropReason
from schemas.keys import KEYS
from schemas.layout import LAYOUT
from schemas.match import MATCH
from schemas.mix import COMPOSITION, LEFT_OUT
from schemas.mix import MIX as MIX_TABLE
from schemas.shard import SHARD
from schemas.token_count import TOKEN_COUNT
from schemas.verdict import VERDICT

_DECONTAMINATE, _COUNT = "decontaminate", "count"
MIX = "mix.json"
"""What a second mix is of; the first file in its folder."""
KEYS_OF_MIX = ("name", "decontaminate", "tokens", "mix", "shards")
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
    place_artefacts(values, base=os.path.dirname(os.path.abspath(file)) if file else None)
    values = _merged(yaml.safe_load(dump(run.recipe)), values)
    for change in overrides:
        section, *below = change.partition("=")[0].split(".")
        if below:
            values[section] = values.get(section) or {}  # `mix: null` has no keys
        if below and section == "tokens":
            values[section].pop("sha256", None)  # of another tokenizer
        override(values, change)
    place_artefacts(values)  # overrides too may be relative
    found = validate(values, source=file or f"of {run.folder}")
    if found.mix:
        check_topics(found.mix.topics, run.recipe.scores.topics)
    benchmarks = found.decontaminate and found.decontaminate.pinned()
    if benchmarks:
        check_benchmarks(benchmarks)
    return replace(found, decontaminate=benchmarks, tokens=pinned_tokenizer(found.tokens))


def _merged(recipe: dict[str, Any], values: dict[str, Any]) -> dict[str, Any]:
    """Values in place of the recipe's; what a mix and shards leave out stays as it was."""
    for key in ("mix", "shards"):
        if isinstance(values.get(key), dict) and isinstance(recipe.get(key), dict):
            values = values | {key: recipe[key] | values[key]}
    return recipe | values


@dataclass(frozen=True)
class Again:
    """A second mix: of which run, by which recipe, into which folder."""

    run: Run
    recipe: Recipe
    folder: str
    spark: SparkSession
    progress: Progress

    def make(self) -> list[dict[str, Any]]:
        """Makes the data set, or goes on with it; returns the rows of its mix."""
        _open(self.run, self.recipe, self.folder)
        extracted = split_receipts(self.run, self.spark, scored=True)
        require_documents(self.run, extracted, "so there is nothing to make shards of")
        parts = self._decontaminated(parts_of(self.run, extracted, *judges(self.run)))
        parts = self._counted(parts)
        if not receipts.is_done(self.folder, STAGE):
            recipe = self.recipe
            mixing = Mixing(self.folder, recipe.mix, recipe.shards, recipe.domains)
            rows = rows_in(receipts.files(extracted, KEYS))
            with self._step(STAGE), shuffles_of(self.spark, rows):
                given = self.spark.sparkContext.broadcast(parts)
                receipts.commit(self.folder, make_mix(self.spark, given, mixing))
        return _finish(self.run, self.recipe, self.folder, self.spark)

    @contextmanager
    def _step(self, name: str) -> Iterator[None]:
        with self.progress.step(name), step(self.spark, name):
            yield

    def _decontaminated(self, parts: Parts) -> Parts:
        """The parts with verdicts for benchmarks that the run has not looked for."""
        config, folder = self.recipe.decontaminate, self.folder
        if config is None or config == self.run.recipe.decontaminate:
            return parts
        if not receipts.is_done(folder, _DECONTAMINATE):
            with self._step(_DECONTAMINATE):
                for note in notes(config):
                    self.progress.note(f"{_DECONTAMINATE}: {note}")
                domains = self.recipe.domains
                found = scan_documents(self.spark, parts, config, domains, folder=folder)
                receipts.commit(folder, replace(found, work=_DECONTAMINATE))
                self.progress.note(told(found.counts))
        files = receipts.read(folder, _DECONTAMINATE).files
        verdicts = [file for file in files if file["table"] == VERDICT.name]
        return replace(parts, verdicts=[*parts.verdicts, *_placed(folder, verdicts)])

    def _counted(self, parts: Parts) -> Parts:
        """The parts with counts by the tokenizer of the mix, of texts as they are left."""
        tokens, folder = self.recipe.tokens, self.folder
        counts = counts_of(tokens, self.run.recipe.tokens, folder)
        if counts and parts.counts and counts.in_keys:  # what the run has counted holds here too
            counts = replace(counts, files=_placed(self.run.folder, parts.counts.files))
        parts = replace(parts, counts=counts)
        if counts is None:
            return parts
        if not receipts.is_done(folder, _COUNT):
            with self._step(_COUNT):
                new = count_tokens(self.spark, parts, tokens)
                receipts.commit(folder, Receipt(_COUNT, "driver", [*map(dict, new)]))
        files = [*counts.files, *receipts.read(folder, _COUNT).files]
        return replace(parts, counts=replace(counts, files=files))


def _placed(folder: str, files: Files) -> Files:
    """Manifest rows whose paths tell their place, for whoever reads from another folder."""
    return [{**file, "path": join(folder, file["path"])} for file in files]


def _open(run: Run, recipe: Recipe, folder: str) -> None:
    """Makes the folder this mix's own; raises `UserError` where it holds something else."""
    said = {"run": run.id, "folder": run.folder, "take_downs": run.take_downs}
    description = json.dumps(said | {"recipe": asdict(recipe)}, indent=1).encode()
    uri = join(folder, MIX)
    if storage(uri).find(uri) is None:
        require_empty(folder, lacks="mix")
        storage(uri).put_if_absent(uri, description)
    there = _described(uri)
    expected = json.loads(description)
    if there != expected:
        what = next((key for key in expected if there.get(key) != expected[key]), "description")
        raise UserError(f"{folder} holds another mix: its {what} is another: choose a new folder")


def _described(uri: str) -> dict[str, Any]:
    try:
        there = json.loads(storage(uri).read(uri))
    except ValueError as error:
        raise UserError(f"{uri}: is damaged, no JSON: {error}") from error
    if not isinstance(there, dict):
        raise UserError(f"{uri}: is not what a mix writes")
    return there


def _finish(run: Run, recipe: Recipe, folder: str, spark: SparkSession) -> list[dict[str, Any]]:
    """The check that everything adds up, card and manifest."""
    mixed = receipts.read(folder, STAGE)
    found = read_mix(folder, mixed)
    names = found.layout["name"].drop_null().to_pylist()
    works = receipts.done(folder) & {_DECONTAMINATE, _COUNT}
    every = read_receipts(spark, folder, sorted({STAGE, *names, *works}))
    files = receipts.files(every).drop_columns("work").to_pylist()
    _check(every, files)
    _sweep(folder, files)
    data = DataSet(
        folder=folder,
        run=run.id,
        recipe=recipe,
        benchmarks=sorted({*benchmarks_of(run.recipe), *benchmarks_of(recipe)}),
        scored_with=noted(run.folder),
        files=files,
        layout=found.layout,
        mix=found.mix,
        composition=found.composition,
        funnels=_funnels(run, mixed),
    )
    write_data_set(data)
    put(join(folder, MANIFEST), json.dumps({"run": run.id, "files": files}, indent=1).encode())
    rows: list[dict[str, Any]] = found.mix.to_pylist()
    return rows


def _sweep(folder: str, files: list[dict[str, Any]]) -> None:
    """Deletes what attempts have left that were killed."""
    named = {join(folder, file["path"]) for file in files}
    named.add(join(folder, SHARD.name, DATA_MANIFEST))
    for table in (LEFT_OUT, COMPOSITION, TOKEN_COUNT, MATCH, VERDICT, LAYOUT, MIX_TABLE, SHARD):
        place = join(folder, table.name)
        storage(place).sweep(place, named)


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
        if before and (gone := before[-1].pages_out - entered):  # benchmarks of this mix
            dropped = [(str(DropReason.CONTAMINATED), gone)]
            before.append(ledger.Step(_DECONTAMINATE, entered + gone, entered, dropped))
        funnels[name] = [*before, ledger.Step(STAGE, entered, entered - out, reasons)]
    return funnels
