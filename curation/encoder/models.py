"""Encoders that a recipe names: configs in; models and tokenisers out.

Torch is loaded where a model is, and nowhere else: whoever opens a run, or tokenises, needs none.
"""

from __future__ import annotations

import hashlib
import os
from dataclasses import dataclass, replace
from importlib import resources

import pyarrow as pa

from classifiers.encoder.checkpoint import PACKAGE, Checkpoint, open_checkpoint
from classifiers.encoder.model import (
    EncoderDescription,
    EncoderModel,
    read_encoder_description,
)
from classifiers.encoder.own import described_checkpoint
from classifiers.encoder.tokenise import Tokeniser
from curation.artefact import Artefact
from curation.encoder.config import EncoderConfig
from curation.encoder.fetched import fetched_folder
from curation.errors import UserError
from curation.quality.config import BUNDLED
from curation.storage import join

QUALITY = "quality"
"""The head by which documents are judged."""
_ONE_LABEL = (QUALITY, "code", "math")
_HEADS = (*_ONE_LABEL, "topics")
_DESCRIBED = ".json"


@dataclass(frozen=True)
class Opened:
    """What a model is made of: its description, the checkpoint, and the file of its heads."""

    description: EncoderDescription
    checkpoint: Checkpoint
    content: bytes | pa.Buffer | None


def pinned_encoder(config: EncoderConfig) -> EncoderConfig:
    """The same with its hash, when its files are there and fit each other."""
    if config.path.startswith(BUNDLED):
        pinned = config
    elif config.path.endswith(_DESCRIBED):
        pinned = config.pinned()
    else:
        pinned = replace(config, sha256=config.sha256 or _checkpoint(config).sha256)
    found = opened(pinned)
    _require_heads(pinned, found.description)
    _require_files(pinned, found)
    open_tokeniser(pinned)
    return pinned


def load_encoder(config: EncoderConfig, *, device: str = "auto") -> EncoderModel:
    """The model on a device; raises `UserError`, in one line, for files that are not right."""
    found = opened(config)
    content = None if found.content is None else bytes(found.content)
    try:
        return EncoderModel(
            found.description,
            found.checkpoint,
            content,
            device=device,
            precision=config.precision,
            tokens_per_batch=config.tokens_per_batch,
        )
    except ValueError as error:
        raise UserError(f"{config.path}: {error}") from error


def open_tokeniser(config: EncoderConfig) -> Tokeniser:
    """What cuts texts into the tokens that the model reads."""
    found = opened(config)
    try:
        return Tokeniser(
            found.checkpoint,
            max_tokens=config.max_tokens or found.description.max_tokens,
            long_pages=config.long_pages,
            max_windows=config.max_windows,
        )
    except ValueError as error:
        raise UserError(f"{config.path}: {error}") from error


def languages_read(config: EncoderConfig) -> frozenset[str] | None:
    """Those that some head knows, the only ones that are worth reading; None: all."""
    known = [head.languages for head in opened(config).description.heads.values()]
    if config.semantic or None in known:  # vectors are of any language
        return None
    return frozenset(language for of_head in known for language in of_head or ())


def opened(config: EncoderConfig) -> Opened:
    """The files of a model; raises `UserError`, in one line, where they are not what they were."""
    try:
        return _opened(config)
    except (ValueError, OSError) as error:
        raise UserError(f"{config.path}: {error}") from error


def _opened(config: EncoderConfig) -> Opened:
    is_described = config.path.startswith(BUNDLED) or config.path.endswith(_DESCRIBED)
    if is_described and (config.label or config.bounds or config.languages):
        raise ValueError("the model tells labels, bounds and languages itself: leave them out")
    if config.path.startswith(BUNDLED):
        if config.sha256:
            raise ValueError("what comes with the package has no sha256 in a recipe: leave it out")
        name = config.path.removeprefix(BUNDLED)
        description = read_encoder_description(_resource(f"{name}{_DESCRIBED}"))
        content = _resource(description.file) if description.file else None
        return Opened(description, open_checkpoint(description.encoder), content)
    if not is_described:
        return _own_head(config)
    folder = config.path.rpartition("/")[0]
    description = read_encoder_description(config.read())
    file = Artefact(path=join(folder, description.file)) if description.file else None
    checkpoint = open_checkpoint(_beside(folder, description.encoder))
    return Opened(description, checkpoint, file and file.mapped())


def _beside(folder: str, encoder: str) -> str:
    """The checkpoint that a description in `folder` names, which may lie there."""
    if encoder.startswith(PACKAGE) or os.path.isabs(encoder):
        return encoder
    beside = join(folder, encoder)
    if "://" in folder:
        return fetched_folder(beside) or encoder
    return beside if os.path.isdir(beside) else encoder


def _checkpoint(config: EncoderConfig) -> Checkpoint:
    path = config.path
    try:
        if "://" in path:
            path = fetched_folder(path) or path
        return open_checkpoint(path)
    except (ValueError, OSError) as error:
        raise UserError(str(error)) from error


def _own_head(config: EncoderConfig) -> Opened:
    """A checkpoint that scores by itself, as others publish it."""
    checkpoint = _checkpoint(config)
    description = described_checkpoint(
        checkpoint,
        label=config.label,
        bounds=config.bounds,
        languages=config.languages,
        sha256=config.sha256,
    )
    return Opened(description, checkpoint, None)


def _require_heads(config: EncoderConfig, description: EncoderDescription) -> None:
    heads = description.heads
    if unknown := sorted({*heads} - {*_HEADS}):
        known = ", ".join(_HEADS)
        raise UserError(f"{config.path}: has a head '{unknown[0]}'; heads are {known}")
    if config.quality.is_set and QUALITY not in heads:
        raise UserError(
            f"{config.path}: has no head '{QUALITY}', by which 'encoder.quality' says who stays"
        )
    for name in _ONE_LABEL:
        if name in heads and len(heads[name].scored) != 1:
            raise UserError(f"{config.path}: the head '{name}' scores more than one label")
    if config.semantic and description.pooling == "own":
        raise UserError(
            f"{config.path}: gives scores of its own, no vectors: 'encoder.semantic' needs a model"
            " with heads beside its encoder"
        )


def _require_files(config: EncoderConfig, found: Opened) -> None:
    """That the files which a description names are those it was written for."""
    described = found.description
    if found.checkpoint.sha256 != described.encoder_sha256:
        raise UserError(f"{config.path}: {described.encoder}: its sha256 is not as described")
    content = found.content
    if content is not None and hashlib.sha256(content).hexdigest() != described.sha256:
        raise UserError(f"{config.path}: {described.file}: its sha256 is not as described")


def _resource(file: str) -> bytes:
    found = resources.files("classifiers.models").joinpath(file)
    if not found.is_file():
        raise ValueError("no such model comes with the package")
    return found.read_bytes()
