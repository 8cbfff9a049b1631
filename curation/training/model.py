"""Chosen pages in; a calibrated model, and what it is worth on hosts it has not seen, out."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from classifiers.calibrate import ALL, Curve, isotonic
from classifiers.card import describe
from classifiers.model import Description, Model, Texts
from classifiers.normalise import normalise
from classifiers.train import train
from curation.errors import UserError
from curation.training.config import CALIBRATE, PARTS, TEST, TRAIN, TrainConfig

GOOD, OTHER = "good", "other"
_PAGES_READ, _EPOCHS, _MOST_EPOCHS = 200_000, 10, 100
"""Few pages are read more often, for else a model of them knows nothing."""
_LEAST_PAGES = 10  # of each class, for a curve and for an evaluation
Scores = npt.NDArray[np.float32]


@dataclass(frozen=True)
class Trained:
    """A model, and the pages it was tested on with their `score`."""

    content: bytes
    description: Description
    tested: pa.Table


def train_model(pages: pa.Table, name: str, config: TrainConfig) -> Trained:
    """Trains, calibrates and scores the pages of the test.

    Raises `UserError` where a part has too few pages.
    """
    parts = [pages.filter(pc.equal(pages["part"], part)) for part in range(len(PARTS))]
    for part, of_part in zip(PARTS, parts, strict=True):
        if min(_each(of_part)) < _LEAST_PAGES:
            raise UserError(
                f"for {part} there are {min(_each(of_part))} pages of each class, too few: give"
                " pages of more hosts"
            )
    epochs = {"epoch": min(_MOST_EPOCHS, max(_EPOCHS, _PAGES_READ // parts[TRAIN].num_rows))}
    content = train(
        _examples(parts[TRAIN]),
        parameters={**epochs, **config.parameters},
        features=config.features,
    )
    languages = sorted(parts[TRAIN]["language"].unique().to_pylist())
    raw = describe(name, content, labels=[GOOD], languages=languages, calibration={})
    known = parts[CALIBRATE].append_column("score", [_scores(raw, content, parts[CALIBRATE])])
    described = replace(raw, calibration=_curves(known, config))
    scores = _scores(described, content, parts[TEST])
    return Trained(content, described, _known(parts[TEST].append_column("score", [scores])))


def _each(pages: pa.Table) -> tuple[int, int]:
    """How many pages there are of each class."""
    positive = pc.sum(pages["positive"]).as_py() or 0
    return pages.num_rows - positive, positive


def _examples(pages: pa.Table) -> list[tuple[str, str]]:
    labels = pc.if_else(pages["positive"], GOOD, OTHER).to_pylist()
    texts = normalise(pages["text"].combine_chunks()).to_pylist()
    return list(zip(labels, texts, strict=True))


def _scores(description: Description, content: bytes, pages: pa.Table) -> Scores:
    texts, languages = (pages[name].combine_chunks() for name in ("text", "language"))
    return Model(description, content).probabilities(Texts(texts), languages)[:, 0]


def _known(pages: pa.Table) -> pa.Table:
    """Those that have a score: a text may have no word that the model knows."""
    return pages.filter(pc.invert(pc.is_nan(pages["score"])))


def _curves(pages: pa.Table, config: TrainConfig) -> Mapping[str, Curve]:
    """A curve for all languages together, and one for each that has pages enough."""
    pages = _known(pages)
    curves = {ALL: _curve(pages)}
    for language in sorted(pages["language"].unique().to_pylist()):
        of_language = pages.filter(pc.equal(pages["language"], language))
        if min(_each(of_language)) >= config.curve_pages:
            curves[language] = _curve(of_language)
    return curves


def _curve(pages: pa.Table) -> Curve:
    return isotonic(pages["score"].to_numpy(), pages["positive"].to_numpy())
