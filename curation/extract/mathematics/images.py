r"""Formulas that a page shows as images, by what stands in the `alt` and the address.

In: an `<img>`. Out: its `Found`; None if there is no TeX to be had. Known are WordPress.com,
Wikipedia, QuickLaTeX, CodeCogs, LaTeX2HTML, Trac, Sphinx, Moodle, Canvas, WIRIS, and the like.
"""

from __future__ import annotations

import re
from urllib.parse import parse_qs, unquote, urlsplit

from lxml.html import HtmlElement

from curation.extract.mathematics.tex_source import (
    bare,
    is_symbols,
    is_tex,
    undelimited,
    without_image_commands,
)
from curation.extract.page import Found

_CLASSES = frozenset(
    """equation_image latex latexmath math math-inline mwe-math-fallback-image-display
    mwe-math-fallback-image-inline ql-img-displayed-equation ql-img-inline-formula tex texrender
    texImage teximage wp-latex xypic""".lower().split()
)
_DISPLAYS = ("display", "ql-img-displayed-equation")
_ALONE_IN = frozenset(("center", "dd", "div", "p"))
_PUNCTUATION = " \t\n\r\u00a0.,;:"
_SERVICES = re.compile(
    r"""latex\.codecogs\.com|/latex\.php\?|chart\.(?:googleapis|apis\.google)\.com/chart|
    (?:math|mime)tex\.cgi\?|render\.githubusercontent\.com/render/math|zhihu\.com/equation|
    math\.now\.sh|i\.upmath\.me/(?:svg|png)/|tex\.z-dn\.net|/texrender|quicklatex\.com/cache""",
    re.VERBOSE | re.IGNORECASE,
)
# Sphinx: formulas named by their hashes.
_DRAWN_BY_SPHINX = re.compile(r"_images/math/[0-9a-f]{40}\.(?:png|svg)$")
_PARAMETERS = ("latex", "chl", "math", "tex", "from", "f", "formula", "eq")
_CODECOGS = re.compile(
    r"^/(?:gif|png|svg|pdf|emf|eq)\.(?:latex|image|download)|/eqn?edit\.php", re.IGNORECASE
)
_SPACES = {"&space;": " ", "&plus;": "+", "&hash;": "#", "&amp;": "&"}


def image(element: HtmlElement) -> Found | None:
    """The formula that an `<img>` shows."""
    names = (element.get("class") or "").lower().split()
    source = element.get("src") or element.get("data-src") or ""
    alt = element.get("data-equation-content") or element.get("alt") or ""
    alt = without_image_commands(alt.strip().removeprefix("LaTeX:").strip())
    tex, display = undelimited(alt)
    known = bool(_CLASSES.intersection(names)) or bool(_DRAWN_BY_SPHINX.search(source))
    if display is not None and is_symbols(tex):
        trusted = known or alt[0] == "\\" or _is_formula_between_dollars(tex)
    else:
        is_source = _SERVICES.search(source) is not None
        trusted = bool(tex) and (is_symbols(tex) if known else is_source and is_tex(tex))
        if not trusted and is_source:
            tex, trusted = without_image_commands(_from_address(source)), True
    if not trusted or not tex.strip(" .$"):
        return None
    display = display or any(name.endswith(_DISPLAYS) for name in names) or is_alone(element)
    return Found(element, bare(tex, display=display), display)


def is_alone(element: HtmlElement) -> bool:
    """Whether there is nothing else in its block but punctuation."""
    parent = element.getparent()
    if parent is None or parent.tag not in _ALONE_IN or len(parent) != 1:
        return False
    return not f"{parent.text or ''}{element.tail or ''}".strip(_PUNCTUATION)


def _is_formula_between_dollars(tex: str) -> bool:
    return tex.strip(" .…") != "" and not re.fullmatch(r"[\d.,\s]+(?:-|to|–)?", tex)


def _from_address(source: str) -> str:
    """The TeX in a service's address; "" if it has none."""
    try:
        parts = urlsplit(source)
    except ValueError:
        return ""
    if _CODECOGS.search(parts.path) or "tex.cgi" in parts.path:
        query = parts.query
        for code, char in _SPACES.items():
            query = query.replace(code, char)
        return unquote(query + (f"#{parts.fragment}" if parts.fragment else ""))
    if "upmath.me" in parts.netloc:
        return unquote(parts.path.split("/", 2)[-1])
    values = parse_qs(parts.query)
    return next((values[name][0] for name in _PARAMETERS if name in values), "")
