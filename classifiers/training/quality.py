"""Makes the model `quality`: text that an encyclopaedia would refer to.

Usage: `python -m classifiers.training.quality CACHE --output classifiers/models`

In: packages, which are fetched into CACHE. Out: the model, its description and its card. Two more
models are trained on halves that share no source, phrase or rule; how each scores the other half
calibrates the bundled one, says which languages it is for, and is what the card reports.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Iterator, Sequence
from importlib import resources
from pathlib import Path

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from classifiers import card
from classifiers.calibrate import Curve, platt
from classifiers.evaluate import Estimate, auc, by_group, precision_at
from classifiers.fasttext_model import FastTextModel
from classifiers.normalise import normalise
from classifiers.train import train
from classifiers.training.quality_data import (
    EVERYTHING,
    GOOD,
    HALVES,
    Example,
    Material,
    examples_of,
    read_material,
    recipe,
)

NAME = "quality"
PARAMETERS = {"dim": 8, "epoch": 3, "lr": 0.1}
_FEATURES = 60_000
_LEAST = 50  # held-out texts of a language, good and poor each, without which it is not listed
_LEAST_AREA = 0.9  # the low end of its interval

Scores = npt.NDArray[np.float32]


class HeldOut:
    """Texts with the scores of a model that saw neither their source nor their phrases or rule."""

    def __init__(self, examples: Sequence[Example], scores: Scores) -> None:
        self.examples = examples
        self.scores = scores
        self.good = np.array([example.label == GOOD for example in examples])
        self.languages = [example.language for example in examples]
        self.sources = [example.source for example in examples]

    def area(self, rows: npt.NDArray[np.int64]) -> Estimate:
        """The area under the curve of some of them."""
        return auc(self.scores[rows], self.good[rows])

    def known(self) -> dict[str, npt.NDArray[np.int64]]:
        """The rows of each language in which it is shown that good texts come before poor ones."""
        found = by_group(self.languages, lambda rows: rows)
        return {
            language: rows
            for language, rows in found.items()
            if min(self.good[rows].sum(), (~self.good[rows]).sum()) >= _LEAST
            and self.area(rows).low >= _LEAST_AREA
        }


def main() -> None:
    """Trains, calibrates and writes."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("cache", type=Path, metavar="CACHE")
    parser.add_argument("--output", type=Path, default=Path("classifiers/models"))
    options = parser.parse_args()
    material = read_material(options.cache)
    examples = examples_of(material, EVERYTHING)
    content = _train(examples)
    held_out = _held_out(material)
    known = held_out.known()
    described = card.describe(
        NAME, content, labels=[GOOD], languages=known, calibration=_curves(held_out, known)
    )
    card.write(options.output, NAME, content, described, _card(examples, held_out, known))


def _train(examples: Sequence[Example]) -> bytes:
    texts = normalise(pa.array([example.text for example in examples])).to_pylist()
    labelled = ((example.label, text) for example, text in zip(examples, texts, strict=True))
    return train(labelled, parameters=PARAMETERS, features=_FEATURES)


def _held_out(material: Material) -> HeldOut:
    examples, scores = [], []
    for half, other in (HALVES, HALVES[::-1]):
        model = FastTextModel(_train(examples_of(material, half)))
        of_other = examples_of(material, other)
        texts = normalise(pa.array([example.text for example in of_other]))
        examples += of_other
        scores.append(model.probabilities(texts)[:, model.labels.index(GOOD)])
    return HeldOut(examples, np.concatenate(scores))


def _curves(held_out: HeldOut, known: dict[str, npt.NDArray[np.int64]]) -> dict[str, Curve]:
    return {
        language: platt(held_out.scores[rows], held_out.good[rows])
        for language, rows in known.items()
    }


# The card ----------------------------------------------------------------------------------------


def _card(
    examples: Sequence[Example], held_out: HeldOut, known: dict[str, npt.NDArray[np.int64]]
) -> card.Card:
    notes = resources.files("classifiers.training").joinpath("quality_notes.md").read_text("utf-8")
    tells, worth, limits = notes.split("\n## ")
    return card.Card(
        title="quality",
        tells=tells.strip(),
        made_by="python -m classifiers.training.quality CACHE --output classifiers/models",
        licence="Apache-2.0, as the repository. Of the texts it holds words and pairs of words alone.",
        sections={
            "What it is worth on pages": worth.split("\n", 1)[1],
            "Data": _data(examples),
            "Texts of sources that it has not seen": _unseen(held_out, known),
            "Limits": limits.split("\n", 1)[1],
        },
    )


def _data(examples: Sequence[Example]) -> str:
    packages, of = recipe()
    read = [*of["prose"], *of["poor"]]
    licences = {part["source"]: packages[part["package"]].licence for part in read}
    names: dict[str, set[str]] = {}
    for part in read:
        names.setdefault(part["source"], set()).add(part["package"])
    counts = Counter((example.source, example.label) for example in examples)
    languages = {(example.source, example.language) for example in examples}
    rows = [
        (
            source,
            ", ".join(sorted(names.get(source, {"rule"}))),
            licences.get(source, ""),
            sum(of == source for of, _ in languages),
            label,
            count,
        )
        for (source, label), count in sorted(counts.items(), key=lambda found: (found[0][1], found))
    ]
    sites = {f"{part['package']} ({packages[part['package']].licence})" for part in of["furniture"]}
    return "\n\n".join([
        card.table(("source", "package", "licence", "languages", "label", "texts"), rows),
        f"Phrases of user interfaces, in the languages of the texts: {', '.join(sorted(sites))}; "
        "English ones also from `quality_phrases.txt`, which was written for this model. Packages, "
        "files and checksums: `classifiers/training/quality.yaml`.",
    ])


def _unseen(held_out: HeldOut, known: dict[str, npt.NDArray[np.int64]]) -> str:
    of_language = by_group(held_out.languages, lambda rows: rows)
    rows = [
        (
            language if language in known else f"({language})",
            int(held_out.good[rows].sum()),
            int((~held_out.good[rows]).sum()),
            held_out.area(rows),
            f"{precision_at(held_out.scores[rows], held_out.good[rows], 0.25):.3f}",
        )
        for language, rows in of_language.items()
        if min(held_out.good[rows].sum(), (~held_out.good[rows]).sum()) >= _LEAST
    ]
    return "\n\n".join([
        "Each half of sources, phrases and rules is scored by a model of the other half. Languages "
        "in brackets are not listed: good and poor are not told apart surely enough.",
        card.table(("language", "good", "poor", "AUC", "precision of the best quarter"), rows),
        "English by source: good texts of a source beside all poor texts of its half, poor texts of "
        "a source or rule beside all good ones.",
        card.table(("source", "texts", "AUC"), _of_sources(held_out)),
    ])


def _of_sources(held_out: HeldOut) -> Iterator[tuple[str, int, Estimate]]:
    english = np.array(held_out.languages) == "en"
    sources = np.array(held_out.sources)
    for half in HALVES:
        of_half = english & np.array([half.has(source) for source in held_out.sources])
        for source in sorted({*sources[of_half].tolist()}):
            own = of_half & (sources == source)
            others = of_half & (held_out.good != held_out.good[own][0])
            yield source, int(own.sum()), held_out.area(np.flatnonzero(own | others))


if __name__ == "__main__":
    main()
