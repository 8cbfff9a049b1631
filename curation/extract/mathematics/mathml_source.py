"""The TeX of a `<math>` element: what its author wrote if that is there, else made from MathML."""

from __future__ import annotations

import re
from collections.abc import Iterator

from lxml.html import HtmlElement

from curation.extract.mathematics.mathml import to_tex
from curation.extract.mathematics.mathml_tokens import local_name
from curation.extract.mathematics.tex_source import has_commands, is_symbols, undelimited

_IS_TEX = re.compile(r"(?<![a-z])(?:la|ams-?)?tex(?![a-z])")


def tex_of(math: HtmlElement) -> str:
    """TeX of a `<math>`, "" if there is none: its annotation, its alttext, its markup's."""
    for annotation in _annotations(math):
        kind = (annotation.get("encoding") or "").lower()
        text = annotation.text_content().strip()
        if _IS_TEX.search(kind) and text:
            return undelimited(text)[0]
    if latex := (math.get("data-latex") or "").strip():
        return latex
    alt = (math.get("alttext") or "").strip()
    if alt and (is_symbols(alt) or "ltx_Math" in (math.get("class") or "")):
        return undelimited(alt)[0]
    if not any(isinstance(child.tag, str) for child in math):
        text = math.text_content().strip()
        return text if has_commands(text) else ""
    return to_tex(math)


def _annotations(math: HtmlElement) -> Iterator[HtmlElement]:
    for element in math.iter():
        if local_name(element) in ("annotation", "annotation-xml"):
            yield element
