"""Makes the model `quality`: text that an encyclopaedia would refer to.

Usage: `python -m classifiers.training.quality CACHE --output classifiers/models`

In: packages, which are fetched into CACHE. Out: the model, its description and its card. Two more
models are trained on halves that share no source, phrase or rule; how each scores the other half
calibrates the bundled one, says which languages it is for, and is what the card reports.
"""

from __future__ import annotations

import argparse
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np
import pyarrow as pa

from classifiers import card
from classifiers.calibrate import Curve, platt
from classifiers.fasttext_model import FastTextModel
from classifiers.normalise import normalise
from classifiers.train import train
from classifiers.training.quality_card import HeldOut, Rows, write_card
from classifiers.training.quality_data import EVERYTHING, GOOD, HALVES, Example, examples_of
from classifiers.training.quality_material import Material, read_material

NAME = "quality"
PARAMETERS = {"dim": 8, "epoch": 3, "lr": 0.1}
_FEATURES = 120_000


def main() -> None:
    """Trains, calibrates and writes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cache", type=Path, metavar="CACHE")
    parser.add_argument("--output", type=Path, default=Path("classifiers/models"))
    options = parser.parse_args()
    material = read_material(options.cache)
    examples = examples_of(material, EVERYTHING)
    content = _train(examples, features=_FEATURES)
    held_out = _held_out(material)
    known = held_out.known()
    described = card.describe(
        NAME, content, labels=[GOOD], languages=known, calibration=_curves(held_out, known)
    )
    card.write(options.output, NAME, content, described, write_card(examples, held_out, known))


def _train(examples: Sequence[Example], *, features: int | None = None) -> bytes:
    texts = normalise(pa.array([example.text for example in examples])).to_pylist()
    labelled = ((example.label, text) for example, text in zip(examples, texts, strict=True))
    return train(labelled, parameters=PARAMETERS, features=features)


def _held_out(material: Material) -> HeldOut:
    examples, scores = [], []
    for half, other in (HALVES, HALVES[::-1]):
        model = FastTextModel(_train(examples_of(material, half)))
        of_other = examples_of(material, other)
        texts = normalise(pa.array([example.text for example in of_other]))
        examples += of_other
        scores.append(model.probabilities(texts)[:, model.labels.index(GOOD)])
    return HeldOut(examples, np.concatenate(scores))


def _curves(held_out: HeldOut, known: Mapping[str, Rows]) -> dict[str, Curve]:
    return {
        language: platt(held_out.scores[rows], held_out.good[rows])
        for language, rows in known.items()
    }


if __name__ == "__main__":
    main()
