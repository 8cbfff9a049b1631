"""Checkpoints by their id on the Hugging Face hub: fetched once, found in its cache after that.

An id is OWNER/NAME, or OWNER/NAME@REVISION. Only configuration, tokeniser and safetensors come.
"""

from __future__ import annotations

import re
from pathlib import Path

_ID = re.compile(r"[\w-][\w.-]*/[\w-][\w.-]*(@[\w./-]+)?")
_FILES = ("config.json", "tokenizer*.json", "special_tokens_map.json", "vocab.*", "merges.txt")
_WEIGHTS = ("model*.safetensors", "model.safetensors.index.json")


def is_hub_id(name: str) -> bool:
    """Whether it can be one; a folder that is missing may look the same."""
    return _ID.fullmatch(name) is not None


def download(name: str, *, weights: bool = True) -> Path:
    """The folder of it in the cache; `ValueError` where it is neither there nor can be had.

    Without `weights` these stay where they are.
    """
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, LocalEntryNotFoundError

    repository, _, revision = name.partition("@")
    wanted = [*_FILES, *(_WEIGHTS if weights else ())]
    try:
        found = snapshot_download(repository, revision=revision or None, allow_patterns=wanted)
    except (HfHubHTTPError, LocalEntryNotFoundError, OSError, ValueError) as error:
        why = str(error).strip().splitlines() or [type(error).__name__]
        raise ValueError(
            f"{name}: no folder of that name, and it cannot be had from the hub: {why[0]}"
        ) from error
    return Path(found)
