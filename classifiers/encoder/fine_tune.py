"""Training of all weights: labelled texts in; a checkpoint with a head of its own out.

What comes out is a folder that `open_checkpoint` opens and pooling `own` reads: safetensors, the
configuration, and the tokeniser of the checkpoint that it began with. Invariant: the same examples
in whatever order give the same weights on one device with one build and as many threads. Source:
Loshchilov and Hutter, Decoupled Weight Decay Regularization (2019), for AdamW.
"""

from __future__ import annotations

import os
import shutil
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import AutoModelForSequenceClassification

from classifiers.encoder.checkpoint import Checkpoint
from classifiers.encoder.device import open_device
from classifiers.encoder.tokenise import Tokeniser

REGRESSION = "score"
"""The label of a head that is a regression."""


@dataclass(frozen=True, kw_only=True)
class FineTuneConfig:
    """How it is trained. `warmup` is the share of steps in which the rate rises to its highest.

    `clip` is the greatest length of a step's gradient.
    """

    epochs: int = 3
    batch_size: int = 32
    learning_rate: float = 5e-5
    warmup: float = 0.1
    weight_decay: float = 0.01
    clip: float = 1.0
    max_tokens: int = 512
    seed: int = 0
    device: str = "auto"


@dataclass(frozen=True)
class _Rows:
    """Token ids of each example, and its target: a label's number, or a value by its `scale`."""

    ids: Sequence[np.ndarray]
    targets: np.ndarray
    scale: tuple[float, float] = (0.0, 1.0)


def fine_tune(
    checkpoint: Checkpoint,
    examples: Sequence[tuple[str, str]] | Sequence[tuple[str, float]],
    *,
    output: Path,
    config: FineTuneConfig = FineTuneConfig(),
) -> None:
    """Writes the checkpoint that was trained on (text, label), or on (text, value), to `output`.

    Values make it a regression, by squared error; it learns them in standard deviations from their
    mean, of which its last layer then makes values. Texts without a token are left out. Raises
    `ValueError` where `output` is there already, or there are not two labels or values.
    """
    if output.exists():
        raise ValueError(f"{output}: is there already")
    labels = sorted({target for _, target in examples if isinstance(target, str)})
    if len({target for _, target in examples}) < 2:
        raise ValueError("to train an encoder takes examples of two labels or values at least")
    rows = _read(checkpoint, examples, labels, config)
    device = open_device(config.device)
    with _deterministic(config.seed, device):
        model = _open(checkpoint, labels or [REGRESSION]).to(device)
        _train(model, rows, device, config, pad=checkpoint.config.get("pad_token_id") or 0)
    if not labels:
        _unscale(model, rows)
    _write(model, checkpoint, output)


@contextmanager
def _deterministic(seed: int, device: torch.device) -> Iterator[None]:
    """One seed and the same order of sums, and afterwards all as it was before."""
    if device.type == "cuda":  # read when cuBLAS is first used
        os.environ.setdefault("CUBLAS_WORKSPACE_CONFIG", ":4096:8")
    before = torch.are_deterministic_algorithms_enabled()
    with torch.random.fork_rng(devices=[device] if device.type == "cuda" else []):
        torch.manual_seed(seed)
        torch.use_deterministic_algorithms(True)
        try:
            yield
        finally:
            torch.use_deterministic_algorithms(before)


def _read(
    checkpoint: Checkpoint,
    examples: Sequence[tuple[str, str | float]],
    labels: Sequence[str],
    config: FineTuneConfig,
) -> _Rows:
    ordered = sorted(examples, key=lambda example: (example[0], str(example[1])))
    tokens = Tokeniser(checkpoint, max_tokens=config.max_tokens).tokens([t for t, _ in ordered])
    ids = np.split(tokens.ids, np.cumsum(tokens.lengths)[:-1])
    targets = [ordered[page][1] for page in tokens.page]
    if labels:
        return _Rows(ids, np.array([labels.index(str(target)) for target in targets], np.int64))
    values = np.array(targets, np.float64)
    mean, deviation = float(values.mean()), float(values.std()) or 1.0
    return _Rows(ids, ((values - mean) / deviation).astype(np.float32), (mean, deviation))


def _open(checkpoint: Checkpoint, labels: Sequence[str]) -> Any:
    """The checkpoint in float32, with its head if that has as many labels, or else a new one.

    Attention is written out: fused kernels add gradients in whatever order.
    """
    return AutoModelForSequenceClassification.from_pretrained(
        str(checkpoint.folder),
        local_files_only=True,
        use_safetensors=True,
        trust_remote_code=False,
        ignore_mismatched_sizes=True,
        dtype=torch.float32,
        attn_implementation="eager",
        num_labels=len(labels),
        id2label=dict(enumerate(labels)),
        label2id={label: number for number, label in enumerate(labels)},
    )


def _train(
    model: Any, rows: _Rows, device: torch.device, config: FineTuneConfig, *, pad: int
) -> None:
    steps = config.epochs * -(-len(rows.ids) // config.batch_size)
    optimizer = torch.optim.AdamW(_groups(model, config), lr=config.learning_rate)
    schedule = torch.optim.lr_scheduler.LambdaLR(optimizer, lambda n: _rate(n, steps, config))
    model.train()
    for batch in _batches(len(rows.ids), config):
        ids, mask = (part.to(device) for part in _padded([rows.ids[row] for row in batch], pad))
        with torch.autocast(device.type, torch.bfloat16, enabled=device.type == "cuda"):
            logits = model(input_ids=ids, attention_mask=mask).logits
        targets = torch.from_numpy(rows.targets[batch]).to(device)
        _loss(logits.float(), targets).backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), config.clip)
        optimizer.step()
        schedule.step()
        optimizer.zero_grad()


def _groups(model: Any, config: FineTuneConfig) -> list[dict[str, Any]]:
    """Weights decay; biases and what normalises do not."""
    every = [weight for weight in model.parameters() if weight.requires_grad]
    return [
        {"params": [w for w in every if w.ndim > 1], "weight_decay": config.weight_decay},
        {"params": [w for w in every if w.ndim <= 1], "weight_decay": 0.0},
    ]


def _rate(step: int, steps: int, config: FineTuneConfig) -> float:
    """Of the highest: it rises to that, and then falls to 0, by lines."""
    rising = max(1, round(config.warmup * steps))
    return min((step + 1) / rising, max(0.0, (steps - step) / max(1, steps - rising)))


def _batches(count: int, config: FineTuneConfig) -> Iterator[np.ndarray]:
    """Rows, each once per epoch, in an order that the seed draws."""
    rng = np.random.default_rng(config.seed)
    for _ in range(config.epochs):
        order = rng.permutation(count)
        for start in range(0, count, config.batch_size):
            yield order[start : start + config.batch_size]


def _padded(pieces: Sequence[np.ndarray], pad: int) -> tuple[torch.Tensor, torch.Tensor]:
    ids = torch.full((len(pieces), max(map(len, pieces))), pad, dtype=torch.long)
    mask = torch.zeros_like(ids)
    for row, piece in enumerate(pieces):
        ids[row, : len(piece)] = torch.from_numpy(piece.astype(np.int64))
        mask[row, : len(piece)] = 1
    return ids, mask


def _loss(logits: torch.Tensor, targets: torch.Tensor) -> torch.Tensor:
    if targets.is_floating_point():
        return torch.nn.functional.mse_loss(logits[:, 0], targets)
    return torch.nn.functional.cross_entropy(logits, targets)


@torch.no_grad()
def _unscale(model: Any, rows: _Rows) -> None:
    last = [layer for layer in model.modules() if isinstance(layer, torch.nn.Linear)][-1]
    mean, deviation = rows.scale
    last.weight.mul_(deviation)
    last.bias.mul_(deviation).add_(mean)


def _write(model: Any, checkpoint: Checkpoint, output: Path) -> None:
    """All of it or nothing."""
    output.parent.mkdir(parents=True, exist_ok=True)
    unfinished = output.with_name(f"{output.name}.{uuid.uuid4().hex}")
    model.cpu().save_pretrained(unfinished, max_shard_size="1TB")
    for file in checkpoint.folder.glob("*token*"):
        shutil.copy(file, unfinished)
    unfinished.rename(output)
