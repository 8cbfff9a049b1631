from __future__ import annotations

from pathlib import Path

import pyarrow as pa
import pytest

from classifiers.fasttext_model import FastTextModel, lid176


def test_labels_and_probabilities_are_as_long_as_the_texts() -> None:
    labels, scores = lid176().score(pa.array(["This is plainly English text.", None, ""]))
    assert labels.to_pylist()[0] == "en"
    assert 0.5 < scores.to_pylist()[0] <= 1
    assert len(labels) == len(scores) == 3


def test_a_slice_is_scored_as_itself() -> None:
    texts = pa.array(["Das ist Deutsch und nichts anderes", "This is plainly English text."])
    assert lid176().score(texts.slice(1))[0].to_pylist() == ["en"]


def test_a_model_with_another_checksum_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "model.ftz"
    path.write_bytes(b"not the model")
    with pytest.raises(ValueError, match="expected 00"):
        FastTextModel(path, sha256="00")
