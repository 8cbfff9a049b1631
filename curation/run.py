"""A run: a folder that holds one recipe over one list of input files, and nothing else.

What a run is, is fixed when it is opened: the resolved recipe and the files with their sizes and
versions, whose hash is the run's id. Whoever opens the same again goes on where it stopped;
whoever opens something else in its folder is told so, and nothing is written.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from functools import cached_property
from typing import Any

import yaml

from curation import __version__
from curation.errors import UserError
from curation.recipe import Recipe, dump, validate
from curation.splits import Split, find_files, plan
from curation.storage import FileInfo, join, put, storage

RUN, RECIPE, MANIFEST = "run.json", "recipe.yaml", "manifest.json"


@dataclass(frozen=True)
class Run:
    """A run's folder, recipe and input files."""

    folder: str
    recipe: Recipe
    files: Sequence[Sequence[FileInfo]]

    @cached_property
    def id(self) -> str:
        """64 bits of the recipe, the input files and the program's version, hex."""
        return hashlib.sha256(self._description().encode()).hexdigest()[:16]

    @cached_property
    def splits(self) -> list[Split]:
        """The same list for the same run."""
        return plan(self.recipe.inputs, self.files, self.recipe.splits)

    @property
    def finished(self) -> bool:
        """Whether the manifest is there."""
        return _exists(self.folder, MANIFEST)

    def manifest(self) -> dict[str, Any]:
        """The manifest of a finished run."""
        manifest: dict[str, Any] = json.loads(_read(self.folder, MANIFEST))
        return manifest

    def open(self) -> None:
        """Makes the folder this run's own; does nothing when it is already.

        Raises `UserError` when it holds another run, or files that are no run.
        """
        if _exists(self.folder, RUN):
            there = Run.load(self.folder)
            if there.id != self.id:
                raise UserError(f"{self.folder} holds another run: {self._difference(there)}")
            return
        if storage(self.folder).walk(self.folder):
            raise UserError(f"{self.folder} is not empty and holds no run: choose a new folder")
        put(join(self.folder, RECIPE), dump(self.recipe).encode())
        put(join(self.folder, RUN), self._description().encode())

    @staticmethod
    def load(folder: str) -> Run:
        """The run in `folder`; raises `UserError` when there is none."""
        if not _exists(folder, RUN):
            raise UserError(f"{folder} holds no run")
        description = json.loads(_read(folder, RUN))
        recipe = validate(yaml.safe_load(_read(folder, RECIPE)), source=join(folder, RECIPE))
        if description["version"] != __version__:
            version = description["version"]
            raise UserError(f"{folder} is a run of version {version}: this is {__version__}")
        files = [[FileInfo(**file) for file in found] for found in description["files"]]
        return Run(folder, recipe, files)

    def _description(self) -> str:
        files = [[asdict(file) for file in found] for found in self.files]
        return json.dumps(
            {"version": __version__, "recipe": dump(self.recipe), "files": files}, indent=1
        )

    def _difference(self, there: Run) -> str:
        mine, theirs = asdict(self.recipe), asdict(there.recipe)
        keys = [key for key in mine if mine[key] != theirs[key]]
        what = (
            f"its recipe differs in {', '.join(keys)}" if keys else "its input files have changed"
        )
        return f"{what}: choose a new folder"


def new_run(recipe: Recipe, folder: str) -> Run:
    """The run of `recipe` into `folder`, with its input files listed; writes nothing."""
    files = find_files(recipe.inputs)
    for found in files:
        storage(found[0].uri).read(found[0].uri, 0, 1)  # fails now if it may not be read
    return Run(folder, recipe, files)


def _exists(folder: str, name: str) -> bool:
    uri = join(folder, name)
    return bool(storage(uri).glob(uri))


def _read(folder: str, name: str) -> bytes:
    uri = join(folder, name)
    return storage(uri).read(uri)
