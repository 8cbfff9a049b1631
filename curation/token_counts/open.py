"""Which tokenizer a name means, and what a recipe pins of it."""

from __future__ import annotations

import os
from dataclasses import replace
from functools import cache

from classifiers.encoder.hub import download, is_hub_id
from curation.artefact import Artefact
from curation.errors import UserError
from curation.quality.config import BUNDLED
from curation.storage import join, normalise, storage
from curation.token_counts.config import TokensConfig
from curation.token_counts.hugging_face import file_tokenizer, require_package
from curation.token_counts.ranks import (
    bundled_tokenizer,
    fetched_tokenizer,
    is_known,
    pattern_of,
    ranks_tokenizer,
)
from curation.token_counts.tokenizer import Tokenizer

FILE = "tokenizer.json"


def open_tokenizer(name: str, sha256: str | None = None) -> Tokenizer:
    """The tokenizer of this name; raises `UserError`, in one line, where there is none.

    With `sha256` its file must have that hash.
    """
    if name.startswith(BUNDLED):
        if sha256:
            raise UserError(f"{name}: comes with the package and has no sha256: leave it out")
        return bundled_tokenizer(name.removeprefix(BUNDLED))
    if is_known(name) and not os.path.exists(name):
        return _without_network(name)
    try:
        if pattern := pattern_of(name):
            path = name.partition("#")[0]
            return ranks_tokenizer(name, pattern, _read(path, sha256))
        return file_tokenizer(name, _read(_json_file(name), sha256))
    except ValueError as error:
        said = str(error).removeprefix(f"{name}: ")
        raise UserError(f"{name}: {said}") from error


@cache
def load_tokenizer(config: TokensConfig) -> Tokenizer:
    """The tokenizer of a recipe that names one, loaded once per process."""
    if config.tokenizer is None:
        raise ValueError("tokens are estimated")
    return open_tokenizer(config.tokenizer, config.sha256)


def pinned_tokenizer(config: TokensConfig) -> TokensConfig:
    """The same with the hash of its file, when it could be loaded."""
    if config.tokenizer is None:
        if config.sha256:
            raise UserError("tokens.sha256 without a tokenizer: leave it out, or name one")
        return config
    found = load_tokenizer(config)
    if config.tokenizer.startswith(BUNDLED):
        return config  # a part of the package, whose version is pinned
    return replace(config, sha256=found.sha256)


def placed_tokenizer(name: str, base: str | None = None) -> str:
    """The name as a recipe keeps it: paths from the folder `base`, other names as they are."""
    if name.startswith(BUNDLED) or is_known(name):
        return name
    path, mark, pattern = name.partition("#")
    placed = normalise(path, base=base)
    is_path = mark or path.endswith((".json", ".tiktoken")) or "://" in placed
    if not is_path and is_hub_id(name) and not os.path.exists(placed):
        return name
    return f"{placed}{mark}{pattern}"


def _without_network(name: str) -> Tokenizer:
    """What tiktoken calls so; from the package where that has it."""
    if name == "cl100k_base":
        return replace(bundled_tokenizer(name), name=name)
    return fetched_tokenizer(name)


def _json_file(name: str) -> str:
    """The path of its `tokenizer.json`."""
    if name.endswith(".json") or os.path.isfile(name):
        return name
    if "://" in name or os.path.isdir(name) or not is_hub_id(name):
        return join(name, FILE)
    require_package(name)
    return str(download(name, weights=False) / FILE)


def _read(path: str, sha256: str | None) -> bytes:
    """Its bytes; what lies in an object store is fetched once per machine."""
    placed = normalise(path)
    if storage(placed).find(placed) is None:
        raise UserError(f"{placed}: is not there: no {FILE}, and no ranks")
    return bytes(Artefact(path=placed, sha256=sha256).mapped())
