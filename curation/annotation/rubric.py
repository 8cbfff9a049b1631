"""Rubrics: requirements that a judge reads, as YAML; answers that fit them, checked strictly.

A rubric is named by its bundled name or a path. What a judge answers is text; in it must be one
JSON object that fits the rubric's schema to the letter, whatever stands around it.
"""

from __future__ import annotations

import hashlib
import json
import os
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property
from importlib import resources
from typing import Annotated, Any, Literal

import yaml
from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    StrictInt,
    StrictStr,
    ValidationError,
    model_validator,
)

from curation.errors import UserError
from curation.storage import normalise, storage

Head = Literal["quality", "math", "code"]
_Text = Annotated[str, Field(min_length=1)]
_ANSWER_CHARS = 20_000
"""Of an answer, its end: a judge may think aloud first, and must not keep us busy."""
_REASON_CHARS = 500


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)


class _Score(_Strict):
    type: Literal["integer"]
    enum: Annotated[tuple[StrictInt, ...], Field(min_length=2)]


class _Reason(_Strict):
    type: Literal["string"]


class _Properties(_Strict):
    reason: _Reason
    score: _Score


class AnswerSchema(_Strict):
    """The JSON schema of an answer: a reason in a few words, then a score out of a list."""

    type: Literal["object"]
    properties: _Properties
    required: tuple[Literal["reason"], Literal["score"]]
    additional: Annotated[Literal[False], Field(alias="additionalProperties")]


class Requirements(_Strict):
    """What a rubric's file says; scores from `positive_from` on are what a student looks for."""

    name: Annotated[str, Field(pattern=r"^[a-z0-9_]+$")]
    head: Head
    judges: _Text
    requirements: _Text
    scale_rule: _Text
    scale: Mapping[StrictInt, _Text]
    languages: _Text
    answer: AnswerSchema
    positive_from: StrictInt

    @model_validator(mode="after")
    def _agree(self) -> Requirements:
        """The scale, the schema and the first positive score are about the same scores."""
        scores = self.answer.properties.score.enum
        if scores != tuple(range(len(scores))) or tuple(self.scale) != scores:
            raise ValueError("scale and answer.properties.score.enum must be the same 0, 1, 2, ...")
        if self.positive_from not in scores[1:]:
            raise ValueError(f"positive_from must be 1..{scores[-1]}")
        return self


class Answer(_Strict):
    """What a judge says of a page."""

    reason: StrictStr
    score: StrictInt


@dataclass(frozen=True)
class Rubric:
    """A rubric, and the hash of the file that it was read from."""

    says: Requirements
    sha256: str

    @cached_property
    def scores(self) -> tuple[int, ...]:
        """All scores, rising from 0."""
        return self.says.answer.properties.score.enum

    @cached_property
    def schema(self) -> dict[str, Any]:
        """The answer's JSON schema, as an endpoint takes it."""
        return self.says.answer.model_dump(mode="json", by_alias=True)


def bundled_rubrics() -> list[str]:
    """The names of those that come with the package."""
    folder = resources.files("curation.annotation.rubrics")
    return sorted(f.name.removesuffix(".yaml") for f in folder.iterdir() if f.name[-5:] == ".yaml")


def load_rubric(name: str) -> Rubric:
    """The bundled rubric of that name, or the one in a file; raises `UserError` in one line."""
    content = _read(name)
    try:
        says = Requirements.model_validate(yaml.safe_load(content))
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"]) or "file"
        raise UserError(f"{name}: is no rubric: {where}: {first['msg']}") from error
    except (yaml.YAMLError, ValueError, RecursionError) as error:  # a date that is none; depth
        raise UserError(f"{name}: is no YAML: {' '.join(str(error).split())}") from error
    return Rubric(says, hashlib.sha256(content).hexdigest())


def _read(name: str) -> bytes:
    if name in bundled_rubrics():
        return resources.files("curation.annotation.rubrics").joinpath(f"{name}.yaml").read_bytes()
    uri = normalise(name)
    if storage(uri).find(uri) is None:
        hint = "" if os.sep in name else f": bundled are {', '.join(bundled_rubrics())}"
        raise UserError(f"{name}: no such rubric{hint}")
    return storage(uri).read(uri)


def read_answer(content: str, rubric: Rubric) -> Answer | None:
    """The one answer in what a judge wrote; None where none fits, or two that do differ in score.

    Reasoning, fences and prose around it do no harm; a score out of the scale, of another type, or
    with keys that nobody asked for, is no answer.
    """
    found = [answer for text in _objects(content) if (answer := _valid(text, rubric)) is not None]
    if len({answer.score for answer in found}) != 1:
        return None
    reason = found[-1].reason[:_REASON_CHARS].encode("utf-8", "replace").decode()
    return found[-1].model_copy(update={"reason": reason})


def _objects(content: str) -> Iterator[object]:
    """The JSON objects in a text, outermost ones."""
    text, at, decoder = content[-_ANSWER_CHARS:], 0, json.JSONDecoder()
    while (at := text.find("{", at)) >= 0:
        try:
            found, at = decoder.raw_decode(text, at)
        except (ValueError, RecursionError):
            at += 1
        else:
            yield found


def _valid(found: object, rubric: Rubric) -> Answer | None:
    try:
        answer = Answer.model_validate(found)
    except ValidationError:
        return None
    return answer if answer.score in rubric.scores else None
