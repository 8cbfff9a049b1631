"""Heads over a frozen encoder: labelled texts in; a description and a file of heads out.

All texts are read once, and each head learns from its own. Invariant: the same examples in whatever
order give the same bytes on one machine. What a head is worth, how strongly it is held back, and
the curves that make its scores probabilities are found on examples that it was not trained on: of
each fold by a head of the others.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt
import xxhash
from scipy.optimize import minimize
from scipy.special import logsumexp

from classifiers.calibrate import ALL, Curve, calibrate, platt
from classifiers.encoder.checkpoint import Checkpoint
from classifiers.encoder.choices import Precision
from classifiers.encoder.heads import Linear, probabilities, write_heads
from classifiers.encoder.model import EncoderDescription, HeadDescription

Vectors = npt.NDArray[np.float32]
Floats = npt.NDArray[np.float64]
Embed = Callable[[Sequence[str]], Vectors]
L2 = (1e-5, 1e-4, 1e-3, 1e-2, 1e-1)
"""What is tried; of unit vectors."""
_MOST_STEPS = 1000
_LEAST_OF_CURVE = 50  # examples of each kind, for a curve of a language


@dataclass(frozen=True)
class Example:
    """A text and its label; those of one `fold` are judged by a head of the others.

    A site, or a source, is in one fold.
    """

    text: str
    label: str
    language: str
    source: str
    fold: int


@dataclass(frozen=True, kw_only=True)
class HeadPlan:
    """What a head learns from, which labels count, and what is tried of `l2`."""

    examples: Sequence[Example]
    scored: tuple[str, ...]
    languages: tuple[str, ...] | None = None
    l2: Sequence[float] = L2


@dataclass(frozen=True)
class HeldOut:
    """Examples, and their calibrated scores by heads that were trained without their folds."""

    examples: Sequence[Example]
    scored: tuple[str, ...]
    scores: npt.NDArray[np.float32]
    l2: float


@dataclass(frozen=True)
class TrainedHeads:
    """A model's description, its file, and what each head said of what it had not seen."""

    description: EncoderDescription
    content: bytes
    held_out: Mapping[str, HeldOut]


def fold_of(source: str, folds: int) -> int:
    """That of a site or source, by a hash."""
    return int(xxhash.xxh64_intdigest(source.encode()) % folds)


def embedder(
    checkpoint: Checkpoint,
    *,
    max_tokens: int,
    pooling: Literal["mean", "first"] = "mean",
    device: str = "auto",
    precision: Precision = "fp32",
) -> Embed:
    """Texts in; a vector of the first tokens of each out, 0 for an empty one."""
    from classifiers.encoder.encoder import Encoder
    from classifiers.encoder.tokenise import Tokeniser

    tokeniser = Tokeniser(checkpoint, max_tokens=max_tokens)
    encoder = Encoder(checkpoint, pooling=pooling, device=device, precision=precision)

    def embed(texts: Sequence[str]) -> Vectors:
        tokens = tokeniser.tokens(texts)
        found = np.zeros((len(texts), encoder.width), np.float32)
        found[tokens.page] = encoder.outputs(tokens)
        return found

    return embed


def train_encoder_heads(  # noqa: PLR0913 - what is learnt, and by which encoder
    name: str,
    checkpoint: Checkpoint,
    plans: Mapping[str, HeadPlan],
    embed: Embed,
    *,
    encoder: str,
    max_tokens: int,
    pooling: Literal["mean", "first"] = "mean",
) -> TrainedHeads:
    """The model `NAME` of these heads; `encoder` is how its description names the checkpoint.

    `embed` is `embedder` with the same parameters. Raises `ValueError` where a head has no two
    labels, or a fold has none that the others know.
    """
    texts = sorted({example.text for plan in plans.values() for example in plan.examples})
    rows = {text: row for row, text in enumerate(texts)}
    vectors = embed(texts)
    trained = {
        head: _train(plan, vectors[[rows[example.text] for example in plan.examples]])
        for head, plan in plans.items()
    }
    content = write_heads({head: linear for head, (linear, _, _) in trained.items()})
    description = EncoderDescription(
        encoder=encoder,
        encoder_sha256=checkpoint.sha256,
        pooling=pooling,
        max_tokens=max_tokens,
        file=f"{name}.safetensors",
        sha256=hashlib.sha256(content).hexdigest(),
        heads={head: described for head, (_, described, _) in trained.items()},
    )
    return TrainedHeads(description, content, {head: held for head, (*_, held) in trained.items()})


def _train(plan: HeadPlan, vectors: Vectors) -> tuple[Linear, HeadDescription, HeldOut]:
    labels = tuple(sorted({example.label for example in plan.examples}))
    true = np.array([labels.index(example.label) for example in plan.examples])
    tried = {l2: _held_out(plan, vectors, l2) for l2 in plan.l2}
    best = min(tried, key=lambda l2: (_loss_of(tried[l2], true), l2))
    columns = [labels.index(label) for label in plan.scored]
    raw = tried[best][:, columns].astype(np.float32)
    languages = [example.language for example in plan.examples]
    curves = _curves(raw, true[:, None] == np.array(columns), languages)
    described = HeadDescription(
        labels=labels, scored=plan.scored, languages=plan.languages, calibration=curves
    )
    scores = calibrate(raw, languages, known=plan.languages, curves=curves)
    weight, bias = train_head(vectors, [example.label for example in plan.examples], l2=best)
    return Linear(weight, bias), described, HeldOut(plan.examples, plan.scored, scores, best)


def _held_out(plan: HeadPlan, vectors: Vectors, l2: float) -> Floats:
    """The probability of each label of each example, by a head of the other folds."""
    names = np.array([example.label for example in plan.examples], object)
    folds = np.array([example.fold for example in plan.examples])
    found = np.zeros((len(names), len({*names})))
    for fold in np.unique(folds):
        others = folds != fold
        if len({*names[others]}) < found.shape[1]:
            raise ValueError(f"without fold {fold} there are labels without an example")
        head = Linear(*train_head(vectors[others], names[others].tolist(), l2=l2))
        found[~others] = probabilities(head.logits(vectors[~others]), None)
    return found


def _loss_of(found: Floats, true: npt.NDArray[np.int64]) -> float:
    return float(-np.log(np.maximum(found[np.arange(len(true)), true], 1e-12)).mean())


def _curves(
    scores: npt.NDArray[np.float32], positive: npt.NDArray[np.bool_], languages: Iterable[str]
) -> dict[str, Curve]:
    """One for all languages together, and one for each that has examples enough."""
    names = np.array([*languages], object)
    curves = {ALL: platt(scores.ravel(), positive.ravel())}
    for language in sorted({*names.tolist()} if len({*names.tolist()}) > 1 else ()):
        of, true = scores[names == language].ravel(), positive[names == language].ravel()
        if min(true.sum(), (~true).sum()) >= _LEAST_OF_CURVE:
            curves[language] = platt(of, true)
    return curves


def train_head(
    vectors: Vectors, labels: Sequence[str], *, l2: float
) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
    """Weight (labels by width) and bias of logistic regression; labels in their order as strings.

    The least mean cross entropy plus `l2` halves of the squared weights, by L-BFGS. Raises
    `ValueError` without two labels.
    """
    names = sorted({*labels})
    if len(names) < 2:
        raise ValueError("to train a head takes examples of two labels at least")
    order = sorted(range(len(labels)), key=lambda row: (vectors[row].tobytes(), labels[row]))
    rows = vectors[order].astype(np.float64)
    true = np.zeros((len(labels), len(names)))
    true[np.arange(len(labels)), [names.index(labels[row]) for row in order]] = 1
    width = rows.shape[1]

    def loss(flat: Floats) -> tuple[float, Floats]:
        weight, bias = np.split(flat.reshape(len(names), width + 1), [width], axis=1)
        logits = rows @ weight.T + bias.T
        shares = logits - logsumexp(logits, axis=1, keepdims=True)
        off = (np.exp(shares) - true) / len(rows)
        value = -(shares * true).sum() / len(rows) + l2 / 2 * (weight**2).sum()
        steps = np.column_stack([off.T @ rows + l2 * weight, off.sum(axis=0)])
        return float(value), steps.ravel()

    start = np.zeros(len(names) * (width + 1))
    options = {"maxiter": _MOST_STEPS, "gtol": 1e-6, "ftol": 1e-12}
    found = minimize(loss, start, jac=True, method="L-BFGS-B", options=options).x
    whole = found.reshape(len(names), width + 1).astype(np.float32)
    return whole[:, :width], whole[:, width]
