"""fastText models: probabilities of all labels, or the most probable one, for a batch of texts.

In: an Arrow array of strings. Out: arrays of the same length. A text is one line: a line break in
it is white space. Probabilities are those that the package `fasttext` reports, but for rounding; a
text that is null, or of which the model knows no part, has none. Invariant: a row's result depends
on its text and the model alone; a model is loaded once per process, and only when its checksum is
the expected one.
"""

from __future__ import annotations

import hashlib
from functools import cache
from importlib import resources

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from classifiers.fasttext_file import read_file
from classifiers.fasttext_kernel import predict
from classifiers.fasttext_tables import lay_out
from curation.arrow_text import text_view

LID176_SHA256 = "8f3472cfe8738a7b6099e8e999c3cbfae0dcd15696aac7d7738a8039db603e83"
_PREFIX = "__label__"
_Texts = pa.StringArray | pa.LargeStringArray


class FastTextModel:
    """A loaded model. It keeps nothing of `content`."""

    def __init__(self, content: bytes | pa.Buffer) -> None:
        """Reads a `.bin` or `.ftz`; raises `ValueError` where it is no supervised model."""
        file = read_file(content)
        self._model = lay_out(file)
        self.labels: list[str] = [
            label.decode("utf-8").removeprefix(_PREFIX) for label in file.labels
        ]

    def probabilities(self, texts: _Texts) -> npt.NDArray[np.float32]:
        """Shape (texts, labels), 0..1; not a number in the rows of texts without any."""
        found = np.empty((len(texts), len(self.labels)), np.float32)
        view = text_view(texts)
        predict(view.data, view.offsets, self._model, found)
        if texts.null_count:
            found[texts.is_null().to_numpy(zero_copy_only=False)] = np.nan
        return found

    def score(self, texts: _Texts) -> pa.StructArray:
        """The probability of each label, a field of its name; null for texts without any."""
        found = self.probabilities(texts)
        columns = [pa.array(np.ascontiguousarray(column), pa.float32()) for column in found.T]
        nulls = pa.array(np.isnan(found[:, 0]))
        return pa.StructArray.from_arrays(columns, self.labels, mask=nulls)

    def best(self, texts: _Texts) -> tuple[pa.StringArray, pa.FloatArray]:
        """The most probable label of each text and its probability; null for texts without any."""
        found = self.probabilities(texts)
        is_null = np.isnan(found[:, 0])
        last = found.shape[1] - 1
        chosen = last - np.argmax(found[:, ::-1], axis=1)  # of equal ones the last, as in fastText
        best = np.take_along_axis(found, chosen[:, None], axis=1)[:, 0]
        labels = pa.array(self.labels, pa.string()).take(pa.array(chosen, mask=is_null))
        return labels, pa.array(best, pa.float32(), mask=is_null)


def bundled(name: str, *, sha256: str) -> FastTextModel:
    """The model of that file name in `classifiers.models`; raises `ValueError` if it is another."""
    content = resources.files("classifiers.models").joinpath(name).read_bytes()
    found = hashlib.sha256(content).hexdigest()
    if found != sha256:
        raise ValueError(f"{name}: sha256 is {found}, expected {sha256}")
    return FastTextModel(content)


@cache
def lid176() -> FastTextModel:
    """The bundled model for 176 languages."""
    return bundled("lid.176.ftz", sha256=LID176_SHA256)
