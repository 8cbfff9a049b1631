"""A student: judged pages in; a calibrated model of an encoder, and its scores of them, out.

Either a frozen encoder of sentences with a trained head, or a checkpoint all of whose weights are
trained. It learns whether a page is positive from the training pages, how strongly it is held back
and its curves from the calibration pages, and sees neither of the test's.
"""

from __future__ import annotations

import hashlib
import os
from collections import Counter
from collections.abc import Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from classifiers.calibrate import ALL, Curve, calibrate, platt
from classifiers.encoder.checkpoint import MINILM, Checkpoint, open_checkpoint
from classifiers.encoder.device import open_device
from classifiers.encoder.heads import Linear, probabilities, write_heads
from classifiers.encoder.model import EncoderDescription, EncoderModel, HeadDescription
from classifiers.encoder.tokenise import Tokeniser
from classifiers.encoder.train import L2, embedder, train_head
from curation.annotation.config import LEAST_PAGES, StudentConfig
from curation.annotation.rubric import Head
from curation.errors import UserError
from curation.training.config import CALIBRATE, PARTS, TRAIN

Scores = npt.NDArray[np.float32]
OTHER = "other"
LABELS: dict[Head, str] = {"quality": "good", "math": "math", "code": "code"}
"""What a head calls positive pages; its labels are in order as strings."""
_CURVE_PAGES = 50  # of each class, for a curve of a language


@dataclass(frozen=True)
class Student:
    """A model, and its calibrated scores of the pages, NaN of those that it was trained on.

    `content` is the file of its head; None where a checkpoint, the folder NAME, has it.
    """

    description: EncoderDescription
    content: bytes | None
    scores: Scores
    how: str


def learnable(pages: pa.Table) -> pa.Table:
    """Those in languages that have positive and other pages enough among the training pages."""
    train = pages.filter(pc.equal(pages["part"], TRAIN))
    counted = train.group_by(["language", "positive"]).aggregate([([], "count_all")]).to_pylist()
    enough = Counter(row["language"] for row in counted if row["count_all"] >= LEAST_PAGES)
    known = [language for language, classes in enough.items() if classes == len({True, False})]
    return pages.filter(pc.is_in(pages["language"], value_set=pa.array(known, pa.string())))


def require_pages(pages: pa.Table, *, judged: int, advice: str) -> None:
    """Raises `UserError`, with the `advice`, where a part has too few positive or other pages.

    `judged` are all, in whatever language.
    """
    for part, name in enumerate(PARTS):
        of = pages.filter(pc.equal(pages["part"], part))
        positive = pc.sum(of["positive"]).as_py() or 0
        if min(positive, of.num_rows - positive) < LEAST_PAGES:
            raise UserError(
                f"{judged:,} pages were judged; for {name} there are, in languages with enough,"
                f" {positive:,} positive and {of.num_rows - positive:,} other: it takes"
                f" {LEAST_PAGES} of each. {advice}"
            )


def train_student(
    pages: pa.Table, head: Head, name: str, config: StudentConfig, *, folder: Path
) -> Student:
    """Trains and calibrates; a checkpoint that is trained is written to `folder/NAME`.

    `pages` are of `learnable`. Raises `UserError` for an encoder that cannot be read.
    """
    checkpoint = open_student(config)
    if config.fine_tune:
        learnt = _fine_tuned(pages, head, config, checkpoint, output=folder / name)
    else:
        learnt = _frozen(pages, head, name, config, checkpoint)
    languages, curves = pages["language"].to_pylist(), _curves(pages, learnt.scores)
    scores = calibrate(learnt.scores[:, None], languages, known=None, curves=curves)[:, 0]
    calibrated = replace(learnt.description.heads[head], calibration=curves)
    description = replace(learnt.description, heads={head: calibrated})
    return replace(learnt, description=description, scores=scores)


def open_student(config: StudentConfig) -> Checkpoint:
    """The checkpoint to begin with; raises `UserError` where it cannot be read, or be so used."""
    try:
        checkpoint = open_checkpoint(_encoder(config))
        Tokeniser(checkpoint, max_tokens=config.max_tokens)
        open_device(config.device)
    except (ValueError, OSError) as error:
        raise UserError(f"--student {error}") from error
    return checkpoint


def _encoder(config: StudentConfig) -> str:
    """How a description names it."""
    if config.student == "minilm":
        return MINILM
    return os.path.abspath(config.student) if os.path.isdir(config.student) else config.student


def _frozen(
    pages: pa.Table, head: Head, name: str, config: StudentConfig, checkpoint: Checkpoint
) -> Student:
    """A head over vectors; held back as suits the calibration pages best."""
    embed = embedder(checkpoint, max_tokens=config.max_tokens, device=config.device)
    vectors = embed(pages["text"].to_pylist())
    labels = _labels(pages, head)
    parts = pages["part"].to_numpy()
    train = np.flatnonzero(parts == TRAIN)
    tried = {l2: _trained(vectors[train], labels[train].tolist(), l2) for l2 in L2}
    column = sorted(set(labels.tolist())).index(LABELS[head])
    scored = {l2: probabilities(of.logits(vectors), None)[:, column] for l2, of in tried.items()}
    best = min(L2, key=lambda l2: _loss(scored[l2], pages))
    content = write_heads({head: tried[best]})
    description = EncoderDescription(
        encoder=_encoder(config),
        encoder_sha256=checkpoint.sha256,
        max_tokens=config.max_tokens,
        file=f"{name}.safetensors",
        sha256=hashlib.sha256(content).hexdigest(),
        heads={head: _described(pages, head)},
    )
    scores = np.where(parts == TRAIN, np.nan, scored[best]).astype(np.float32)
    how = f"a linear head over the frozen vectors of `{_encoder(config)}`, l2 {best:g}"
    return Student(description, content, scores, how)


def _fine_tuned(
    pages: pa.Table, head: Head, config: StudentConfig, checkpoint: Checkpoint, *, output: Path
) -> Student:
    """All weights, by the training pages."""
    from classifiers.encoder.fine_tune import FineTuneConfig, fine_tune

    is_train = pages["part"].to_numpy() == TRAIN
    texts, labels = np.array(pages["text"].to_pylist(), object), _labels(pages, head)
    names = ("epochs", "learning_rate", "max_tokens", "device")
    tuning = FineTuneConfig(**{name: getattr(config, name) for name in names})
    examples = list(zip(texts[is_train].tolist(), labels[is_train].tolist(), strict=True))
    fine_tune(checkpoint, examples, output=output, config=tuning)
    trained = open_checkpoint(str(output))
    description = EncoderDescription(
        encoder=output.name,
        encoder_sha256=trained.sha256,
        pooling="own",
        max_tokens=config.max_tokens,
        heads={head: _described(pages, head)},
    )
    model = EncoderModel(description, trained, None, device=config.device)
    languages = pages.filter(pa.array(~is_train))["language"].to_pylist()
    scores = np.full(len(texts), np.nan, np.float32)
    scores[~is_train] = model.probabilities(texts[~is_train].tolist(), languages)[head][:, 0]
    how = f"`{config.student}`, all weights trained in {config.epochs} epochs"
    return Student(description, None, scores, how)


def _trained(vectors: Scores, labels: list[str], l2: float) -> Linear:
    weight, bias = train_head(vectors, labels, l2=l2)
    return Linear(weight.astype(np.float64), bias.astype(np.float64))


def _labels(pages: pa.Table, head: Head) -> npt.NDArray[np.object_]:
    return np.where(pages["positive"].to_numpy(), LABELS[head], OTHER).astype(object)


def _described(pages: pa.Table, head: Head) -> HeadDescription:
    """For the languages it has seen: of others it knows nothing."""
    train = pages.filter(pc.equal(pages["part"], TRAIN))
    languages = tuple(sorted(set(train["language"].to_pylist())))
    labels = tuple(sorted([LABELS[head], OTHER]))
    return HeadDescription(labels=labels, scored=(LABELS[head],), languages=languages)


def _loss(scores: npt.NDArray[np.float64], pages: pa.Table) -> float:
    """The mean cross entropy of the calibration pages."""
    of = pages["part"].to_numpy() == CALIBRATE
    right = np.where(pages["positive"].to_numpy(), scores, 1 - scores)[of]
    return float(-np.log(np.maximum(right, 1e-12)).mean())


def _curves(pages: pa.Table, scores: Scores) -> Mapping[str, Curve]:
    """One for all languages together, and one for each that has pages enough."""
    of = (pages["part"].to_numpy() == CALIBRATE) & ~np.isnan(scores)
    positive = pages["positive"].to_numpy()
    languages = np.array(pages["language"].to_pylist(), object)
    curves = {ALL: platt(scores[of], positive[of])}
    for language in sorted(set(languages[of].tolist())):
        rows = of & (languages == language)
        if min(positive[rows].sum(), (~positive[rows]).sum()) >= _CURVE_PAGES:
            curves[language] = platt(scores[rows], positive[rows])
    return curves
