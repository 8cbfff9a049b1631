"""Vectors of a real encoder: sentences that say the same are found, others stay."""

from __future__ import annotations

import numpy as np
import pytest

from classifiers.encoder.checkpoint import MINILM, open_checkpoint
from classifiers.encoder.encoder import Encoder
from classifiers.encoder.tokenise import Tokeniser
from curation.semantic.judge import NONE, judge
from curation.semantic.vectors import Bytes

SAID_TWICE = [
    (
        "The river rises in the hills north of the town and flows south to the sea.",
        "From the hills north of the town, where it rises, the river flows south to the sea.",
    ),
    (
        "Bake the bread for forty minutes at 220 degrees, and let it cool on a rack.",
        "Let the bread cool on a rack after you have baked it at 220 degrees for forty minutes.",
    ),
    (
        "The court ruled on Monday that the new tax on sugar is lawful.",
        "On Monday the court decided that the new sugar tax is lawful.",
    ),
    (
        "To install the package, run the command as root and restart the server.",
        "Run the command as root to install the package, then restart the server.",
    ),
    (
        "Every prime number greater than two is odd.",
        "All prime numbers that are greater than two are odd.",
    ),
    (
        "Penguins cannot fly, but they are excellent swimmers.",
        "Although penguins are unable to fly, they swim excellently.",
    ),
]


@pytest.fixture(scope="module")
def vectors() -> Bytes:
    """Of all first sentences, and then of all second ones."""
    checkpoint = open_checkpoint(MINILM)
    texts = [*(first for first, _ in SAID_TWICE), *(second for _, second in SAID_TWICE)]
    tokens = Tokeniser(checkpoint, max_tokens=64).tokens(texts)
    made: Bytes = np.rint(127 * Encoder(checkpoint, pooling="mean").outputs(tokens)).astype(np.int8)
    return made


def test_paraphrases_go_and_others_stay(vectors: Bytes) -> None:
    keepers = judge(vectors, np.ones(len(vectors), bool), 0.8).keepers.tolist()
    pairs = len(SAID_TWICE)
    assert keepers == [NONE] * pairs + list(range(pairs))


def test_none_is_so_similar_as_to_be_the_same_text(vectors: Bytes) -> None:
    keepers = judge(vectors, np.ones(len(vectors), bool), 0.995).keepers
    assert (keepers == NONE).all()
