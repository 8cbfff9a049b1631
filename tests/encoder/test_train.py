"""Heads over a frozen encoder: what they learn, and that they learn the same in whatever order."""

from __future__ import annotations

import random
from collections.abc import Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from classifiers.card import Card
from classifiers.encoder.card import held_out_section, write_encoder_model
from classifiers.encoder.heads import Linear, probabilities
from classifiers.encoder.model import EncoderModel, read_encoder_description
from classifiers.encoder.train import (
    Example,
    HeadPlan,
    TrainedHeads,
    embedder,
    fold_of,
    train_encoder_heads,
    train_head,
)
from classifiers.training.encoder_vectors import kept
from tests.encoder.small import WORDS, small_bert


def _drawn(count: int) -> tuple[np.ndarray, list[str]]:
    """Three clouds in eight dimensions."""
    rng = np.random.default_rng(1)
    labels = [("x", "y", "z")[number % 3] for number in range(count)]
    middles = {"x": 0, "y": 3, "z": 6}
    rows = rng.normal(size=(count, 8))
    for row, label in zip(rows, labels, strict=True):
        row[middles[label]] += 4
    return rows.astype(np.float32), labels


def test_it_finds_the_least_of_the_loss() -> None:
    vectors, labels = _drawn(90)
    weight, bias = train_head(vectors, labels, l2=0.1)
    shares = probabilities(Linear(weight.astype(float), bias.astype(float)).logits(vectors), None)
    true = np.array([[label == name for name in "xyz"] for label in labels], float)
    # Where the loss is least, its gradient is nothing.
    np.testing.assert_allclose((shares - true).mean(axis=0), 0, atol=1e-5)
    np.testing.assert_allclose((shares - true).T @ vectors / 90 + 0.1 * weight, 0, atol=1e-5)
    assert (shares.argmax(axis=1) == true.argmax(axis=1)).mean() > 0.95


def test_the_order_of_examples_changes_no_bit() -> None:
    vectors, labels = _drawn(60)
    order = random.Random(3).sample(range(60), 60)
    one = train_head(vectors, labels, l2=1e-3)
    two = train_head(vectors[order], [labels[row] for row in order], l2=1e-3)
    assert [part.tobytes() for part in one] == [part.tobytes() for part in two]


def test_one_label_is_none() -> None:
    with pytest.raises(ValueError, match="two labels at least"):
        train_head(np.zeros((3, 2), np.float32), ["x"] * 3, l2=1.0)


def _examples(count: int) -> list[Example]:
    """Good ones have words of the first half; a source in five is in French."""
    rng = random.Random(4)
    found = []
    for number in range(count):
        words = WORDS[:5] if number % 2 else WORDS[5:]
        source = f"site{number % 35}"
        found.append(
            Example(
                " ".join(rng.choices(words, k=8)),
                "good" if number % 2 else "poor",
                "fr" if number % 35 % 5 == 0 else "en",
                source,
                fold_of(source, 3),
            )
        )
    return found


def _trained(folder: Path, examples: Sequence[Example]) -> TrainedHeads:
    checkpoint = small_bert(folder)
    plans = {
        "quality": HeadPlan(examples=examples, scored=("good",), l2=(1e-3, 1e-2)),
        "words": HeadPlan(
            examples=[replace(of, label=of.text.split()[0]) for of in examples],
            scored=WORDS,
            languages=("en",),
            l2=(1e-2,),
        ),
    }
    embed = embedder(checkpoint, max_tokens=16, device="cpu")
    return train_encoder_heads("made", checkpoint, plans, embed, encoder=str(folder), max_tokens=16)


def test_heads_are_trained_calibrated_and_written(tmp_path: Path) -> None:
    trained = _trained(tmp_path / "small", _examples(350))
    held = trained.held_out["quality"]
    right = (held.scores[:, 0] > 0.5) == [of.label == "good" for of in held.examples]
    assert right.mean() > 0.95
    assert {*trained.description.heads["quality"].calibration} == {"", "en"}
    card = Card(
        title="Made", tells="Of a test.", made_by="pytest", licence="none",
        sections={name: held_out_section(of) for name, of in trained.held_out.items()},
    )  # fmt: skip
    write_encoder_model(tmp_path / "out", "made", trained.description, trained.content, card)
    assert {file.name for file in (tmp_path / "out").iterdir()} == {
        "made.json",
        "made.md",
        "made.safetensors",
    }
    described = read_encoder_description((tmp_path / "out" / "made.json").read_bytes())
    content = (tmp_path / "out" / "made.safetensors").read_bytes()
    model = EncoderModel(described, small_bert(tmp_path / "small"), content)
    good, poor = model.probabilities([" ".join(WORDS[:5]), " ".join(WORDS[5:])], ["en", "en"])[
        "quality"
    ][:, 0]
    assert good > 0.9
    assert poor < 0.1
    text = (tmp_path / "out" / "made.md").read_text()
    assert "- **Head `words`:** alpha, beta" in text
    assert "| fr |" in text
    assert "| site3 | 10 |" in text


def test_the_order_of_examples_changes_no_byte_of_the_file(tmp_path: Path) -> None:
    examples = _examples(120)
    one = _trained(tmp_path / "small", examples)
    two = _trained(tmp_path / "small", examples[::-1])
    assert one.content == two.content
    assert one.description == two.description


def test_vectors_are_made_once(tmp_path: Path) -> None:
    asked: list[str] = []

    def embed(texts: Sequence[str]) -> np.ndarray:
        asked.extend(texts)
        return np.array([[len(text), 1] for text in texts], np.float32)

    found = kept(embed, tmp_path, "length")
    assert found(["a", "bcd"]).tolist() == [[1, 1], [3, 1]]
    assert found(["bcd", "ef"]).tolist() == [[3, 1], [2, 1]]
    assert asked == ["a", "bcd", "ef"]
