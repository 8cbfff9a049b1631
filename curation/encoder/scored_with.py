"""What a run is scored with: versions and the kind of device, noted when scoring begins.

Scores of another version or device differ in their last digits, so a run has those of one alone.
"""

from __future__ import annotations

import json
import socket
from importlib.metadata import version

from curation.errors import UserError
from curation.storage import join, storage

SCORED_WITH = "scored_with.json"
_PACKAGES = ("torch", "transformers", "tokenizers")
_DEVICE = "device"


def device_kind() -> str:
    """`cpu`, or the name of the GPU that models run on here."""
    import torch

    return torch.cuda.get_device_name() if torch.cuda.is_available() else "cpu"


def require_same(folder: str, device: str) -> None:
    """Notes what this process scores with, or raises `UserError` where the run has another."""
    uri = join(folder, SCORED_WITH)
    here = {**{name: version(name) for name in _PACKAGES}, _DEVICE: device}
    storage(uri).put_if_absent(uri, json.dumps(here, indent=1).encode())
    there = json.loads(storage(uri).read(uri))
    if differing := [name for name in here if here[name] != there.get(name)]:
        name = differing[0]
        raise UserError(
            f"{folder} was scored with {name} {there.get(name)}, and {socket.gethostname()} has"
            f" {here[name]}: go on with the same, or make a new run"
        )
