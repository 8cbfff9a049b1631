r"""Where a page shows formulas, and the TeX of each.

In: the tree that `page.parse` makes. Out: a `Found` for each formula, in document order, none
inside another. Its text is TeX without delimiters: the author's where the page holds it (MathJax's
scripts, annotations, alt texts, delimiters in the text), else made from MathML or the rendering.
Invariant: a rendering and its source are one formula; the time is linear in the page. The tree
changes only where a formula stands between delimiters in text: a `<span>` is put around it.
"""

from __future__ import annotations

import re
from collections.abc import Callable

from lxml import etree
from lxml.html import HtmlElement

from curation.extract.mathematics import mathjax
from curation.extract.mathematics.delimiters import Habits, wrap_formulas
from curation.extract.mathematics.markup import BY_CLASS, BY_TAG
from curation.extract.mathematics.mathml_tokens import local_name
from curation.extract.mathematics.tex_source import bare
from curation.extract.page import Found

_VERBATIM = frozenset(
    [
        "annotation",
        "annotation-xml",
        "code",
        "head",
        "math",
        "noscript",
        "option",
        "pre",
        "script",
        "select",
        "style",
        "svg",
        "textarea",
        "title",
        "xmp",
    ]
)
_LIBRARY = re.compile(r"mathjax|katex|jsmath|math-renderer", re.IGNORECASE)
_DOLLARS = re.compile(
    r"""inlineMath["']?\s*:[\s\[{(]*[^;]{0,120}?\[\s*(["'])\\?\$\1\s*,|left["']?\s*:\s*(["'])\$\2""",
    re.VERBOSE,
)
_IGNORED, _PROCESSED = (
    re.compile(r"(?:^|\s)(?:tex2jax|mathjax)_ignore"),
    re.compile(r"(?:^|\s)(?:(?:tex2jax|mathjax)_process|math|output_area)(?:\s|$)"),
)
_LONGEST_SCRIPT = 100_000
_MOST_FAILURES = 5

_Rule = Callable[[HtmlElement], Found | None]


def find_formulas(page: HtmlElement) -> list[Found]:
    """Every formula on the page whose TeX can be had."""
    found = {formula.element: formula for formula in mathjax.scripts(page)}
    gone = {other for formula in found.values() for other in formula.others}
    delimited: dict[HtmlElement, None] = {}
    failures: dict[HtmlElement, int] = {}
    walker = etree.iterwalk(page, events=("start",))
    for _, element in walker:
        if element.tail and _may_delimit(element.tail) and element is not page:
            delimited[element.getparent()] = None
        if element in found or element in gone:
            walker.skip_subtree()
        elif formula := _shown(element, failures):
            found[element] = formula
            gone.update(formula.others)
            walker.skip_subtree()
        elif element.tag in _VERBATIM:
            walker.skip_subtree()
        elif element.text and _may_delimit(element.text):
            delimited[element] = None
    if delimited:
        _find_delimited(page, delimited, found, gone)
    tags = {element.tag for element in found}
    return [found[element] for element in page.iter(*tags) if element in found] if tags else []


def _may_delimit(text: str) -> bool:
    return "\\" in text or "$" in text


def _shown(element: HtmlElement, failures: dict[HtmlElement, int]) -> Found | None:
    """The formula that the element is, by its tag or its classes.

    Rules look at all that is in an element, so only few may fail around another one.
    """
    around = failures.get(element.getparent(), 0) if failures else 0
    rules = _rules(element)
    if around < _MOST_FAILURES:
        for rule in rules:
            if found := rule(element):
                return found
        around += bool(rules)
    if around:
        failures[element] = around
    return None


def _rules(element: HtmlElement) -> list[_Rule]:
    if not isinstance(element.tag, str):
        return []
    rules = [BY_TAG[name]] if (name := local_name(element)) in BY_TAG else []
    classes = element.get("class")
    if classes:
        rules += [BY_CLASS[name] for name in classes.split() if name in BY_CLASS]
    return rules


def _find_delimited(
    page: HtmlElement,
    parents: dict[HtmlElement, None],
    found: dict[HtmlElement, Found],
    gone: set[HtmlElement],
) -> None:
    habits = _habits(page)
    ignored: dict[HtmlElement | None, bool] = {None: False}
    taken = gone | found.keys()
    for parent in parents:
        if parent.tag in _VERBATIM or parent.getparent() in found or _is_ignored(parent, ignored):
            continue
        for element, formula in wrap_formulas(parent, habits, taken):
            tex = bare(formula.content, display=formula.display)
            found[element] = Found(element, tex, formula.display)


def _is_ignored(element: HtmlElement, known: dict[HtmlElement | None, bool]) -> bool:
    """Whether the page tells MathJax to leave the element alone."""
    path = []
    above: HtmlElement | None = element
    while above not in known:
        path.append(above)
        above = above.getparent() if above is not None else None
    ignored = known[above]
    for below in reversed(path):
        names = below.get("class") or ""
        ignored = not _PROCESSED.search(names) and (ignored or bool(_IGNORED.search(names)))
        known[below] = ignored
    return ignored


def _habits(page: HtmlElement) -> Habits:
    """What the page's scripts say of formulas."""
    library = dollars = False
    for script in page.iter("script", "link"):
        address = script.get("src") or script.get("href") or ""
        text = (script.text or "")[:_LONGEST_SCRIPT] if script.tag == "script" else ""
        library = library or bool(_LIBRARY.search(address) or _LIBRARY.search(text))
        dollars = dollars or bool(_DOLLARS.search(text))
    return Habits(library=library or dollars, dollars=dollars)
