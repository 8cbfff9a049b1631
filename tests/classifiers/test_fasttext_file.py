"""Files that are no models: one line that says where, and neither time nor memory lost."""

from __future__ import annotations

import pickle
import struct
import tracemalloc
from functools import cache
from pathlib import Path

import fasttext
import numpy as np
import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from classifiers.fasttext_file import read_file
from classifiers.fasttext_model import FastTextModel
from classifiers.fasttext_tables import lay_out

WORDS = ("alpha", "beta", "gamma")
LABELS = ("__label__a", "__label__b")
DIMENSIONS, BUCKETS = 3, 4
ARGUMENTS = (DIMENSIONS, 5, 1, 1, 5, 2, 3, 3, BUCKETS, 0, 0, 100)
"""Dimensions, window, epochs, least count, negatives, n-grams, loss (softmax), model (classifier),
buckets, shortest and longest n-gram of characters, rate."""


def number(value: int) -> bytes:
    return struct.pack("<i", value)


def long(value: int) -> bytes:
    return struct.pack("<q", value)


def entry(word: str, kind: int, count: int = 1) -> bytes:
    return word.encode() + b"\0" + long(count) + bytes([kind])


def dense(rows: int, columns: int, value: float = 0.5) -> bytes:
    return long(rows) + long(columns) + np.full(rows * columns, value, "<f4").tobytes()


def parts() -> dict[str, bytes]:
    """A small model, piece by piece."""
    return {
        "magic": number(793712314),
        "version": number(12),
        "arguments": struct.pack("<12i", *ARGUMENTS) + struct.pack("<d", 1e-4),
        "sizes": number(len(WORDS) + len(LABELS)) + number(len(WORDS)) + number(len(LABELS)),
        "tokens": long(10),
        "pruned": long(-1),
        "words": b"".join(entry(word, 0) for word in WORDS),
        "labels": b"".join(entry(label, 1) for label in LABELS),
        "quantised": b"\0",
        "inputs": dense(len(WORDS) + BUCKETS, DIMENSIONS),
        "outputs are quantised": b"\0",
        "outputs": dense(len(LABELS), DIMENSIONS),
    }


def model(**changed: bytes) -> bytes:
    return b"".join((parts() | changed).values())


def arguments(**changed: int) -> bytes:
    names = (
        "dimensions",
        *"wecn",
        "ngrams",
        "loss",
        "model",
        "buckets",
        "shortest",
        "longest",
        "r",
    )
    values = dict(zip(names, ARGUMENTS, strict=True)) | changed
    return struct.pack("<12i", *values.values()) + struct.pack("<d", 1e-4)


@cache
def quantised() -> bytes:
    """Pruned, with norms, by the package itself."""
    import tempfile

    with tempfile.TemporaryDirectory() as folder:
        lines = [f"__label__{n % 3} w{n} w{n * 7 % 400} w{n * n % 331}\n" for n in range(600)]
        (examples := Path(folder, "examples")).write_text("".join(lines))
        trained = fasttext.train_supervised(
            str(examples), dim=4, wordNgrams=2, minn=2, maxn=3, bucket=900, thread=1, verbose=0
        )
        trained.quantize(str(examples), cutoff=400, qnorm=True, thread=1, verbose=0)
        trained.save_model(str(Path(folder, "model")))
        return Path(folder, "model").read_bytes()


def refusal(content: bytes) -> str:
    with pytest.raises(ValueError, match=r"^no fastText model: ") as caught:
        FastTextModel(content)
    message = str(caught.value)
    assert "\n" not in message
    assert len(message) < 200
    return message


def read_or_refuse(content: bytes) -> FastTextModel | None:
    """No error but ours goes unnoticed."""
    try:
        return FastTextModel(content)
    except ValueError as error:
        if str(error).startswith("no fastText model: "):
            return None
        raise


def test_a_model_of_known_pieces_is_read() -> None:
    file = read_file(model())
    assert file.labels == list(LABELS)
    assert [
        file.data[a:b].tobytes().decode() for a, b in zip(file.starts, file.ends, strict=True)
    ] == [*WORDS]
    assert len(file.inputs) == len(WORDS) + BUCKETS
    found = FastTextModel(model()).probabilities(pa.array(["alpha beta", "delta"]))
    assert found == pytest.approx(np.full((2, 2), 0.50001))


def test_a_text_of_which_nothing_is_known_has_no_label() -> None:
    words_alone = FastTextModel(model(arguments=arguments(ngrams=1)))
    texts = pa.array(["alpha", "delta", "", None, "__label__a", "delta\nbeta"])
    labels, scores = words_alone.best(texts)
    assert labels.to_pylist() == ["b", None, None, None, None, "b"]  # of equal ones the last
    assert scores.is_valid().equals(labels.is_valid())
    assert words_alone.score(texts).is_valid().equals(labels.is_valid())


def test_the_format_before_has_no_characters() -> None:
    old = model(version=number(11), arguments=arguments(shortest=1, longest=3))
    assert read_file(old).arguments.max_characters == 0
    assert (
        read_file(model(arguments=arguments(shortest=1, longest=3))).arguments.max_characters == 3
    )


@pytest.mark.parametrize(
    ("content", "expected"),
    [
        (b"", r"byte 0: expected '\xba\x16O/', found an empty file"),
        (b"\xba", r"byte 0: expected '\xba\x16O/', found '\xba'"),
        (pickle.dumps({"weights": [1.0]}), "byte 0: expected"),
        (b"PK\3\4" + bytes(100), r"found 'PK\x03\x04'"),
        (b"<!DOCTYPE html><html></html>", "found '<!DO'"),
        (struct.pack("<Q", 2) + b"{}", "byte 0: expected"),  # safetensors
        (bytes(10_000), r"found '\x00\x00\x00\x00'"),
    ],
)
def test_other_files(content: bytes, expected: str) -> None:
    assert expected in refusal(content)


SPOILT = {
    "version": (model(version=number(13)), "byte 4: expected version of the format: 11 or 12"),
    "vectors": (model(arguments=arguments(model=2)), "found word vectors (skip-gram)"),
    "kind": (model(arguments=arguments(model=9)), "kind of model: 1 to 3, found 9"),
    "loss": (model(arguments=arguments(loss=0)), "loss: 1 to 4, found 0"),
    "no dimensions": (model(arguments=arguments(dimensions=0)), "dimensions: 1 to"),
    "dimensions": (model(arguments=arguments(dimensions=4)), "columns of the matrix: 4, found 3"),
    "ngrams": (model(arguments=arguments(ngrams=10**6)), "longest n-gram of words: 0 to 64"),
    "characters": (model(arguments=arguments(longest=10**6)), "n-gram of characters: 0 to 64"),
    "buckets": (model(arguments=arguments(buckets=-1)), "buckets: 0 to"),
    "huge buckets": (model(arguments=arguments(buckets=1 << 29)), "buckets: 0 to"),
    "no buckets": (model(arguments=arguments(buckets=0)), "expected buckets for n-grams"),
    "other buckets": (model(arguments=arguments(buckets=5)), "rows of the matrix: 8, found 7"),
    "huge words": (model(sizes=number(2**31 - 1) * 2 + number(0)), "words and labels: 1 to"),
    "negative": (model(sizes=number(-5) + number(-5) + number(0)), "words and labels: 1 to"),
    "sum": (model(sizes=number(5) + number(4) + number(4)), "labels: 1, found 4"),
    "no labels": (model(sizes=number(5) + number(5) + number(0)), "expected a label"),
    "swapped": (model(sizes=number(5) + number(2) + number(3)), "2 words, then 3 labels"),
    "pruned": (model(pruned=long(2**62)), "pruned buckets: -1 to"),
    "pruned, dense": (model(pruned=long(0)), "expected a quantised matrix"),
    "endless word": (model(words=b"a" * 1000), "3 words, then 2 labels"),
    "flag": (model(quantised=b"\2"), "whether it is quantised: 0 or 1, found 2"),
    "rows": (model(inputs=long(2**60) + long(3)), "rows of the matrix: 7, found"),
    "cut": (model()[:-1], "24 bytes: matrix, found the end of the file after 23"),
    "more": (model() + b"\0", "expected the end of the file, found 1 more bytes"),
    "twice": (model(labels=entry("__label__a", 1) * 2), "labels that differ"),
    "label": (model(labels=entry("__label__a", 1) + b"\xff\0" + long(1) + b"\1"), "in UTF-8"),
    "word twice": (model(words=entry("a", 0) * 3), "its words are the same"),
    "count": (model(words=entry("a", 0, -1) * 3), "3 words, then 2 labels"),
    "infinite": (model(inputs=dense(7, 3, np.inf)), "not all of its numbers are finite"),
    "outputs": (model(outputs=dense(2, 3, np.nan)), "not all of its numbers are finite"),
}


@pytest.mark.parametrize(("content", "expected"), SPOILT.values(), ids=SPOILT.keys())
def test_what_is_wrong_is_said(content: bytes, expected: str) -> None:
    assert expected in refusal(content)


def test_words_that_were_made_to_collide() -> None:
    """All have the last bits in common, so that they are looked for in one place."""
    from classifiers.fasttext_words_kernel import hash_and_key

    found: list[str] = []
    for candidate in range(3_000_000):
        word = f"{candidate:x}"
        if hash_and_key(np.frombuffer(word.encode(), np.uint8))[0] % 2048 == 7:
            found.append(word)
        if len(found) == 1100:
            break
    content = model(
        sizes=number(1102) + number(1100) + number(2),
        words=b"".join(entry(word, 0) for word in found),
        inputs=dense(1100 + BUCKETS, DIMENSIONS),
    )
    assert "made to collide" in refusal(content)


@pytest.mark.parametrize("content", [model(), quantised()], ids=["dense", "quantised"])
def test_every_start_of_a_file_is_refused(content: bytes) -> None:
    step = max(1, len(content) // 1500)
    for size in [*range(0, len(content), step), len(content) - 1]:
        with pytest.raises(ValueError, match=r"^no fastText model: byte "):
            read_file(content[:size])


@settings(max_examples=300, deadline=None)
@given(st.data())
def test_changed_bytes_are_refused_or_make_another_model(data: st.DataObject) -> None:
    content = bytearray(data.draw(st.sampled_from([model(), quantised()])))
    for _ in range(data.draw(st.integers(1, 4))):
        at = data.draw(st.integers(0, len(content) - 1) | st.integers(0, 200))
        content[at] = data.draw(st.sampled_from([0, 1, 0x7F, 0x80, 0xFF]) | st.integers(0, 255))
    changed = read_or_refuse(bytes(content))
    if changed is not None:
        found = changed.probabilities(pa.array(["alpha beta gamma", "w1 w2 w7"]))
        assert np.all(np.isnan(found) | ((found >= 0) & (found <= 1)))


def test_absurd_sizes_allocate_nothing() -> None:
    tracemalloc.start()
    for content, _ in SPOILT.values():
        with pytest.raises(ValueError, match="no fastText model"):
            lay_out(read_file(content))
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 20e6
