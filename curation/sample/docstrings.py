"""Docstrings of a Python file that hold mathematics: its source in, name and text of each out."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator

from curation.sample.rst import plain

_FORMULA = re.compile(r"\$[^$]*[\\^_][^$]*\$")
_DOCUMENTED = (ast.ClassDef, ast.FunctionDef)


def mathematics_in(source: str, *, min_formulas: int) -> Iterator[tuple[str, str]]:
    """The module's own docstring has the name `""`, that of a method `Class.method`."""
    for name, node in _objects(ast.parse(source), ""):
        text = plain(ast.get_docstring(node) or "")
        if count_formulas(text) >= min_formulas:
            yield name, text


def count_formulas(text: str) -> int:
    """How many formulas have a TeX command, an exponent or an index."""
    return len(_FORMULA.findall(text.replace("$$", "$")))


def _objects(
    node: ast.Module | ast.ClassDef | ast.FunctionDef, name: str
) -> Iterator[tuple[str, ast.Module | ast.ClassDef | ast.FunctionDef]]:
    yield name, node
    for inner in node.body:
        if isinstance(inner, _DOCUMENTED):
            yield from _objects(inner, f"{name}.{inner.name}".lstrip("."))
