"""A model as a recipe names it: a description and a fastText file in, calibrated scores out.

The description says how texts are read, which labels count, in which languages, and by which curve
a score becomes a probability. Invariant: a row's scores depend on its text and language alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Annotated, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pydantic import ConfigDict, Field, TypeAdapter

from classifiers.calibrate import Curve, calibrate
from classifiers.described import parsed
from classifiers.fasttext_model import FastTextModel
from classifiers.normalise import normalise

Scores = npt.NDArray[np.float32]


@dataclass(frozen=True, kw_only=True)
class Description:
    """What a model is; as JSON, the file `NAME.json` beside the model's own.

    `text` is what it reads: the text itself (`plain`), or as `normalise` makes it. `labels` are
    those that are scored: of a binary model one; none named: all. `languages` are labels of
    lid.176; null: any.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    kind: Literal["fasttext"] = "fasttext"
    file: Annotated[str, Field(pattern=r"^[^/\\]+$")]
    sha256: Annotated[str, Field(pattern="^[0-9a-f]{64}$")]
    text: Literal["plain", "normalised"] = "normalised"
    labels: tuple[str, ...]
    languages: tuple[str, ...] | None = None
    calibration: Mapping[str, Curve] = field(default_factory=dict)


_ADAPTER = TypeAdapter(Description)


def read_description(content: bytes) -> Description:
    """The description in a JSON file; raises `ValueError`, in one line, where it is none."""
    return parsed(_ADAPTER, content)


def write_description(description: Description) -> bytes:
    """As JSON that `read_description` reads."""
    return _ADAPTER.dump_json(description, indent=1) + b"\n"


class Texts:
    """Texts of a batch in the forms that models read, each made once."""

    def __init__(self, texts: pa.StringArray) -> None:
        self.plain = texts

    @cached_property
    def normalised(self) -> pa.StringArray:
        """As `normalise` makes them."""
        return normalise(self.plain)


class Model:
    """A loaded model; `labels` are those that are scored."""

    def __init__(self, description: Description, content: bytes | pa.Buffer) -> None:
        """Raises `ValueError`, in one line, for content that is not what is described."""
        if (found := hashlib.sha256(content).hexdigest()) != description.sha256:
            raise ValueError(f"{description.file}: sha256 is {found}: expected another file")
        self._model = FastTextModel(content)
        self._description = description
        if unknown := sorted({*description.labels} - {*self._model.labels}):
            has = ", ".join(self._model.labels[:10])
            raise ValueError(f"{description.file}: has no label '{unknown[0]}', but {has}")
        self.labels = description.labels or tuple(self._model.labels)
        self._columns = [self._model.labels.index(label) for label in self.labels]

    def probabilities(self, texts: Texts, languages: pa.StringArray) -> Scores:
        """A row per text, a column per label, 0..1; NaN where nothing is known.

        That is for a null text, one without any known word, and one in a language that the model
        does not know.
        """
        read = texts.plain if self._description.text == "plain" else texts.normalised
        found = self._model.probabilities(read)[:, self._columns]
        return calibrate(
            found,
            languages.to_pylist(),
            known=self._description.languages,
            curves=self._description.calibration,
        )

    def score(self, texts: pa.StringArray, languages: pa.StringArray) -> pa.StructArray:
        """The same as a float32 field per label, null where it is NaN."""
        found = self.probabilities(Texts(texts), languages)
        columns = [pa.array(column, mask=np.isnan(column)) for column in found.T]
        return pa.StructArray.from_arrays(columns, names=list(self.labels))
