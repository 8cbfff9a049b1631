"""The card of `quality`: examples and held-out scores in, tables and notes for people out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from importlib import resources

import numpy as np
import numpy.typing as npt

from classifiers import card
from classifiers.evaluate import Estimate, auc, by_group, precision_at
from classifiers.training.quality_data import GOOD, HALVES, Example
from classifiers.training.quality_material import recipe

Scores = npt.NDArray[np.float32]
Rows = npt.NDArray[np.int64]
_LEAST = 50  # held-out texts of a language, good and poor each, without which it is not listed
_LEAST_AREA = 0.75  # the low end of its interval
_OF_LANGUAGES = """Each half of sources, phrases and rules is scored by a model of the other half,
not quantised. Languages in brackets are not listed: good and poor are not told apart surely."""
_OF_SOURCES = """English by source: good texts of a source beside all poor texts of its half, poor
texts of a source or rule beside all good ones."""


class HeldOut:
    """Texts with the scores of a model that saw neither their source nor their phrases or rule."""

    def __init__(self, examples: Sequence[Example], scores: Scores) -> None:
        self.examples = examples
        self.scores = scores
        self.good = np.array([example.label == GOOD for example in examples])
        self.languages = [example.language for example in examples]
        self.sources = [example.source for example in examples]

    def area(self, rows: Rows) -> Estimate:
        """The area under the curve of some of them."""
        return auc(self.scores[rows], self.good[rows])

    def known(self) -> dict[str, Rows]:
        """The rows of each language in which it is shown that good texts come before poor ones."""
        found = by_group(self.languages, lambda rows: rows)
        return {
            language: rows
            for language, rows in found.items()
            if min(self.good[rows].sum(), (~self.good[rows]).sum()) >= _LEAST
            and self.area(rows).low >= _LEAST_AREA
        }


def write_card(
    examples: Sequence[Example], held_out: HeldOut, known: Mapping[str, Rows]
) -> card.Card:
    """What the model was trained on, and what models of its kind are worth on unseen sources."""
    file = resources.files("classifiers.training").joinpath("quality_notes.md")
    notes = file.read_text("utf-8")
    tells, worth, limits = notes.split("\n## ")
    return card.Card(
        title="quality",
        tells=tells.strip(),
        made_by="python -m classifiers.training.quality CACHE --output classifiers/models",
        licence="Apache-2.0, as the repository. It holds words, and hashes of pairs of words.",
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
    used = sorted({part["package"] for part in of["furniture"]})
    sites = [f"{name} ({packages[name].licence})" for name in used]
    phrases = (
        f"Phrases of user interfaces, in the languages of the texts: {', '.join(sites)}; "
        "English ones also from `quality_phrases.txt`, which was written for this model. "
        "Packages, files and checksums: `classifiers/training/quality.yaml`."
    )
    header = ("source", "package", "licence", "languages", "label", "texts")
    return f"{card.table(header, rows)}\n\n{phrases}"


def _unseen(held_out: HeldOut, known: Mapping[str, Rows]) -> str:
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
    header = ("language", "good", "poor", "AUC", "precision of the best quarter")
    of_sources = card.table(("source", "texts", "AUC"), _of_sources(held_out))
    return f"{_OF_LANGUAGES}\n\n{card.table(header, rows)}\n\n{_OF_SOURCES}\n\n{of_sources}"


def _of_sources(held_out: HeldOut) -> Iterator[tuple[str, int, Estimate]]:
    english = np.array(held_out.languages) == "en"
    sources = np.array(held_out.sources)
    for half in HALVES:
        of_half = english & np.array([half.has(source) for source in held_out.sources])
        for source in sorted({*sources[of_half].tolist()}):
            own = of_half & (sources == source)
            others = of_half & (held_out.good != held_out.good[own][0])
            yield source, int(own.sum()), held_out.area(np.flatnonzero(own | others))
