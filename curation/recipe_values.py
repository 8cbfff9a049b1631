"""The values of a recipe before they are checked: YAML and `--set` in, keys and values out.

Paths of files that the values name are made whole here, since a file's own folder is known.
"""

from __future__ import annotations

import os
import re
from dataclasses import fields
from importlib.resources.abc import Traversable
from typing import Any

import yaml

from classifiers.encoder.checkpoint import PACKAGE
from classifiers.encoder.hub import is_hub_id
from curation.errors import UserError
from curation.quality.config import BUNDLED, ScoresConfig
from curation.storage import normalise
from curation.token_counts.open import placed_tokenizer


class _UniqueKeys(yaml.SafeLoader):
    """YAML lets the last of two equal keys win in silence; a recipe does not."""

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Any, Any]:
        merge = "tag:yaml.org,2002:merge"  # `<<: *other`, which may be overridden
        named = [key for key, _ in node.value if key.tag != merge]
        keys = [self.construct_object(key, deep=True) for key in named]
        if twice := [key for key in keys if keys.count(key) > 1]:
            raise yaml.YAMLError(f"the key '{twice[0]}' stands twice{node.start_mark}")
        return super().construct_mapping(node, deep)


_UniqueKeys.add_implicit_resolver(  # YAML 1.1 takes 1e-5 for text
    "tag:yaml.org,2002:float", re.compile(r"[-+]?[0-9]+[eE][-+]?[0-9]+$"), list("-+0123456789")
)


def read_values(file: Traversable) -> dict[str, Any]:
    """The keys and values of a YAML file; raises `UserError` where it is none."""
    try:
        text = file.read_text(encoding="utf-8")  # a bundled one may lie in a zip
        values = yaml.load(text, _UniqueKeys)  # noqa: S506 - a safe loader
    except (OSError, UnicodeDecodeError) as error:
        raise UserError(f"recipe {file}: cannot be read: {error}") from error
    except yaml.YAMLError as error:
        raise UserError(f"recipe {file}: not YAML: {' '.join(str(error).split())}") from error
    if not isinstance(values, dict):
        raise UserError(f"recipe {file}: expected keys and values")
    return values


def override(values: dict[str, Any], change: str) -> None:
    """Makes the change `key.sub=value`; raises `UserError` where there is no such place."""
    path, equals, text = change.partition("=")
    if not equals:
        raise UserError(f"--set {change}: expected key.sub=value")
    *parents, last = path.split(".")
    target: Any = values
    try:
        value = yaml.load(text, _UniqueKeys)  # noqa: S506 - a safe loader
    except yaml.YAMLError as error:
        raise UserError(f"--set {change}: the value is not YAML") from error
    try:
        for key in parents:
            target = target[int(key)] if isinstance(target, list) else target.setdefault(key, {})
        target[int(last) if isinstance(target, list) else last] = value
    except (ValueError, IndexError, TypeError, AttributeError) as error:
        raise UserError(f"--set {change}: no such place in the recipe") from error


def inputs_in(values: dict[str, Any]) -> list[dict[str, Any]]:
    """Those that are keys and values; a recipe that is wrong may have others."""
    inputs = values.get("inputs")
    return [i for i in inputs if isinstance(i, dict)] if isinstance(inputs, list) else []


def place_artefacts(values: dict[str, Any], *, base: str | None = None) -> None:
    """Makes paths of files that the values name whole, from the folder `base`."""
    for artefact in (
        _at(values, "heuristics", "reference"),
        *_listed(values, "blocklist", "lists"),
        *_listed(values, "dedup", "against"),
        _at(values, "dedup", "lines", "allow_list"),
        *_listed(values, "decontaminate", "benchmarks"),
        *(_at(values, "scores", one.name) for one in fields(ScoresConfig)),
    ):
        path = artefact.get("path") if isinstance(artefact, dict) else None
        if isinstance(path, str) and not path.startswith(BUNDLED):
            artefact["path"] = normalise(path, base=base)
    encoder = _at(values, "encoder")
    path = encoder.get("path") if isinstance(encoder, dict) else None
    if isinstance(path, str) and not path.startswith((BUNDLED, PACKAGE)):
        encoder["path"] = _placed_checkpoint(path, base)
    tokens = _at(values, "tokens")
    name = tokens.get("tokenizer") if isinstance(tokens, dict) else None
    if isinstance(name, str) and name:
        tokens["tokenizer"] = placed_tokenizer(name, base)


def _placed_checkpoint(path: str, base: str | None) -> str:
    """OWNER/NAME may be a folder, or the name of a checkpoint on the hub."""
    placed = normalise(path, base=base)
    is_file = path.endswith(".json") or "://" in placed or os.path.exists(placed)
    return placed if is_file or not is_hub_id(path) else path


def _at(values: Any, *keys: str) -> Any:
    for key in keys:
        values = values.get(key) if isinstance(values, dict) else None
    return values


def _listed(values: Any, *keys: str) -> list[Any]:
    found = _at(values, *keys)
    return found if isinstance(found, list) else []
