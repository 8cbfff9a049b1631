"""A model of an encoder as a recipe names it: a description in; scores of its heads out.

The description, `NAME.json`, names the checkpoint, how its tokens become a vector, and the heads:
linear layers in `NAME.safetensors` (`HEAD.weight`, labels by width; `HEAD.bias`), each with labels,
languages and calibration as fastText models have. With pooling `own` the checkpoint has its one
head itself, and there is no such file.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Literal

import numpy as np
from pydantic import ConfigDict, Field, TypeAdapter, ValidationError

from classifiers.calibrate import Curve
from classifiers.encoder.encoder import Pooling

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
    bounds: tuple[float, float] | None = None
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

    heads: Mapping[str, np.ndarray]
    tokens: np.ndarray
    vectors: np.ndarray | None


_ADAPTER = TypeAdapter(EncoderDescription)


def read_encoder_description(content: bytes) -> EncoderDescription:
    """The description in a JSON file; raises `ValueError`, in one line, where it is none."""
    try:
        return _ADAPTER.validate_json(content)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ValueError(f"no description of a model: {where or 'file'}: {first['msg']}") from error


def write_encoder_description(description: EncoderDescription) -> bytes:
    """As JSON that `read_encoder_description` reads."""
    return _ADAPTER.dump_json(description, indent=1) + b"\n"
