"""Models that a recipe names: configs in, loaded models out, once per process."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from difflib import get_close_matches
from functools import cache
from importlib import resources

import pyarrow as pa

from classifiers.model import Description, Model, read_description
from curation.artefact import Artefact
from curation.errors import UserError
from curation.quality.config import BUNDLED, ModelConfig
from curation.storage import join

_DESCRIBED = ".json"


@cache
def load_model(config: ModelConfig) -> Model:
    """The model; raises `UserError`, in one line, where it is missing or not what it should be."""
    try:
        return _load(config)
    except ValueError as error:
        raise UserError(f"{config.path}: {error}") from error


def _load(config: ModelConfig) -> Model:
    is_bundled = config.path.startswith(BUNDLED)
    if (is_bundled or config.path.endswith(_DESCRIBED)) and (config.label or config.languages):
        raise ValueError("the model tells labels and languages itself: leave them out")
    if is_bundled:
        if config.sha256:
            raise ValueError("what comes with the package has no sha256 in a recipe: leave it out")
        name = config.path.removeprefix(BUNDLED)
        description = read_description(_resource(f"{name}{_DESCRIBED}"))
        return Model(description, _resource(description.file))
    if not config.path.endswith(_DESCRIBED):
        return _published(config)
    folder = config.path.rpartition("/")[0]
    description = read_description(config.read())
    return Model(description, _mapped(join(folder, description.file), description.sha256))


def pinned_model(name: str, config: ModelConfig) -> ModelConfig:
    """The same with its hash, when it could be loaded; `name` is that of the score."""
    if config.path.startswith(BUNDLED):
        load_model(config)
        return config  # it is a part of the package, whose version is pinned
    pinned = config.pinned()
    labels = load_model(pinned).labels
    if name != "topics" and len(labels) != 1:
        raise UserError(
            f"{config.path}: has {len(labels)} labels: name the one whose probability counts, as"
            f" 'scores.{name}.label': {', '.join(labels[:8])}"
        )
    return pinned


def check_topics(topics: Collection[str], config: ModelConfig | None) -> None:
    """Raises `UserError` for a topic of `mix.topics` that the model of topics does not tell."""
    if not topics:  # a second mix needs no model then
        return
    labels = load_model(config).labels if config else ()
    if unknown := sorted({*topics} - {*labels}):
        near = get_close_matches(unknown[0], labels, n=1)
        known = f"did you mean '{near[0]}'?" if near else f"known: {', '.join(labels) or 'none'}"
        raise UserError(f"mix.topics: there is no '{unknown[0]}': {known}")


def _published(config: ModelConfig) -> Model:
    content = _mapped(config.path, config.sha256)
    description = Description(
        file=config.path.rsplit("/", 1)[-1],
        sha256=config.sha256 or hashlib.sha256(content).hexdigest(),
        text="plain",
        labels=(config.label,) if config.label else (),
        languages=config.languages,
    )
    return Model(description, content)


def _mapped(path: str, sha256: str | None) -> pa.Buffer:
    """The file; of an object store, what this machine has with that hash already.

    A local one is hashed by the model that is made of it, and need not be twice.
    """
    return Artefact(path=path, sha256=sha256 if "://" in path else None).mapped()


def _resource(file: str) -> bytes:
    found = resources.files("classifiers.models").joinpath(file)
    if not found.is_file():
        raise ValueError("no such model comes with the package")
    return found.read_bytes()
