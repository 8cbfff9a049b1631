r"""Tables of MathML as environments: matrices, cases, aligned equations.

In: an `mtable` and the TeX of its cells. Out: `\begin{pmatrix} a & b \\ c & d \end{pmatrix}`.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from lxml.html import HtmlElement

from curation.extract.mathematics.mathml_tokens import local_name
from curation.extract.mathematics.tex import CLOSE, LOOSE, finish

_BY_FENCES = {
    "()": "pmatrix",
    "[]": "bmatrix",
    "||": "vmatrix",
    r"\|\|": "Vmatrix",
    r"\{\}": "Bmatrix",
    r"\{.": "cases",
    r".\}": "rcases",
}
_RELATION = re.compile(rf"([=<>]|\\(?:leq|geq|neq|approx|equiv|in|to|sim|Rightarrow){CLOSE})")


def rows_of(table: HtmlElement) -> list[HtmlElement]:
    """Its rows."""
    return [row for row in table if local_name(row) in ("mtr", "mlabeledtr")]


def fenced_environment(left: str, right: str) -> str:
    """The environment of a table between delimiters; "" for delimiters that have none."""
    return _BY_FENCES.get(left.strip(CLOSE) + (right.strip(CLOSE) or "."), "")


def environment_of(table: HtmlElement, cells: Sequence[Sequence[str]], name: str = "") -> str:
    """The whole environment; `name` if its fences have given it one."""
    columns = ""
    if not name:
        name, columns = _environment(table, max(map(len, cells), default=0))
    body = r" \\ ".join(_row(row, texts) for row, texts in zip(rows_of(table), cells, strict=True))
    return rf"\begin{{{name}}}{columns} {body} \end{{{name}}}"


def _row(row: HtmlElement, cells: Sequence[str]) -> str:
    cells = [text.strip(" " + LOOSE) for text in cells]
    label = ""
    if local_name(row) == "mlabeledtr" and cells:
        label = finish(cells.pop(0)).removeprefix(r"\text{").strip("(){}")
    # What is aligned at a relation begins with it, and there is space behind it.
    texts = [
        _RELATION.sub(rf"\1{LOOSE}", text, count=1) if at and _RELATION.match(text) else text
        for at, text in enumerate(cells)
    ]
    return " & ".join(texts).strip(" ") + (rf" \tag{{{label}}}" if label else "")


def _environment(table: HtmlElement, width: int) -> tuple[str, str]:
    """The environment of a table without fences, and the columns if it is an array."""
    aligned = (table.get("columnalign") or "").split() or _alignment_by_temml(table)
    lines = (table.get("columnlines") or "").split()
    if set(lines) - {"none"}:
        return "array", _columns(aligned, lines, width)
    if aligned[:2] == ["right", "left"] or (aligned[:1] == ["right"] and width == 1):
        return "aligned", ""
    return ("gathered" if width == 1 else "matrix"), ""


def _alignment_by_temml(table: HtmlElement) -> list[str]:
    cell = next((cell for row in table for cell in row), None)
    names = (cell.get("class") or "") if cell is not None else ""
    return ["right", "left"] if "tml-right" in names else []


def _columns(aligned: Sequence[str], lines: Sequence[str], width: int) -> str:
    letters = [(*aligned[at : at + 1], *aligned[-1:], "center")[0][0] for at in range(width)]
    bars = ["|" if line != "none" else "" for line in lines[: width - 1]]
    bars += [""] * (width - len(bars))
    return "{" + "".join(map("".join, zip(letters, bars, strict=True))) + "}"
