"""A run: a folder that holds one recipe over one list of input files, and nothing else.

What a run is, is fixed when it is opened: the resolved recipe, the files with their sizes and
versions, and the versions of all packages that decide on bytes; their hash is the run's id.
Whoever opens the same again goes on where it stopped; whoever opens something else in its folder
is told so, and nothing is written. `recipe.yaml` is a copy for people; `run.json` is what counts.
"""

from __future__ import annotations

import hashlib
import json
import platform
import socket
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from functools import cache, cached_property, partial
from importlib.metadata import version
from itertools import count, takewhile
from typing import Any

import pyspark
import yaml

from curation import __version__, receipts
from curation.decontaminate.index import check_benchmarks
from curation.dedup.earlier import earlier_runs
from curation.dedup.lines.allow import read_allow_list
from curation.errors import UserError
from curation.heuristics.divergence.reference import check_reference
from curation.ingest.rows import check_readable
from curation.quality.models import check_topics, pinned_model
from curation.recipe import Recipe, dump, validate
from curation.safety.blocklist.match import check_list
from curation.splits import Split, draw, find_files, plan
from curation.storage import FileInfo, join, put, require_empty, storage
from curation.token_counts.open import pinned_tokenizer

RUN, RECIPE, MANIFEST = "run.json", "recipe.yaml", "manifest.json"
_PACKAGES = (
    *("ada-url", "fastwarc", "ftfy", "jusText", "lxml", "numba", "numpy"),
    *("phonenumbers", "presidio-analyzer", "pyarrow", "python-stdnum", "resiliparse", "spacy"),
    *("tiktoken", "tldextract", "trafilatura", "xxhash"),
)


def select_work(number: int) -> str:
    """The name of the receipt for what was selected from the index that is input `number`."""
    return f"select-{number:02d}"


def stage_work(stage: str, take_down: int) -> str:
    """The name of the receipt of a stage from `take_down` on, after so many take-downs.

    Another one after each, so that nothing that was made before it counts.
    """
    return f"{stage}-{take_down:06d}" if take_down else stage


@dataclass(frozen=True)
class Run:
    """A run's folder, recipe and input files."""

    folder: str
    recipe: Recipe
    files: Sequence[Sequence[FileInfo]]

    @cached_property
    def id(self) -> str:
        """64 bits of `run.json`, hex."""
        return hashlib.sha256(self._description().encode()).hexdigest()[:16]

    @cached_property
    def splits(self) -> list[Split]:
        """The same list for the same run: ranges of files, then files of selected records.

        Those of a sample have the numbers that they have without it. Raises `UserError` when the
        records of an index are not selected yet.
        """
        splits = plan(self.recipe.inputs, self.files, self.recipe.splits)
        if not self.selected:
            raise UserError(f"{self.folder}: is not extracted yet: run jobs/extract.py first")
        for number in self.indexes:
            for file in receipts.read(self.folder, select_work(number)).files:
                uri, size = join(self.folder, file["path"]), file["bytes"]
                splits.append(Split(len(splits), number, "index", uri, size, 0, size))
        return draw(splits, self.recipe.sample, seed=self.recipe.seed)

    @property
    def indexes(self) -> list[int]:
        """The numbers of the inputs that are indexes."""
        return [n for n, source in enumerate(self.recipe.inputs) if source.format == "index"]

    @property
    def selected(self) -> bool:
        """Whether the records of every index are selected, so that all splits are known."""
        return all(receipts.is_done(self.folder, select_work(number)) for number in self.indexes)

    @property
    def finished(self) -> bool:
        """Whether the manifest is there, and is not of before a take-down that was put since."""
        uri = join(self.folder, MANIFEST)
        if storage(uri).find(uri) is None:
            return False
        return receipts.is_done(self.folder, self.work_of("mix"))

    @property
    def take_downs(self) -> int:
        """How many times pages were taken down: each has a receipt, and the last one counts."""
        works = (stage_work("take_down", number) for number in count(1))
        return sum(1 for _ in takewhile(partial(receipts.is_done, self.folder), works))

    def work_of(self, stage: str) -> str:
        """The name of the receipt of a stage from `take_down` on, as of now."""
        return stage_work(stage, self.take_downs)

    def manifest(self) -> dict[str, Any]:
        """The manifest of a finished run."""
        uri = join(self.folder, MANIFEST)
        manifest: dict[str, Any] = json.loads(storage(uri).read(uri))
        return manifest

    def open(self) -> None:
        """Makes the folder this run's own; does nothing when it is already.

        Raises `UserError` when it holds another run, or files that are no run.
        """
        uri = join(self.folder, RUN)
        if storage(uri).find(uri) is None:
            require_empty(self.folder, lacks="run")
            storage(uri).put_if_absent(uri, self._description().encode())
            if storage(uri).put_if_absent(uri, self._description().encode()):
                storage(uri).delete([uri])
                raise UserError(
                    f"{self.folder}: its store overwrites what a conditional write (If-None-Match)"
                    " must leave, so two attempts could count: write to another store"
                )
        there = Run.load(self.folder)  # ours, or that of whoever was faster
        if there.id != self.id:
            raise UserError(f"{self.folder} holds another run: {self._difference(there)}")
        copy = join(self.folder, RECIPE)
        if storage(copy).find(copy) is None:
            put(copy, dump(self.recipe).encode())

    @staticmethod
    def load(folder: str) -> Run:
        """The run in `folder`; raises `UserError` when there is none that goes on from here."""
        uri = join(folder, RUN)
        if storage(uri).find(uri) is None:
            raise UserError(f"{folder} holds no run")
        description = json.loads(storage(uri).read(uri))
        if description["made_with"] != made_with():
            there, here = description["made_with"], made_with()
            differing = ", ".join(
                f"{name} {there.get(name, 'not there')}"
                for name in sorted(there.keys() | here.keys())
                if there.get(name) != here.get(name)
            )
            raise UserError(f"{folder} is a run of other versions ({differing}): install these")
        recipe = validate(description["recipe"], source=uri)
        files = [[FileInfo(**file) for file in found] for found in description["files"]]
        return Run(folder, recipe, files)

    def _description(self) -> str:
        return json.dumps(
            {
                "made_with": made_with(),
                "recipe": yaml.safe_load(dump(self.recipe)),
                "files": [[asdict(file) for file in found] for found in self.files],
            },
            indent=1,
        )

    def _difference(self, there: Run) -> str:
        mine, theirs = asdict(self.recipe), asdict(there.recipe)
        keys = [key for key in mine if mine[key] != theirs[key]]
        what = (
            f"its recipe differs in {', '.join(keys)}" if keys else "its input files have changed"
        )
        return f"{what}: choose a new folder"


@cache
def made_with() -> dict[str, str]:
    """All versions that the bytes of shards depend on."""
    return {
        "winnow-curation": __version__,
        "python": platform.python_version(),
        "machine": platform.machine(),
        "pyspark": pyspark.__version__,  # on executors it comes with Spark, not as a package
        **{package: version(package) for package in _PACKAGES},
    }


def require_made_with(driver: Mapping[str, str]) -> None:
    """Raises `UserError` where this machine's versions are not those of the driver."""
    if differing := sorted(made_with().items() - driver.items()):
        package, found = differing[0]
        raise UserError(
            f"{socket.gethostname()} has {package} {found}, the driver {driver[package]}: install"
            " the same versions on every machine, or send them along with --archives"
        )


def new_run(recipe: Recipe, folder: str) -> Run:
    """The run of `recipe` into `folder`, with its input files listed; writes nothing.

    Raises `UserError` for input that is not there, may not be read, or holds the folder.
    """
    for source in recipe.inputs:
        for path in source.paths:
            if join(folder, "").startswith(join(path, "")) and not path.startswith("@"):
                raise UserError(f"{folder} lies in the input {path}: choose a folder outside it")
        storage(source.prefix)  # raises for a scheme that is not supported
    files = find_files(recipe.inputs)
    for source, found in zip(recipe.inputs, files, strict=True):
        check_readable(found[0], source)
    return Run(folder, _pinned(recipe), files)


def _pinned(recipe: Recipe) -> Recipe:
    """With the hash of every file that it names beside its inputs."""
    lists = tuple(file.pinned() for file in recipe.blocklist.lists)
    for file in lists:
        check_list(file)
    recipe = replace(recipe, blocklist=replace(recipe.blocklist, lists=lists))
    against = tuple(earlier.pinned() for earlier in recipe.dedup.against)
    lines = recipe.dedup.lines
    if lines and lines.allow_list:
        read_allow_list(lines.allow_list)  # raises for what is none
        lines = replace(lines, allow_list=lines.allow_list.pinned())
    recipe = replace(recipe, dedup=replace(recipe.dedup, against=against, lines=lines))
    earlier_runs(recipe.dedup)  # raises for what cannot be compared
    models = {name: pinned_model(name, model) for name, model in recipe.scores.named()}
    recipe = replace(recipe, scores=replace(recipe.scores, **models))
    if recipe.mix:
        check_topics(recipe.mix.topics, recipe.scores.topics)
    if recipe.encoder:
        from curation.encoder.models import pinned_encoder  # needs packages that few runs do

        recipe = replace(recipe, encoder=pinned_encoder(recipe.encoder))
    if recipe.decontaminate:
        pinned_benchmarks = recipe.decontaminate.pinned()
        check_benchmarks(pinned_benchmarks)
        recipe = replace(recipe, decontaminate=pinned_benchmarks)
    recipe = replace(recipe, tokens=pinned_tokenizer(recipe.tokens))
    reference = recipe.heuristics.reference
    if reference is None:
        return recipe
    pinned = reference.pinned()
    check_reference(pinned)  # those very bytes
    return replace(recipe, heuristics=replace(recipe.heuristics, reference=pinned))
