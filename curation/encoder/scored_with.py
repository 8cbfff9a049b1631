"""What a run is scored with: versions, the kind of device and threads, noted when scoring begins.

Scores of another version or device differ in their last digits, and so do those that a processor
computes with another number of threads. So a run has those of one alone.
"""

from __future__ import annotations

import json
import socket
from importlib.metadata import version
from typing import Any

from curation.errors import UserError
from curation.storage import join, storage

SCORED_WITH = "scored_with.json"
_PACKAGES = ("torch", "transformers", "tokenizers")
_THREADS = "threads"


def prepare(folder: str, *, threads: int) -> None:
    """Makes this process score as the run does; the first one says how, with so many `threads`.

    Raises `UserError` where this machine has other versions, or another kind of device.
    """
    import torch

    uri = join(folder, SCORED_WITH)
    here = {**{name: version(name) for name in _PACKAGES}, "device": _device()}
    first = {**here, _THREADS: threads}
    storage(uri).put_if_absent(uri, json.dumps(first, indent=1).encode())
    there: dict[str, Any] = json.loads(storage(uri).read(uri))
    if differing := [name for name in here if here[name] != there.get(name)]:
        name = differing[0]
        raise UserError(
            f"{folder} was scored with {name} {there.get(name)}, and {socket.gethostname()} has"
            f" {here[name]}: go on with the same, or make a new run"
        )
    torch.set_num_threads(there[_THREADS])


def noted(folder: str) -> dict[str, Any]:
    """What the run in `folder` was scored with; empty where nothing was scored."""
    uri = join(folder, SCORED_WITH)
    if storage(uri).find(uri) is None:
        return {}
    there: dict[str, Any] = json.loads(storage(uri).read(uri))
    return there


def _device() -> str:
    """The name of the GPU that models run on here, or what the processor can do."""
    import torch

    if torch.cuda.is_available():
        return torch.cuda.get_device_name()
    return f"cpu {torch.backends.cpu.get_cpu_capability()}"
