"""fastText models: labels and probabilities for a batch of texts.

In: an Arrow array of strings. Out: two arrays of the same length. Invariant: a model is loaded
once per process, and only when its checksum is the expected one.
"""

from __future__ import annotations

import hashlib
from functools import cache
from importlib import resources
from pathlib import Path

import fasttext
import pyarrow as pa
import pyarrow.compute as pc

LID176_SHA256 = "8f3472cfe8738a7b6099e8e999c3cbfae0dcd15696aac7d7738a8039db603e83"
_PREFIX = "__label__"


class FastTextModel:
    """A loaded model."""

    def __init__(self, path: Path, *, sha256: str) -> None:
        """Loads `path`; raises `ValueError` when its content is not the one expected."""
        found = hashlib.sha256(path.read_bytes()).hexdigest()
        if found != sha256:
            raise ValueError(f"{path}: sha256 is {found}, expected {sha256}")
        self._model = fasttext.load_model(str(path))

    @property
    def labels(self) -> list[str]:
        """All that it knows, without their prefix."""
        return [label.removeprefix(_PREFIX) for label in self._model.get_labels()]

    def score(self, texts: pa.StringArray) -> tuple[pa.StringArray, pa.FloatArray]:
        """The most probable label of each text (without its prefix) and its probability, 0..1.

        Null for a null text and for one without any known n-gram.
        """
        lines = pc.replace_substring(texts.fill_null(""), "\n", " ").to_pylist()
        if not lines:
            return pa.array([], pa.string()), pa.array([], pa.float32())
        found, scores = self._model.predict(lines)
        labels = [x[0].removeprefix(_PREFIX) if len(x) else None for x in found]
        # Quantised probabilities may pass 1 by a rounding error.
        best = [min(float(p[0]), 1.0) if len(p) else None for p in scores]
        return pa.array(labels, pa.string()), pa.array(best, pa.float32())


def bundled(name: str, *, sha256: str) -> FastTextModel:
    """The model of that file name in `classifiers.models`; raises as `FastTextModel` does."""
    file = resources.files("classifiers.models").joinpath(name)
    with resources.as_file(file) as path:
        return FastTextModel(path, sha256=sha256)


@cache
def lid176() -> FastTextModel:
    """The bundled model for 176 languages."""
    return bundled("lid.176.ftz", sha256=LID176_SHA256)
