"""Our predictions beside those of the package `fasttext`, from models trained here."""

from __future__ import annotations

import random
import tempfile
from collections.abc import Sequence
from functools import cache
from pathlib import Path
from typing import Any

import fasttext
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifiers.fasttext_model import FastTextModel, bundled, lid176

LETTERS = "abcdeéßж中👍"
LABELS = ("one", "two", "three")
SHAPES: dict[str, dict[str, Any]] = {
    "words": {"wordNgrams": 1},
    "bigrams": {"wordNgrams": 2},
    "four-grams": {"wordNgrams": 4},
    "two labels": {"wordNgrams": 2, "labels": 2},
    "one label": {"wordNgrams": 2, "labels": 1},
    "characters": {"minn": 1, "maxn": 3},
    "both": {"minn": 2, "maxn": 5, "wordNgrams": 3},
    "wide": {"dim": 40, "wordNgrams": 2},
    "narrow": {"dim": 2, "minn": 2, "maxn": 3, "wordNgrams": 2},
    "one vs all": {"loss": "ova", "wordNgrams": 2},
    "one vs all of one": {"loss": "ova", "labels": 1},
    "negative sampling": {"loss": "ns", "wordNgrams": 2},
    "tree": {"loss": "hs", "wordNgrams": 2},
    "tree of many": {"loss": "hs", "labels": 30, "dim": 4, "minn": 1, "maxn": 2},
    "tree of two": {"loss": "hs", "labels": 2},
    "tree of one": {"loss": "hs", "labels": 1},
    "quantised": {"wordNgrams": 2, "quantise": {}},
    "norms": {"wordNgrams": 2, "minn": 2, "maxn": 3, "quantise": {"qnorm": True}},
    "outputs": {"labels": 300, "quantise": {"qout": True, "qnorm": True, "dsub": 3}},
    "odd parts": {"dim": 7, "wordNgrams": 2, "quantise": {"dsub": 3}},
    "pruned": {"wordNgrams": 2, "quantise": {"cutoff": 300, "retrain": True}},
    "pruned characters": {
        "minn": 2,
        "maxn": 4,
        "wordNgrams": 2,
        "quantise": {"cutoff": 400, "qnorm": True},
    },
    "pruned tree": {"loss": "hs", "wordNgrams": 3, "quantise": {"cutoff": 300}},
}
Model = tuple[FastTextModel, Any]


@cache
def vocabulary() -> list[str]:
    drawn = random.Random(1)
    words = ["".join(drawn.choices(LETTERS, k=drawn.randint(1, 11))) for _ in range(400)]
    return [*dict.fromkeys(words), "</s>", "<", ">", "__label__one", "__label__none", "__label"]


@cache
def models(shape: str) -> Model:
    """Ours and the package's."""
    parameters = dict(SHAPES[shape])
    quantise = parameters.pop("quantise", None)
    labels = [*LABELS, *(f"label {n}" for n in range(400))][: parameters.pop("labels", 3)]
    drawn = random.Random(shape)
    with tempfile.TemporaryDirectory() as folder:
        lines = []
        for number in range(1200):
            label = labels[number % len(labels)].replace(" ", "-")
            some = drawn.choices(vocabulary()[len(label) % 3 :: 2], k=drawn.randint(1, 12))
            lines.append(f"__label__{label} {' '.join(some)}\n")
        (examples := Path(folder, "examples")).write_text("".join(lines[: len(lines) * 3 // 4]))
        settings = {"dim": 6, "bucket": 1000, "epoch": 3, "lr": 0.5, "minCount": 1} | parameters
        model = fasttext.train_supervised(str(examples), thread=1, verbose=0, **settings)
        if quantise is not None:
            model.quantize(str(examples), thread=1, verbose=0, **quantise)
        model.save_model(str(Path(folder, "model")))
        content = Path(folder, "model").read_bytes()
        return FastTextModel(content), fasttext.load_model(str(Path(folder, "model")))


def reported(model: Any, labels: Sequence[str], texts: Sequence[str | None]) -> np.ndarray:
    """What the package says, as `probabilities` gives it; 0 where it says nothing of a label."""
    found = np.full((len(texts), len(labels)), np.nan, np.float32)
    for row, text in enumerate(texts):
        if text is not None:
            names, scores = model.predict([text.replace("\n", " ")], k=-1)
            if len(names[0]):
                found[row] = 0
            for name, score in zip(names[0], scores[0], strict=True):
                found[row, labels.index(name.removeprefix("__label__"))] = min(score, 1)
    return found


def assert_same(ours: np.ndarray, theirs: np.ndarray, *, by_steps: bool) -> None:
    assert np.array_equal(np.isnan(ours), np.isnan(theirs))
    difference = np.abs(np.nan_to_num(ours) - np.nan_to_num(theirs))
    if by_steps:  # a sigmoid that is read from a table may be off by a step of 1/32
        assert (difference > 1e-5).sum() <= 2
        assert difference.max(initial=0) < 0.008
    else:  # of a tree, labels under 1e-5 are not reported
        assert difference.max(initial=0) < 1.01e-5


some_texts = st.lists(
    st.one_of(
        st.none(),
        st.lists(
            st.sampled_from(vocabulary()) | st.text(LETTERS, max_size=12), max_size=30
        ).flatmap(
            lambda words: st.sampled_from([" ", "\n", "\t \v", "\f", "\r\n", "\0"]).map(
                lambda between: between.join(words)
            )
        ),
        st.text(st.characters(codec="utf-8"), max_size=40),
    ),
    max_size=5,
)


@pytest.mark.parametrize("shape", SHAPES)
@settings(max_examples=60, deadline=None)
@given(texts=some_texts)
def test_probabilities_are_those_of_the_package(shape: str, texts: list[str | None]) -> None:
    ours, theirs = models(shape)
    found = ours.probabilities(pa.array(texts, pa.string()))
    by_steps = SHAPES[shape].get("loss") in ("ova", "ns")
    assert_same(found, reported(theirs, ours.labels, texts), by_steps=by_steps)
    if SHAPES[shape].get("loss", "softmax") == "softmax":
        expected = reported(theirs, ours.labels, texts)
        assert found == pytest.approx(expected, abs=3e-6, nan_ok=True)


@pytest.mark.parametrize("shape", ["both", "narrow", "two labels", "pruned characters", "tree"])
@settings(max_examples=30, deadline=None)
@given(texts=some_texts, before=some_texts)
def test_a_row_does_not_depend_on_the_others(
    shape: str, texts: list[str | None], before: list[str | None]
) -> None:
    model = models(shape)[0]
    whole = pa.array([*before, *texts, *before], pa.string())
    inside = model.probabilities(whole)[len(before) : len(before) + len(texts)]
    sliced = model.probabilities(whole.slice(len(before), len(texts)))
    alone = [model.probabilities(pa.array([text], pa.string())) for text in texts]
    assert np.array_equal(inside, sliced, equal_nan=True)
    assert np.array_equal(inside, np.concatenate(alone or [sliced]), equal_nan=True)


@pytest.mark.parametrize("shape", ["two labels", "tree of many", "outputs", "one vs all"])
def test_the_best_label_is_the_one_of_the_package(shape: str) -> None:
    ours, theirs = models(shape)
    drawn = random.Random(2)
    texts = [" ".join(drawn.choices(vocabulary(), k=20)) for _ in range(200)]
    labels, scores = ours.best(pa.array(texts))
    names, expected = theirs.predict(texts)
    assert labels.to_pylist() == [name[0].removeprefix("__label__") for name in names]
    assert scores.to_pylist() == pytest.approx([min(float(p[0]), 1) for p in expected], abs=1e-5)


def test_scores_are_a_field_per_label() -> None:
    model = models("words")[0]
    texts = pa.array([vocabulary()[0], None, "never seen"])
    scores = model.score(texts)
    assert scores.type == pa.struct([(label, pa.float32()) for label in model.labels])
    first, *others = scores.to_pylist()
    assert sorted(first) == sorted(LABELS)
    assert list(first.values()) == pytest.approx(model.probabilities(texts)[0].tolist())
    assert others[0] is None
    assert others[1] == model.score(pa.array([""]))[0].as_py() != first  # the end of a line


LONG = {
    "a word": "ж" * 500_000,
    "bytes that are no letters": "\u0301" * 300_000,
    "words": "a b " * 250_000,
    "NULs": "\0" * 1_000_000,
    "NULs between": "a\0" * 500_000,
    "blanks": " \n" * 500_000,
}


@pytest.mark.parametrize("text", LONG.values(), ids=LONG.keys())
@pytest.mark.parametrize("shape", ["both", "words"])
def test_texts_of_a_megabyte(shape: str, text: str) -> None:
    ours, theirs = models(shape)
    found = ours.probabilities(pa.array([text]))
    # The package adds millions of numbers of 32 bits.
    assert found == pytest.approx(reported(theirs, ours.labels, [text]), abs=2e-3, nan_ok=True)


def test_bytes_that_are_no_text() -> None:
    texts = pa.array([b"\xff\x80\x80 \xe2\x82", b"\x80"], pa.binary()).view(pa.string())
    found = models("both")[0].probabilities(texts)
    assert found.shape == (2, 3)
    assert np.all((found >= 0) & (found <= 1))


def test_arrays_of_other_kinds() -> None:
    model = models("both")[0]
    texts = ["abc abd", None, "abe"]
    expected = model.probabilities(pa.array(texts))
    assert np.array_equal(model.probabilities(pa.array(texts, pa.large_string())), expected, True)
    assert model.probabilities(pa.array([], pa.string())).shape == (0, 3)
    assert len(model.best(pa.array([], pa.string()))[0]) == 0
    assert len(model.score(pa.array([], pa.string()))) == 0


def test_a_mapped_file_is_read(tmp_path: Path) -> None:
    model = models("wide")[1]
    model.save_model(str(tmp_path / "model"))
    with pa.memory_map(str(tmp_path / "model")) as mapped:
        ours = FastTextModel(mapped.read_buffer())
    texts = pa.array(["abc", " ".join(vocabulary())])
    assert np.array_equal(ours.probabilities(texts), models("wide")[0].probabilities(texts))


@pytest.mark.parametrize(
    ("text", "label"),
    [("This is plainly English text.", "en"), ("Das ist Deutsch und nichts anderes", "de")],
)
def test_languages(text: str, label: str) -> None:
    labels, scores = lid176().best(pa.array([None, text]).slice(1))
    assert labels.to_pylist() == [label]
    assert 0.5 < scores.to_pylist()[0] <= 1


def test_a_bundled_model_with_another_checksum_is_refused() -> None:
    with pytest.raises(ValueError, match=r"toxicity\.ftz: sha256 is dba1ca32.*, expected 00"):
        bundled("toxicity.ftz", sha256="00")
