"""Where an encoder runs and in which precision."""

from __future__ import annotations

import os
import shutil
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path

import torch

from classifiers.encoder.choices import Precision

_FAST_BF16 = ("avx512_bf16", "amx_bf16")
_GPU_ROWS, _CPU_ROWS = 65536, 2048


@dataclass(frozen=True)
class Placement:
    """A device, what matrix products are computed in there, and how many tokens a batch has."""

    device: torch.device
    dtype: torch.dtype
    rows: int


def place(device: str, precision: Precision, rows: int | None) -> Placement:
    """What a recipe asks for; raises `ValueError` where there is no such device."""
    found = open_device(device)
    return Placement(found, matrix_type(precision, found), rows or rows_of_batch(found))


def open_device(name: str) -> torch.device:
    """`auto` is the GPU, where there is one; raises `ValueError` where one is missing."""
    if name == "auto":
        return torch.device("cuda" if torch.cuda.is_available() else "cpu")
    try:
        device = torch.device(name)
    except RuntimeError as error:
        raise ValueError(f"device {name}: {str(error).splitlines()[0]}") from error
    if device.type == "cuda" and (device.index or 0) >= torch.cuda.device_count():
        raise ValueError(f"device {name}: PyTorch finds no such GPU")
    return device


def matrix_type(precision: Precision, device: torch.device) -> torch.dtype:
    """What matrix products are computed in: `auto` is bf16 where that is the faster one."""
    if precision == "auto":
        fast = device.type == "cuda" or _cpu_has(_FAST_BF16)
        return torch.bfloat16 if fast else torch.float32
    return torch.bfloat16 if precision == "bf16" else torch.float32


def rows_of_batch(device: torch.device) -> int:
    """Tokens of a batch: enough to fill a GPU, or what the caches of a CPU hold."""
    return _GPU_ROWS if device.type == "cuda" else _CPU_ROWS


def can_compile(device: torch.device) -> bool:
    """Whether `torch.compile` works for a GPU here: Triton, and the C compiler that it calls."""
    compiler = os.environ.get("CC") or shutil.which("cc") or shutil.which("gcc")
    found = compiler or shutil.which("clang")
    return device.type == "cuda" and found is not None and find_spec("triton") is not None


def _cpu_has(flags: tuple[str, ...]) -> bool:
    try:
        known = Path("/proc/cpuinfo").read_text("utf-8")
    except OSError:  # not Linux
        return False
    return any(flag in known for flag in flags)
