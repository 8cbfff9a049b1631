"""A model of an encoder: strict files, several heads in one pass, pages of several windows."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow as pa
import pytest
from safetensors.numpy import save

from classifiers.calibrate import Curve
from classifiers.encoder.checkpoint import Checkpoint
from classifiers.encoder.heads import Linear, probabilities, write_heads
from classifiers.encoder.model import (
    EncoderDescription,
    EncoderModel,
    HeadDescription,
    read_encoder_description,
    write_encoder_description,
)
from classifiers.encoder.own import described_checkpoint
from classifiers.encoder.tokenise import Tokeniser
from tests.encoder.small import WORDS, small_bert

WIDTH = 32
HEADS = {
    "quality": HeadDescription(labels=("good", "poor"), scored=("good",), languages=("en",)),
    "code": HeadDescription(labels=("code",), scored=("code",)),
    "topics": HeadDescription(labels=("a", "b", "c"), scored=("c", "a", "b")),
    "level": HeadDescription(labels=("level",), scored=("level",), bounds=(-2.0, 2.0)),
}


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Checkpoint:
    return small_bert(tmp_path_factory.mktemp("small") / "bert")


@pytest.fixture(scope="module")
def model(checkpoint: Checkpoint) -> EncoderModel:
    return _model(checkpoint, write_heads(_linear()))


def _linear() -> dict[str, Linear]:
    rng = np.random.default_rng(1)
    sizes = {name: len(head.labels) for name, head in HEADS.items()}
    return {
        name: Linear(rng.normal(size=(size, WIDTH)), rng.normal(size=size))
        for name, size in sizes.items()
    }


def _described(
    checkpoint: Checkpoint, content: bytes, heads: Mapping[str, HeadDescription] = HEADS
) -> EncoderDescription:
    return EncoderDescription(
        encoder="small",
        encoder_sha256=checkpoint.sha256,
        max_tokens=16,
        file="small.safetensors",
        sha256=hashlib.sha256(content).hexdigest(),
        heads=heads,
    )


def _model(
    checkpoint: Checkpoint, content: bytes, heads: Mapping[str, HeadDescription] = HEADS
) -> EncoderModel:
    return EncoderModel(
        _described(checkpoint, content, heads), checkpoint, content, device="cpu", precision="fp32"
    )


def _texts(count: int) -> list[str]:
    rng = np.random.default_rng(2)
    return [" ".join(rng.choice(WORDS, rng.integers(1, 14))) for _ in range(count)]


def test_several_heads_in_one_pass(model: EncoderModel) -> None:
    assert model.heads == ("quality", "code", "topics", "level")
    assert model.labels("topics") == ("c", "a", "b")
    found = model.probabilities(pa.array(_texts(9)), ["en"] * 9)
    assert {name: scores.shape for name, scores in found.items()} == {
        "quality": (9, 1),
        "code": (9, 1),
        "topics": (9, 3),
        "level": (9, 1),
    }
    assert {str(scores.dtype) for scores in found.values()} == {"float32"}
    np.testing.assert_allclose(found["topics"].sum(axis=1), 1, rtol=1e-6)


def test_softmax_logistic_and_bounds() -> None:
    logits = np.array([[0.0, np.log(3)], [1000.0, 0.0]])
    np.testing.assert_allclose(probabilities(logits, None), [[0.25, 0.75], [1.0, 0.0]])
    np.testing.assert_allclose(probabilities(np.array([[np.log(3)]]), None), [[0.75]])
    values = np.array([[-1.0], [0.0], [2.0], [5.0], [9.0]])
    np.testing.assert_allclose(probabilities(values, (0, 5))[:, 0], [0.0, 0.0, 0.4, 1.0, 1.0])
    np.testing.assert_allclose(probabilities(values, (5, 0))[:, 0], [1.0, 1.0, 0.6, 0.0, 0.0])


def test_pages_without_a_score(model: EncoderModel) -> None:
    found = model.probabilities(
        ["alpha", "", None, "alpha", "alpha"], ["en", "en", "en", "de", None]
    )
    assert np.isnan(found["quality"][:, 0]).tolist() == [False, True, True, True, True]
    assert np.isnan(found["code"][:, 0]).tolist() == [False, True, True, False, False]


def test_a_language_has_its_curve_or_that_of_all(checkpoint: Checkpoint) -> None:
    low, high = Curve((0.0, 1.0), (0.0, 0.1)), Curve((0.0, 1.0), (0.5, 1.0))
    raw = HeadDescription(labels=("code",), scored=("code",))
    content = write_heads({"code": _linear()["code"]})
    curved = {"code": replace(raw, calibration={"": low, "de": high})}
    before = _model(checkpoint, content, {"code": raw}).probabilities(["alpha"] * 2, ["en", "de"])
    after = _model(checkpoint, content, curved).probabilities(["alpha"] * 2, ["en", "de"])
    one = before["code"][0, 0]
    np.testing.assert_allclose(after["code"][:, 0], [one * 0.1, 0.5 + one / 2], rtol=1e-5)


@pytest.mark.parametrize("long_pages", ["mean", "max"])
def test_windows_of_a_page_are_combined(
    model: EncoderModel, checkpoint: Checkpoint, long_pages: str
) -> None:
    texts = ["alpha beta " * 20, "gamma", "", "delta zeta eta " * 9]
    tokens = Tokeniser(checkpoint, max_tokens=16, long_pages="mean", max_windows=3).tokens(texts)
    assert np.bincount(tokens.page, minlength=4).tolist() == [3, 1, 0, 2]
    found = model.score(tokens, ["en"] * 4, long_pages=long_pages, vectors=True)  # type: ignore[arg-type]
    alone = model.score(replace(tokens, page=np.arange(6, dtype=np.int32), pages=6), ["en"] * 6)
    combine = np.mean if long_pages == "mean" else np.max
    for name, scores in alone.heads.items():
        parts = [scores[:3], scores[3:4], scores[4:]]
        expected = [combine(part.astype(float), axis=0) for part in parts]
        np.testing.assert_allclose(found.heads[name][[0, 1, 3]], expected, rtol=1e-6)
        assert np.isnan(found.heads[name][2]).all()
    assert found.tokens.tolist() == [int(tokens.lengths[tokens.page == n].sum()) for n in range(4)]
    assert found.vectors is not None
    np.testing.assert_allclose(np.linalg.norm(found.vectors, axis=1), [1, 1, 0, 1], rtol=1e-6)


def test_a_page_has_the_same_scores_beside_whatever_others(model: EncoderModel) -> None:
    texts = _texts(40)
    whole = model.probabilities(texts, ["en"] * 40)
    for rows in ([0], [39, 3], list(range(5, 33))):
        part = model.probabilities([texts[row] for row in rows], ["en"] * len(rows))
        for name, scores in part.items():
            assert scores.tobytes() == whole[name][rows].tobytes()


def test_the_arithmetic_of_a_row_does_not_depend_on_how_many_there_are() -> None:
    rng = np.random.default_rng(3)
    vectors = rng.normal(size=(257, 384)).astype(np.float32)
    head = Linear(rng.normal(size=(7, 384)), rng.normal(size=7))
    whole = probabilities(head.logits(vectors), None)
    for size in (1, 2, 3, 8, 100):
        parts = [
            probabilities(head.logits(vectors[at : at + size]), None)
            for at in range(0, len(vectors), size)
        ]
        assert np.concatenate(parts).tobytes() == whole.tobytes()


def _tensors(**changes: np.ndarray) -> bytes:
    tensors: dict[str, np.ndarray] = {
        "code.weight": np.zeros((1, WIDTH), np.float16),
        "code.bias": np.zeros(1, np.float32),
    }
    return save(tensors | {name.replace("_", "."): found for name, found in changes.items()})


@pytest.mark.parametrize(
    ("content", "message"),
    [
        (b"nothing", "no file of safetensors"),
        (_tensors(code_bias=np.zeros(2, np.float32)), r"'code.bias' has the shape \(2,\)"),
        (_tensors(code_weight=np.zeros((1, 31), np.float32)), r"expected \(1, 32\)"),
        (_tensors(code_bias=np.zeros(1, np.float64)), "'code.bias' is float64"),
        (_tensors(code_bias=np.full(1, np.nan, np.float32)), "'code.bias' has values that are not"),
        (_tensors(math_bias=np.zeros(1, np.float32)), "has the unknown tensor 'math.bias'"),
        (save({"code.bias": np.zeros(1, np.float32)}), "has no tensor 'code.weight'"),
    ],
)
def test_files_that_are_not_those_described(
    checkpoint: Checkpoint, content: bytes, message: str
) -> None:
    with pytest.raises(ValueError, match=f"^small.safetensors: .*{message}[^\n]*$"):
        _model(checkpoint, content, {"code": HEADS["code"]})


def test_files_that_are_others(checkpoint: Checkpoint) -> None:
    content = write_heads(_linear())
    described = _described(checkpoint, content)
    with pytest.raises(ValueError, match=r"small\.safetensors: sha256 is"):
        EncoderModel(described, checkpoint, content + b" ")
    with pytest.raises(ValueError, match=r"small: sha256 is .* expected another encoder"):
        EncoderModel(replace(described, encoder_sha256="0" * 64), checkpoint, content)
    with pytest.raises(ValueError, match="small: no file of heads"):
        EncoderModel(described, checkpoint, None)


@pytest.mark.parametrize(
    ("head", "message"),
    [
        (HeadDescription(labels=("a",), scored=("b",)), "has no label 'b'"),
        (HeadDescription(labels=("a",), scored=()), "one is scored at least"),
        (HeadDescription(labels=("a", "a"), scored=("a",)), "labels differ"),
        (HeadDescription(labels=("a", "b"), scored=("a",), bounds=(0, 1)), "with one label"),
        (HeadDescription(labels=("a",), scored=("a",), bounds=(1, 1)), "bounds are two numbers"),
    ],
)
def test_heads_that_contradict_themselves(
    checkpoint: Checkpoint, head: HeadDescription, message: str
) -> None:
    with pytest.raises(ValueError, match=f"^code: .*{message}"):
        _model(checkpoint, _tensors(), {"code": head})


def test_a_description_is_read_as_it_was_written(checkpoint: Checkpoint) -> None:
    described = _described(checkpoint, b"")
    assert read_encoder_description(write_encoder_description(described)) == described
    with pytest.raises(ValueError, match=r"^no description of a model: encoder: Field required$"):
        read_encoder_description(b"{}")


def test_a_checkpoint_with_labels_of_its_own(tmp_path: Path) -> None:
    checkpoint = small_bert(tmp_path / "three", ("bad", "fair", "good"))
    with pytest.raises(ValueError, match=r"has 3 labels: name the one .*: bad, fair, good$"):
        described_checkpoint(checkpoint)
    with pytest.raises(ValueError, match=r"has no label 'best', but bad, fair, good$"):
        described_checkpoint(checkpoint, label="best")
    described = described_checkpoint(checkpoint, label="good", languages=["en"])
    model = EncoderModel(described, checkpoint, None)
    assert (model.heads, model.labels("quality")) == (("quality",), ("good",))
    found = model.probabilities(["alpha beta", "alpha"], ["en", "de"])["quality"]
    assert 0 < found[0, 0] < 1
    assert np.isnan(found[1, 0])
    tokens = Tokeniser(checkpoint, max_tokens=16).tokens(["alpha"])
    with pytest.raises(ValueError, match="gives scores of its own, no vectors"):
        model.score(tokens, ["en"], vectors=True)


def test_a_checkpoint_that_is_a_regression(tmp_path: Path) -> None:
    checkpoint = small_bert(tmp_path / "one", ("LABEL_0",))
    with pytest.raises(ValueError, match="has a regression: name the values that are 0 and 1"):
        described_checkpoint(checkpoint)
    described = described_checkpoint(checkpoint, bounds=(0, 5), head="math")
    assert described.heads["math"].bounds == (0, 5)
    assert described.heads["math"].scored == ("LABEL_0",)
