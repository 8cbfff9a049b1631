"""Formulas that MathJax has rendered, or would.

In: elements of a page. Out: the `Found` of MathJax 2's `<script type="math/...">` with the
renderings beside it, of its renderings without one, and of the containers of MathJax 3 and 4.
"""

from __future__ import annotations

from collections.abc import Iterator

import lxml.html
from lxml import etree
from lxml.html import HtmlElement

from curation.extract.mathematics.images import is_alone
from curation.extract.mathematics.mathjax_trees import mathml_of
from curation.extract.mathematics.mathml import to_tex
from curation.extract.mathematics.mathml_source import tex_of
from curation.extract.mathematics.tex_source import bare, is_symbols
from curation.extract.page import Found

RENDERINGS = frozenset(
    [
        "MathJax",
        "MathJax_CHTML",
        "MathJax_Display",
        "MathJax_MathML",
        "MathJax_PHTML",
        "MathJax_SVG",
        "MathJax_SVG_Display",
        "mjx-chtml",
    ]
)
_DISPLAYS = ("MathJax_Display", "MathJax_SVG_Display", "MJXc-display")
_PREVIEWS = frozenset(
    ("MathJax_Preview", "MathJax_Processing", "MathJax_Error", "MathJax_Processed")
)
_XML_PARSER = lxml.html.HTMLParser(huge_tree=True, encoding="utf-8")


def classes_of(element: HtmlElement) -> list[str]:
    """The names in its class."""
    return (element.get("class") or "").split()


def scripts(page: HtmlElement) -> Iterator[Found]:
    """MathJax 2's sources; what was rendered from them is in `others`."""
    frames: dict[str, HtmlElement] | None = None
    for script in page.iter("script"):
        kind = (script.get("type") or "").lower()
        if not kind.startswith("math/"):
            continue
        rendered = list(_before(script))
        if not rendered and script.get("id"):
            if frames is None:
                frames = {
                    frame.get("id"): frame for frame in page.xpath("//*[contains(@id,'-Frame')]")
                }
            frame = frames.get(f"{script.get('id')}-Frame")
            rendered = [_with_display(frame)] if frame is not None else []
        display = "display" in kind or any(_is_display(other) for other in rendered)
        tex = bare(_source(script, kind, rendered), display=display)
        if tex:
            yield Found(script, tex, display, tuple(rendered))


def rendering(element: HtmlElement) -> Found | None:
    """What MathJax 2 or mathjax-node left without a source."""
    display = _is_display(element)
    tex = _tex_of_rendering(element)
    return Found(element, bare(tex, display=display), display, _previews(element)) if tex else None


def container(element: HtmlElement) -> Found | None:
    """An `mjx-container` of MathJax 3 or 4."""
    display = (element.get("display") or "false") != "false"
    sources = element.xpath(
        "(.//mjx-math | .//*[@data-mml-node='math'] | .//math)[@data-latex][1]/@data-latex"
    )
    tex = str(sources[0]) if sources else ""
    if not tex.strip():
        math = next(element.iter("math"), None)
        tex = tex_of(math) if math is not None else to_tex(mathml_of(element))
    return Found(element, bare(tex, display=display), display) if tex.strip() else None


def picture(element: HtmlElement) -> Found | None:
    """An `<svg>` of mathjax-node, whose title is the source."""
    title = next(element.iter("title"), None)
    if title is None or not (title.get("id") or "").startswith("MathJax-SVG"):
        return None
    parent = element.getparent()
    display = is_alone(element) or (parent is not None and "mjpage__block" in classes_of(parent))
    tex = title.text_content()
    return Found(element, bare(tex, display=display), display) if is_symbols(tex) else None


def _before(script: HtmlElement) -> Iterator[HtmlElement]:
    """The preview and the rendering that stand directly before it."""
    element = script.getprevious()
    while element is not None and not (element.tail or "").strip():
        if not (RENDERINGS | _PREVIEWS).intersection(classes_of(element)):
            return
        yield element
        element = element.getprevious()


def _previews(element: HtmlElement) -> tuple[HtmlElement, ...]:
    before = element.getprevious()
    if (
        before is None
        or (before.tail or "").strip()
        or not _PREVIEWS.intersection(classes_of(before))
    ):
        return ()
    return (before,)


def _with_display(frame: HtmlElement) -> HtmlElement:
    parent = frame.getparent()
    return parent if parent is not None and _is_display(parent) and len(parent) == 1 else frame


def _is_display(element: HtmlElement) -> bool:
    names = classes_of(element)
    if any(name in _DISPLAYS for name in names) or (
        "MathJax_MathML" in names and element.tag == "div"
    ):
        return True
    return any(math.get("display") == "block" for math in element.iter("math"))


def _source(script: HtmlElement, kind: str, rendered: list[HtmlElement]) -> str:
    text = script.text or ""
    if kind.startswith("math/mml"):
        return _tex_of_markup(text)
    if kind.startswith("math/ascii"):
        return next(filter(None, map(_tex_of_rendering, rendered)), text)
    return text


def _tex_of_rendering(element: HtmlElement) -> str:
    for holder in element.xpath("descendant-or-self::*[@data-mathml][1]"):
        if tex := _tex_of_markup(holder.get("data-mathml")):
            return tex
    for math in element.iter("math"):
        return tex_of(math)
    for label in element.xpath(".//*[contains(@class,'mjx-math')][1]/@aria-label"):
        if is_symbols(label):
            return str(label)
    return ""


def _tex_of_markup(markup: str) -> str:
    """TeX for MathML that stands in an attribute or a script."""
    try:
        fragment = lxml.html.fragment_fromstring(
            markup.strip(), parser=_XML_PARSER, create_parent="div"
        )
    except (etree.LxmlError, ValueError):
        return ""
    math = next((element for element in fragment.iter() if str(element.tag).endswith("math")), None)
    return tex_of(math) if math is not None else ""
