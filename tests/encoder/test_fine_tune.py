"""All weights of a small real encoder learn a simple rule."""

from __future__ import annotations

import random
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from classifiers.encoder.checkpoint import open_checkpoint
from classifiers.encoder.fine_tune import FineTuneConfig, fine_tune
from classifiers.encoder.model import EncoderModel
from classifiers.encoder.own import described_checkpoint
from tests.encoder.small import WORDS, small_bert

CONFIG = FineTuneConfig(epochs=8, learning_rate=2e-3, batch_size=16, device="cpu", max_tokens=32)


def _texts(seed: int, count: int) -> list[str]:
    """Words in any order; half of the texts have the word `alpha`."""
    rng = random.Random(seed)
    texts = []
    for number in range(count):
        words = rng.choices(WORDS[1:], k=rng.randint(4, 12))
        if number % 2:
            words[rng.randrange(len(words))] = "alpha"
        texts.append(" ".join(words))
    return texts


def _label(text: str) -> str:
    return "good" if "alpha" in text.split() else "bad"


def _value(text: str) -> float:
    return 1 + 3 * text.split().count("alpha")


def _right(folder: Path) -> float:
    checkpoint = open_checkpoint(str(folder))
    model = EncoderModel(described_checkpoint(checkpoint, label="good"), checkpoint, None)
    texts = _texts(2, 200)
    found = model.probabilities(texts, [None] * 200)["quality"][:, 0] > 0.5
    return float(np.mean(found == [_label(text) == "good" for text in texts]))


def test_it_learns_a_rule_that_it_did_not_know(tmp_path: Path) -> None:
    begun = small_bert(tmp_path / "begun", ("bad", "good"))
    assert _right(begun.folder) < 0.7
    examples = [(text, _label(text)) for text in _texts(1, 300)]
    fine_tune(begun, examples, output=tmp_path / "made", config=CONFIG)
    assert _right(tmp_path / "made") > 0.97


def test_values_make_a_regression_of_an_encoder_without_a_head(tmp_path: Path) -> None:
    begun = small_bert(tmp_path / "begun")
    examples = [(text, _value(text)) for text in _texts(1, 300)]
    fine_tune(begun, examples, output=tmp_path / "made", config=CONFIG)
    checkpoint = open_checkpoint(str(tmp_path / "made"))
    model = EncoderModel(described_checkpoint(checkpoint, bounds=(0, 5)), checkpoint, None)
    assert model.labels("quality") == ("score",)
    texts = _texts(2, 100)
    found = model.probabilities(texts, [None] * 100)["quality"][:, 0] * 5
    assert np.abs(found - [_value(text) for text in texts]).mean() < 0.4


def test_the_order_of_examples_changes_no_weight(tmp_path: Path) -> None:
    begun = small_bert(tmp_path / "begun")
    examples = [(text, _label(text)) for text in _texts(1, 40)]
    config = replace(CONFIG, epochs=1)
    fine_tune(begun, examples, output=tmp_path / "one", config=config)
    fine_tune(begun, examples[::-1], output=tmp_path / "two", config=config)
    one, two = (open_checkpoint(str(tmp_path / name)).sha256 for name in ("one", "two"))
    assert one == two != begun.sha256


def test_what_it_cannot_train_it_refuses(tmp_path: Path) -> None:
    begun = small_bert(tmp_path / "begun")
    with pytest.raises(ValueError, match="two labels or values at least"):
        fine_tune(begun, [("alpha", "good")], output=tmp_path / "made", config=CONFIG)
    with pytest.raises(ValueError, match="begun: is there already"):
        fine_tune(begun, [("alpha", "a"), ("beta", "b")], output=tmp_path / "begun")
