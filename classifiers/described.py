"""Descriptions of models: JSON in; what it describes, or what is wrong with it in one line, out."""

from __future__ import annotations

from typing import TypeVar

from pydantic import TypeAdapter, ValidationError

Described = TypeVar("Described")


def parsed(adapter: TypeAdapter[Described], content: bytes) -> Described:
    """What the JSON describes; raises `ValueError`, in one line, where it is no description."""
    try:
        return adapter.validate_json(content)
    except ValidationError as error:
        first = error.errors(include_url=False)[0]
        where = ".".join(str(part) for part in first["loc"])
        raise ValueError(f"no description of a model: {where or 'file'}: {first['msg']}") from error
