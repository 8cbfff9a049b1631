"""A model of an encoder as a recipe names it: a description in; scores of its heads out.

The description, `NAME.json`, names the checkpoint, how its tokens become a vector, and the heads:
linear layers in `NAME.safetensors` (`HEAD.weight`, labels by width; `HEAD.bias`), each with labels,
languages and calibration as fastText models have. With pooling `own` the checkpoint has its one
head itself, and there is no such file. Invariant: a page's scores depend on its tokens and its
language alone, not on other pages of a call.

Reading a description takes no torch: only a model that is made loads it.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from typing import Annotated, Literal

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pydantic import ConfigDict, Field, FiniteFloat, TypeAdapter

from classifiers.calibrate import Curve, calibrate
from classifiers.described import parsed
from classifiers.encoder.checkpoint import Checkpoint
from classifiers.encoder.choices import LongPages, Pooling, Precision
from classifiers.encoder.heads import Floats, Linear, probabilities, read_heads
from classifiers.encoder.tokenise import Tokeniser
from classifiers.encoder.tokens import Tokens
from classifiers.encoder.windows import Windows

Scores = npt.NDArray[np.float32]
Sha256 = Annotated[str, Field(pattern="^[0-9a-f]{64}$")]


@dataclass(frozen=True, kw_only=True)
class HeadDescription:
    """What a head tells. `labels` are all that it has, in order; `scored` those that count.

    Scores are probabilities by softmax, of a single label by the logistic function, or, with
    `bounds`, those of a regression: where its scores are 0 and 1.
    """

    __pydantic_config__ = ConfigDict(extra="forbid")

    labels: tuple[str, ...]
    scored: tuple[str, ...]
    bounds: tuple[FiniteFloat, FiniteFloat] | None = None
    languages: tuple[str, ...] | None = None
    calibration: Mapping[str, Curve] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class EncoderDescription:
    """What a model is; `encoder`: a folder beside the description, `package:...` or a hub's id."""

    __pydantic_config__ = ConfigDict(extra="forbid")

    kind: Literal["encoder"] = "encoder"
    encoder: str
    encoder_sha256: Sha256
    pooling: Pooling = "mean"
    max_tokens: Annotated[int, Field(ge=8)] = 512
    file: Annotated[str, Field(pattern=r"^[^/\\]+$")] | None = None
    sha256: Sha256 | None = None
    heads: Mapping[str, HeadDescription]


@dataclass(frozen=True)
class Scored:
    """Of each page: the probability of each scored label of each head (NaN: not known).

    `tokens` are how many were read; its vector has length 1, or 0 where there is none.
    """

    heads: Mapping[str, Scores]
    tokens: npt.NDArray[np.int32]
    vectors: Scores | None


_ADAPTER = TypeAdapter(EncoderDescription)


def read_encoder_description(content: bytes) -> EncoderDescription:
    """The description in a JSON file; raises `ValueError`, in one line, where it is none."""
    found = parsed(_ADAPTER, content)
    _check(found)
    return found


def write_encoder_description(description: EncoderDescription) -> bytes:
    """As JSON that `read_encoder_description` reads."""
    return _ADAPTER.dump_json(description, indent=1) + b"\n"


class EncoderModel:
    """A loaded model; `heads` are in the order of the description."""

    def __init__(  # noqa: PLR0913 - what it is, and where it runs
        self,
        description: EncoderDescription,
        checkpoint: Checkpoint,
        content: bytes | None,
        *,
        device: str = "auto",
        precision: Precision = "auto",
        tokens_per_batch: int | None = None,
    ) -> None:
        """Raises `ValueError`, in one line, for files that are not those described."""
        from classifiers.encoder.encoder import Encoder

        if (found := checkpoint.sha256) != description.encoder_sha256:
            raise ValueError(f"{description.encoder}: sha256 is {found}: expected another encoder")
        _check(description)
        self._description = description
        self._checkpoint = checkpoint
        self.heads = tuple(description.heads)
        self._encoder = Encoder(
            checkpoint,
            pooling=description.pooling,
            device=device,
            precision=precision,
            tokens_per_batch=tokens_per_batch,
        )
        self._linear = self._read(content)

    def labels(self, head: str) -> tuple[str, ...]:
        """Those that are scored."""
        return self._description.heads[head].scored

    def score(
        self,
        tokens: Tokens,
        languages: Sequence[str | None],
        *,
        long_pages: LongPages = "first",
        vectors: bool = False,
    ) -> Scored:
        """What each head says of each page, by the mean or largest of its windows' probabilities.

        NaN for a page without a piece, or in a language that the head does not know. Raises
        `ValueError` where vectors are wanted of an encoder that gives logits.
        """
        if vectors and self._description.pooling == "own":
            raise ValueError(f"{self._description.encoder}: gives scores of its own, no vectors")
        outputs = self._encoder.outputs(tokens)
        windows = Windows(tokens)
        heads = {}
        for name, head in self._description.heads.items():
            found = probabilities(self._logits(name, outputs), head.bounds)
            columns = [head.labels.index(label) for label in head.scored]
            heads[name] = calibrate(
                windows.combined(found[:, columns], long_pages).astype(np.float32),
                languages,
                known=head.languages,
                curves=head.calibration,
            )
        return Scored(heads, windows.tokens, windows.vectors(outputs) if vectors else None)

    def probabilities(
        self, texts: Sequence[str | None] | pa.StringArray, languages: Sequence[str | None]
    ) -> Mapping[str, Scores]:
        """Of each head a row per text, a column per scored label, by a text's first tokens."""
        listed = texts.to_pylist() if isinstance(texts, pa.Array) else texts
        return self.score(self._tokeniser.tokens(listed), languages).heads

    @cached_property
    def _tokeniser(self) -> Tokeniser:
        return Tokeniser(self._checkpoint, max_tokens=self._description.max_tokens)

    def _logits(self, head: str, outputs: Scores) -> Floats:
        own = self._description.pooling == "own"
        return outputs.astype(np.float64) if own else self._linear[head].logits(outputs)

    def _read(self, content: bytes | None) -> dict[str, Linear]:
        described, width = self._description, self._encoder.width
        counts = {name: len(head.labels) for name, head in described.heads.items()}
        if described.pooling == "own":
            if [*counts.values()] != [width]:
                raise ValueError(f"{described.encoder}: has one head, of {width} labels")
            return {}
        if content is None or described.file is None:
            raise ValueError(f"{described.encoder}: no file of heads is described")
        if (found := hashlib.sha256(content).hexdigest()) != described.sha256:
            raise ValueError(f"{described.file}: sha256 is {found}: expected another file")
        try:
            return read_heads(content, counts, width=width)
        except ValueError as error:
            raise ValueError(f"{described.file}: {error}") from error


def _check(description: EncoderDescription) -> None:
    """Raises `ValueError` for heads that contradict themselves."""
    for name, head in description.heads.items():
        if unknown := [label for label in head.scored if label not in head.labels]:
            raise ValueError(f"{name}: has no label '{unknown[0]}'")
        if not head.scored or len({*head.labels}) < len(head.labels):
            raise ValueError(f"{name}: labels differ, and one is scored at least")
        if head.bounds is not None and (len(head.labels) > 1 or head.bounds[0] == head.bounds[1]):
            raise ValueError(f"{name}: bounds are two numbers, of a head with one label")
