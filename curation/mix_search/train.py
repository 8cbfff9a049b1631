"""A mix in; the loss, on each domain's held-out pages, of a model that was trained on it out.

Invariant: the same corpus, mix, size, seed and config give the same losses on one device with one
build of PyTorch. On a CPU a model has one thread, whatever the machine has: more would add in
another order, and several models at a time use the cores better.
"""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch.nn import functional as F
from torch.nn.attention import SDPBackend, sdpa_kernel

from curation.mix_search.config import Size, TrainConfig
from curation.mix_search.corpus import Corpus, Domain
from curation.mix_search.model import Model
from curation.mix_search.schedule import UNITS, Floats, batches, epochs, window_counts
from curation.mix_search.tokens import Ids

_MEASURED_ROWS = 64


@dataclass(frozen=True)
class Task:
    """A model to be trained: `seed` draws its weights, and the order of pages."""

    size: Size
    mix: Mapping[str, float]
    seed: int

    @property
    def name(self) -> str:
        """Its shares, in ten thousandths, are in the order of domains."""
        shares = "-".join(f"{round(share * UNITS):05d}" for share in self.mix.values())
        return f"{self.size}-{shares}-seed{self.seed}"


@dataclass(frozen=True)
class Trained:
    """What a model came to: bits of each held-out page of each domain.

    `epochs` says how many times it has read the pages of each domain.
    """

    parameters: int
    bits: Mapping[str, Sequence[float]]
    epochs: Mapping[str, float]


def train(task: Task, corpus: Corpus, *, config: TrainConfig, device: torch.device) -> Trained:
    """Trains a model from scratch and measures it."""
    counts = window_counts(task.mix, corpus, config)
    with deterministic(device):
        model = Model(
            task.size, vocabulary=corpus.vocabulary, context=config.context, seed=task.seed
        )
        model.to(device)
        _fit(model, batches(counts, corpus, config, seed=task.seed), config, device)
        bits = {
            name: measure(model, domain, config, device, end=corpus.end).tolist()
            for name, domain in corpus.domains.items()
        }
    return Trained(model.parameters_count(), bits, epochs(counts, corpus, config))


@contextmanager
def deterministic(device: torch.device) -> Iterator[None]:
    """One order of sums; afterwards all is as it was before."""
    if device.type == "cuda":  # read when cuBLAS is first used
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    before, threads = torch.are_deterministic_algorithms_enabled(), torch.get_num_threads()
    # Fused attention adds gradients on a GPU in whatever order.
    fused = SDPBackend.FLASH_ATTENTION if device.type == "cpu" else SDPBackend.MATH
    torch.use_deterministic_algorithms(True)
    torch.set_num_threads(1)
    try:
        with sdpa_kernel([fused, SDPBackend.MATH]):
            yield
    finally:
        torch.use_deterministic_algorithms(before)
        torch.set_num_threads(threads)


def _fit(model: Model, windows: Iterator[Ids], config: TrainConfig, device: torch.device) -> None:
    steps = config.windows // config.batch
    groups: list[dict[str, Any]] = [
        {"params": [w for w in model.parameters() if w.ndim > 1]},
        {"params": [w for w in model.parameters() if w.ndim == 1], "weight_decay": 0.0},
    ]
    optimizer = torch.optim.AdamW(
        groups, lr=config.learning_rate, betas=(0.9, 0.95), weight_decay=config.weight_decay
    )
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda n: _rate(n, steps, config))
    for batch in windows:
        _nats(model, batch, device).mean().backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), config.clip)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()


def _rate(step: int, steps: int, config: TrainConfig) -> float:
    """Of the highest: it rises by a line, then falls to 0 along a cosine."""
    rising = max(1, round(config.warmup * steps))
    if step < rising:
        return (step + 1) / rising
    return 0.5 + 0.5 * math.cos(math.pi * (step - rising) / max(1, steps - rising))


def _nats(model: Model, windows: Ids, device: torch.device) -> torch.Tensor:
    """Of each id but a window's first, as one row."""
    ids = torch.from_numpy(windows.astype(np.int64)).to(device)
    logits = model(ids[:, :-1])
    return F.cross_entropy(logits.flatten(0, 1), ids[:, 1:].flatten(), reduction="none")


@torch.no_grad()
def measure(
    model: Model, domain: Domain, config: TrainConfig, device: torch.device, *, end: int
) -> Floats:
    """Bits of each of the domain's held-out pages, its end among what is predicted.

    Each id but the very first is predicted once, from those of its window before it.
    """
    model.eval()
    stream, context = domain.held_out, config.context
    whole = (len(stream) - 1) // context
    starts = np.arange(whole) * context
    found = [np.zeros(1)]
    for at in range(0, whole, _MEASURED_ROWS):
        rows = starts[at : at + _MEASURED_ROWS, None] + np.arange(context + 1)
        found.append(_nats(model, stream[rows], device).double().cpu().numpy())
    if len(rest := stream[whole * context :]) > 1:
        found.append(_nats(model, rest[None], device).double().cpu().numpy())
    firsts = np.append(0, np.flatnonzero(stream == end)[:-1] + 1)
    bits: Floats = np.add.reduceat(np.concatenate(found), firsts) / math.log(2)
    return bits
