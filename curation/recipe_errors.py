"""What pydantic finds wrong with a recipe, in one line: the key, what may be there, a near key."""

from __future__ import annotations

import dataclasses
import json
from collections.abc import Iterable
from difflib import get_close_matches
from types import NoneType
from typing import Annotated, Any, get_args, get_origin, get_type_hints

from annotated_types import MinLen
from pydantic import ValidationError


def explain(error: ValidationError, recipe: type) -> str:
    """The first of its errors in one line; `recipe` is the dataclass that was wanted."""
    errors = error.errors(include_url=False)
    # A key that is missing may be there under a wrong name, which says more.
    first = min(errors, key=lambda e: e["type"] != "unexpected_keyword_argument")
    path = first["loc"]
    key = ".".join(str(part) for part in path)
    if first["type"] == "unexpected_keyword_argument":
        valid = [f.name for f in _fields(_type_at(recipe, path[:-1]))]
        near = get_close_matches(str(path[-1]), valid, n=1, cutoff=0.5)
        hint = f"did you mean '{near[0]}'?" if near else f"known here: {', '.join(valid)}"
        return f"unknown key '{key}': {hint}"
    if first["type"] == "missing":
        hint = ": name them in the recipe, or with --input" if key == "inputs" else ""
        return f"'{key}' is missing{hint}"
    allowed = _allowed(_type_at(recipe, path))
    got = json.dumps(first["input"], default=str)
    return f"'{key}' is {got[:80]}: {allowed or first['msg']}"


def _fields(hint: Any) -> tuple[dataclasses.Field[Any], ...]:
    return dataclasses.fields(hint) if dataclasses.is_dataclass(hint) else ()


def _type_at(recipe: type, path: Iterable[str | int]) -> Any:
    """The annotated type of the key at `path`; None where the path leaves the dataclasses."""
    hint: Any = recipe
    for part in path:
        if dataclasses.is_dataclass(_bare(hint)):
            hint = get_type_hints(_bare(hint), include_extras=True).get(str(part))
        else:
            hint = _element(hint)
    return _bare(hint) if dataclasses.is_dataclass(_bare(hint)) else hint


def _bare(hint: Any) -> Any:
    """Without what is said beside a type: its limits, or that it may be null."""
    if get_origin(hint) is Annotated or get_args(hint)[1:] == (NoneType,):
        return _bare(get_args(hint)[0])
    return hint


def _element(hint: Any) -> Any:
    """The type of what is in a list, of a value in a mapping, or the first of two that may be."""
    arguments = get_args(_bare(hint))
    if get_origin(_bare(hint)) is dict:
        return arguments[1]
    return arguments[0] if arguments else None


def _allowed(hint: Any) -> str | None:
    """What may stand at a key of this type, in words."""
    bare = _bare(hint)
    if dataclasses.is_dataclass(bare):
        return f"expected keys and values: {', '.join(f.name for f in _fields(bare))}"
    if get_origin(bare) is tuple:
        return "expected a list" + (", of one thing at least" if _is_filled(hint) else "")
    if get_origin(bare) is dict:
        return "expected keys and values"
    if bare not in (int, float):
        return None
    or_null = ", or null" if get_args(hint)[1:] == (NoneType,) else ""
    return "expected a " + ("whole number" if bare is int else "number") + _range(hint) + or_null


def _is_filled(hint: Any) -> bool:
    fields = [m for m in get_args(hint)[1:] if hasattr(m, "metadata")]
    return any(isinstance(m, MinLen) for field in fields for m in field.metadata)


def _range(hint: Any) -> str:
    if get_args(hint)[1:] == (NoneType,):
        hint = get_args(hint)[0]
    fields = [m for m in get_args(hint)[1:] if hasattr(m, "metadata")]
    limits = {type(m).__name__: m for f in fields for m in f.metadata}
    if "Gt" in limits:
        return f" above {limits['Gt'].gt}, at most {limits['Le'].le}"
    low = getattr(limits.get("Ge"), "ge", None)
    high = getattr(limits.get("Le"), "le", None)
    below = getattr(limits.get("Lt"), "lt", None)
    if low is None:
        return ""
    if high is not None:
        return f" from {low} to {high}"
    return f" of at least {low}" if below is None else f" from {low} to below {below}"
