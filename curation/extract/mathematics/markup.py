r"""The markup in which pages show formulas: what an element's tag or class says.

In: an element. Out: its `Found`; None if it shows no formula, or none whose TeX can be had: then
what is in it is looked at. `BY_TAG` and `BY_CLASS` say which function looks at which element.
"""

from __future__ import annotations

import re
from collections.abc import Callable

import lxml.html
from lxml import etree
from lxml.html import HtmlElement

from curation.extract.mathematics import katex_trees, mathjax
from curation.extract.mathematics.delimiters import is_other_text
from curation.extract.mathematics.images import image, is_alone
from curation.extract.mathematics.mathml_source import tex_of
from curation.extract.mathematics.mathml_tokens import local_name
from curation.extract.mathematics.tex_source import bare, has_commands, undelimited
from curation.extract.page import Found

_NUMBERS = frozenset(("eqno", "headerlink", "ltx_eqn_eqno", "ltx_tag", "equation-number"))
_PLAIN, _DRAWN = frozenset(("br", "a", "span")), mathjax.RENDERINGS | {"katex"}
_OWN_TAGS = ("d-math", "eq", "eqn", "math-renderer", "tex-math", "la-tex")
_WIRIS = str.maketrans("«»¨§`", "<>\"&'")


def _math(element: HtmlElement) -> Found | None:
    styled = r"\displaystyle" in (element.get("alttext") or "") and is_alone(element)
    display = "block" in (element.get("display"), element.get("data-display")) or styled
    return _found(element, tex_of(element), display=display or element.get("mode") == "display")


def _katex(element: HtmlElement) -> Found | None:
    """`span.katex`, or `span.katex-display` around one."""
    math = _first_math(element)
    if math is None:
        math = katex_trees.mathml_of(element)
    display = "katex-display" in mathjax.classes_of(element) or math.get("display") == "block"
    return _found(element, tex_of(math), display=display)


def _katex_error(element: HtmlElement) -> Found | None:
    return _found(element, element.text_content(), display=False)


def _wikipedia(element: HtmlElement) -> Found | None:
    """Hidden MathML and an image that shows it; either may be missing."""
    math = _first_math(element)
    pictures = list(element.iter("img"))
    tex = tex_of(math) if math is not None else ""
    shown = image(pictures[0]) if pictures and not tex else None
    names = " ".join([*mathjax.classes_of(element), *(img.get("class") or "" for img in pictures)])
    display = bool(re.search(r"display(?![a-z])|-block", names)) or is_alone(element)
    display = display or (math is not None and math.get("display") == "block")
    return _found(element, tex or (shown.text if shown else ""), display=display)


def _spelled(element: HtmlElement) -> Found | None:
    """TeX as text, in delimiters, or bare where it cannot be prose: `span.math`, `<d-math>`, ..."""
    pieces = [element.text or ""]
    for child in element.iterdescendants():
        if child.tag not in _PLAIN or _DRAWN.intersection(mathjax.classes_of(child)):
            return None
    for child in element:
        if child.tag == "br":
            pieces.append("\n")
        elif not _NUMBERS.intersection(mathjax.classes_of(child)):
            pieces.append(child.text_content())
        pieces.append(child.tail or "")
    tex, delimited = undelimited("".join(pieces))
    if delimited is None and not _is_bare(element, tex):
        return None
    display = bool(delimited) or element.tag == "div" or _says_display(element)
    return _found(element, tex, display=display)


def _is_bare(element: HtmlElement, tex: str) -> bool:
    if local_name(element) in _OWN_TAGS:
        return has_commands(tex) or not is_other_text(tex)
    is_marked = has_commands(tex) or "_" in tex or "^" in tex
    return is_marked and not len(element) and not is_other_text(tex)


def _says_display(element: HtmlElement) -> bool:
    names = mathjax.classes_of(element)
    tags = (local_name(element), local_name(element.getparent()))
    return (
        element.get("block") is not None
        or bool({"display", "js-display-math", "math-display", "eqn"} & {*names, *tags})
        or element.get("mode") == "display"
        or "disp-formula" in tags
    )


def _alternatives(element: HtmlElement) -> Found | None:
    """JATS: one formula in more than one form."""
    forms = [child for child in element.iter() if local_name(child) in ("tex-math", "math")]
    forms.sort(key=lambda form: local_name(form) != "tex-math")
    for form in forms:
        tex = form.text_content() if local_name(form) == "tex-math" else tex_of(form)
        if tex.strip():
            tex, display = undelimited(tex)
            shown = bool(display) or local_name(element) == "disp-formula" or _says_display(element)
            return _found(element, tex, display=shown)
    return None


def _attribute(*names: str) -> Callable[[HtmlElement], Found | None]:
    """A rule for elements that have the TeX in one of these attributes."""

    def rule(element: HtmlElement) -> Found | None:
        value = next((element.get(name) for name in names if element.get(name)), "")
        tex, display = undelimited(value)
        return _found(element, tex, display=bool(display) or _says_display(element))

    return rule


def _wiris(element: HtmlElement) -> Found | None:
    markup = (element.get("data-mathml") or "").translate(_WIRIS)
    if "math" not in markup:
        return image(element)
    try:
        math = _first_math(lxml.html.fragment_fromstring(markup, create_parent="div"))
    except (etree.LxmlError, ValueError):
        return None
    return _found(element, tex_of(math), display=False) if math is not None else None


def _latexml_table(element: HtmlElement) -> Found | None:
    """Equations that LaTeXML has laid out as a table: the formulas of a row are one line."""
    if element.tag != "table" or next(element.iter("p"), None) is not None:
        return None
    if next(element.iterdescendants("table"), None) is not None:
        return None
    rows = [[tex_of(math) for math in row.iter("math")] for row in element.iter("tr")]
    lines = [" ".join(bare(tex, display=True) for tex in row) for row in rows if row]
    lines = [re.sub(r"\\displaystyle(?![A-Za-z])\s*", "", line) for line in lines]
    return _found(element, " \\\\\n".join(filter(None, lines)), display=True)


def _first_math(element: HtmlElement) -> HtmlElement | None:
    return next(element.iter("math", "m:math", "mml:math"), None)


def _found(element: HtmlElement, tex: str, *, display: bool) -> Found | None:
    tex = bare(tex, display=display)
    return Found(element, tex, display) if tex else None


_formula = _attribute("data-formula", "data-value", "data-tex", "data-latex", "data-expr")

BY_TAG: dict[str, Callable[[HtmlElement], Found | None]] = {
    "math": _math,
    "mjx-container": mathjax.container,
    "svg": mathjax.picture,
    "img": image,
    "amp-mathml": _formula,
    **dict.fromkeys(_OWN_TAGS, _spelled),
    **dict.fromkeys(("alternatives", "disp-formula", "inline-formula"), _alternatives),
}
BY_CLASS: dict[str, Callable[[HtmlElement], Found | None]] = {
    **dict.fromkeys(("katex", "katex-display"), _katex),
    "katex-error": _katex_error,
    "mwe-math-element": _wikipedia,
    "ltx_eqn_table": _latexml_table,
    "Wirisformula": _wiris,
    **dict.fromkeys(("math", "math-container", "mathjax-tex", "tex", "arithmatex"), _spelled),
    **dict.fromkeys(("ql-formula", "ztext-math"), _formula),
    **dict.fromkeys(mathjax.RENDERINGS, mathjax.rendering),
}
