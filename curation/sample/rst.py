"""reStructuredText as plain text with TeX: a manual's page or a docstring in, prose out.

Formulas are `$...$`, displayed ones between lines of `$$`, as the pipeline's extraction gives them.
Backticks without a role are formulas, as the manuals of SymPy say, unless they hold a name.
Listings stay as they are; directives that draw, index or include something go with all of theirs.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from textwrap import dedent, indent

_PROSE = {
    *("note", "warning", "tip", "hint", "important", "caution", "admonition", "topic", "rubric"),
    *("seealso", "versionadded", "versionchanged", "deprecated", "glossary"),
}
_LISTINGS = {"code", "code-block", "sourcecode", "parsed-literal", "plot", "doctest"}
_DIRECTIVE = re.compile(r"( *)\.\. +([\w:-]+) ?::(?: +(.*))?$")
_NOTE = re.compile(r"( *)\.\. (\[[^\]]+\] .*)$")
_COMMENT = re.compile(r"( *)\.\.(?: .*)?$")
_OPTION = re.compile(r" *:[\w-]+:(?: .*)?$")
_UNDERLINE = re.compile(r"\s*([`=\-~^\"'*+#.:_])\1{2,}\s*$")
_INLINE = re.compile(
    r"``(?P<literal>.+?)``|(?::(?P<role>[\w:+-]+): ?)?`(?P<text>[^`]+)`(?P<link>__?)?", re.DOTALL
)
_NAME = re.compile(r"_?[A-Za-z]{3}[\w.]*(\(\))?$")
_TARGET = re.compile(r"\s*<[^<>]*>$")


def plain(text: str) -> str:
    """The text of a page; lines stay where they were broken."""
    lines = [line.rstrip() for line in text.expandtabs().splitlines()]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(_blocks(lines))).strip("\n") + "\n"


def _blocks(lines: list[str]) -> Iterator[str]:
    at, paragraph = 0, list[str]()
    while at < len(lines):
        line, end = lines[at], at + 1
        made = None
        if found := _DIRECTIVE.match(line) or _NOTE.match(line) or _COMMENT.match(line):
            end = _end_of_block(lines, at)
            made = _directive(found, lines[at + 1 : end])
        elif _UNDERLINE.match(line):
            made = [""]
        elif line.lstrip().startswith(">>>"):
            end = next((n for n in range(at, len(lines)) if not lines[n]), len(lines))
            made = lines[at:end]
        elif line.endswith("::"):
            end = _end_of_block(lines, at)
            said = [] if line.strip() == "::" else _inline([*paragraph, line[:-1]])
            made, paragraph = [*said, *lines[at + 1 : end]], []
        if made is None and line:
            paragraph.append(line)
        else:
            yield from _inline(paragraph)
            paragraph = []
            yield from [""] if made is None else made
        at = end
    yield from _inline(paragraph)


def _end_of_block(lines: list[str], at: int) -> int:
    """Behind the lines that are further in than line `at`."""
    margin = _margin(lines[at])
    end = at + 1
    while end < len(lines) and (not lines[end] or _margin(lines[end]) > margin):
        end += 1
    return end


def _margin(line: str) -> int:
    return len(line) - len(line.lstrip(" "))


def _directive(found: re.Match[str], body: list[str]) -> list[str]:
    margin = found[1]
    if found.re is _COMMENT:
        return []
    if found.re is _NOTE:
        return [*_inline([margin + found[2], *body]), ""]
    name, argument = found[2], found[3] or ""
    while body and _OPTION.match(body[0]):
        body = body[1:]
    if name == "math":
        return ["", *_displayed(margin, argument, body), ""]
    if name in _LISTINGS:
        return ["", *body, ""]
    if name in _PROSE:
        inner = dedent("\n".join(body)).splitlines()
        said = "\n".join(_blocks([argument, "", *inner]))
        return ["", *indent(said, margin).splitlines(), ""]
    return []


def _displayed(margin: str, argument: str, body: list[str]) -> list[str]:
    parts = [argument, *re.split(r"\n\s*\n", dedent("\n".join(body)))]
    formulas, of_one = list[str](), list[str]()
    for part in parts:
        if part.strip():
            of_one.append(part.strip("\n"))
            formula = "\n".join(of_one)
            if formula.count("\\begin{") <= formula.count("\\end{"):
                formulas.append(_aligned(formula))
                of_one = []
    return [margin + line for formula in formulas for line in ("$$", *formula.splitlines(), "$$")]


def _aligned(formula: str) -> str:
    """Rows are put in an environment, as Sphinx does; else they would be no TeX."""
    if "\\\\" not in formula or "\\begin{" in formula:
        return formula
    return f"\\begin{{split}}\n{formula}\n\\end{{split}}"


def _inline(paragraph: list[str]) -> list[str]:
    said = _INLINE.sub(_marked, "\n".join(paragraph))
    return re.sub(r"(\[\w+\])_(?!\w)", r"\1", said).splitlines()


def _marked(found: re.Match[str]) -> str:
    if literal := found["literal"]:
        return literal
    role, text = found["role"], found["text"]
    if role == "math" or (role is None and not found["link"] and not _NAME.match(text)):
        return f"${text.strip()}$"
    if role is None or _TARGET.search(text):
        return _TARGET.sub("", text)
    return text.rpartition(".")[2] if text.startswith("~") else text
