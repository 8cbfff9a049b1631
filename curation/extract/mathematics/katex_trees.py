"""MathML again from what KaTeX draws when it is told to leave no MathML on the page.

In: a `span.katex` that has only `span.katex-html`. Out: a `<math>` tree of its own. Classes tell
fractions, roots, scripts and tables; what is drawn as a path is told by the path's beginning.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

import lxml.html
from lxml.html import HtmlElement

from curation.extract.mathematics.mathjax_trees import PARTS

_DEEPEST = 60
_BLANK = frozenset(
    ("strut", "pstrut", "vlist-s", "nulldelimiter", "arraycolsep", "fix", "frac-line")
)
_VARIANTS = {
    "mathbb": "double-struck",
    "mathcal": "script",
    "mathscr": "script",
    "mathfrak": "fraktur",
    "mathsf": "sans-serif",
    "mathtt": "monospace",
    "mathbf": "bold",
    "boldsymbol": "bold-italic",
}
_WIDTH = re.compile(r"margin-right: ?((?:[1-9]\d?(?:\.\d+)?|0?\.9\d*)em)")
_DRAWN_DELIMITERS = {"0.875em": "()", "0.667em": "[]", "0.556em": "‖‖"}
_TOP = re.compile(r"top: ?(-?\d+(?:\.\d+)?)em")
_NEGATION = "\ue020"
# Of the path of an arrow its beginning, of the picture of an accent its size.
_PATHS = {"M0 241": "→", "M400000 241": "←"}
_PICTURES = {"0 0 471 714": "→", "0 0 1062 239": "^", "0 0 600 260": "~", "0 0 1033 286": "~"}
_PICTURES |= {"0 0 2364 300": "^", "0 0 2364 360": "^", "0 0 2364 420": "^"}
_PICTURES |= {"0 0 2339 306": "~", "0 0 2340 312": "~"}


def mathml_of(element: HtmlElement) -> HtmlElement:
    """The formula as a `<math>`; an empty one where nothing is drawn."""
    bases = [part for part in element.iter("span") if "base" in _classes(part)]
    return _made("math", *(node for base in bases for node in _nodes(base, 0)))


def _classes(element: HtmlElement) -> list[str]:
    return (element.get("class") or "").split()


def _made(name: str, *children: HtmlElement, text: str = "", **attributes: str) -> HtmlElement:
    made = lxml.html.Element(name, attributes)
    made.text = text
    made.extend(children)
    return made


def _row(element: HtmlElement, depth: int) -> HtmlElement:
    return _made("mrow", *_nodes(element, depth))


def _nodes(element: HtmlElement, depth: int) -> list[HtmlElement]:
    """What is in an element; scripts take the node before them for their base."""
    nodes: list[HtmlElement] = []
    for child in element:
        if "msupsub" in _classes(child):
            base = nodes.pop() if nodes else _made("mrow")
            nodes.append(_scripts(base, child, depth + 1))
        elif nodes and "vbox" in _classes(child) and child.find_class("llap"):
            nodes[-1].text = (nodes[-1].text or "") + "\u0338"  # a stroke drawn over it
        else:
            nodes += _drawn(child, depth + 1)
    return nodes


def _drawn(element: HtmlElement, depth: int) -> list[HtmlElement]:
    names = _classes(element)
    if _BLANK.intersection(names):
        return []
    if "mspace" in names:
        # Space that KaTeX puts around operators is not told from an author's thin space.
        width = _WIDTH.search(element.get("style") or "")
        return [_made("mspace", width=width[1])] if width else []
    if "mop" in names and (word := _word(element)):
        return [_made("mi", text=word)]
    known = next((name for name in names if name in _BY_CLASS), "text" if depth > _DEEPEST else "")
    if known:
        return [_BY_CLASS[known](element, depth)]
    if _is_box(element):
        return [_made("menclose", *_items(element, depth)[:1], notation="box")]
    return _nodes(element, depth) if len(element) else _letters(element, names)


def _text(element: HtmlElement, depth: int) -> HtmlElement:  # noqa: ARG001 - in a table of functions
    return _made("mtext", text=element.text_content())


def _word(element: HtmlElement) -> str:
    """The name of an operator, which may be in a span for each letter; "" if it is none."""
    words = [""]
    for part in element.iter("span"):
        if {"vlist", "msupsub"}.intersection(_classes(part)):
            return ""
        if "mspace" in _classes(part):
            words.append("")
        words[-1] += (part.text or "") + ((part.tail or "") if part is not element else "")
    text = "\u2009".join(filter(None, words))
    return text if text[1:] and all(word.isalpha() for word in words if word) else ""


def _delimiter(element: HtmlElement, depth: int) -> HtmlElement:  # noqa: ARG001 - as above
    text = element.text_content().strip("\u200b ")
    if text:
        return _made("mo", text=PARTS.get(text[0], text[0]))
    width = next((picture.get("width") or "" for picture in element.iter("svg")), "")
    sides = _DRAWN_DELIMITERS.get(width, "||")
    return _made("mo", text=sides["mclose" in _classes(element.getparent())])


def _is_box(element: HtmlElement) -> bool:
    if not len(element) or "vlist-t" not in _classes(element[0]):
        return False
    parts = _list(element)
    return bool(parts) and "fbox" in _classes(parts[-1][-1])


def _letters(element: HtmlElement, names: Sequence[str]) -> list[HtmlElement]:
    text = (element.text or "").strip("\u200b\n ").replace(_NEGATION, "\u0338")
    if not text:
        return []
    variant = next((_VARIANTS[name] for name in names if name in _VARIANTS), "")
    if text.replace(".", "").isdigit():
        return [_made("mn", text=text, mathvariant=variant or "normal")]
    if variant or "mathnormal" in names:
        attributes = {"mathvariant": variant} if variant else {}
        return [_made("mi", text=char, **attributes) for char in text]
    if text.isascii() and text.isalpha():
        is_name = "mop" in names or "mop" in _classes(element.getparent())
        return [_made("mi", text=text, **({} if is_name else {"mathvariant": "normal"}))]
    if {"mbin", "mrel", "mopen", "mclose", "mpunct", "mop", "minner"}.intersection(names):
        return [_made("mo", text=text, stretchy="false")]
    return [_made("mo" if text in "!/|,.′″" else "mi", text=char) for char in text]


def _list(element: HtmlElement) -> list[HtmlElement]:
    """The parts of a stack, from below; those of a column of a table from above."""
    stack = next((part for part in element.iter("span") if "vlist" in _classes(part)), None)
    return [] if stack is None else [item for item in stack if len(item)]


def _items(element: HtmlElement, depth: int) -> list[HtmlElement]:
    return [_row(item, depth) for item in _list(element)]


def _scripts(base: HtmlElement, element: HtmlElement, depth: int) -> HtmlElement:
    items = _items(element, depth)
    if len(items) == 2:
        return _made("msubsup", base, *items)
    has_depth = "vlist-t2" in _classes(element[0]) if len(element) else False
    return _made("msub" if has_depth else "msup", base, *items[:1])


def _fraction(element: HtmlElement, depth: int) -> HtmlElement:
    items = _items(element, depth)
    has_line = any("frac-line" in _classes(part) for item in _list(element) for part in item)
    attributes = {} if has_line else {"linethickness": "0"}
    return _made("mfrac", *items[-1:], *items[:1], **attributes)


def _limits(element: HtmlElement, depth: int) -> HtmlElement:
    parts = _list(element)
    is_base = ["mop" in _classes(part[-1][-1]) if len(part[-1]) else False for part in parts]
    return _around(is_base.index(True) if True in is_base else 0, _items(element, depth))


def _around(at: int, items: list[HtmlElement]) -> HtmlElement:
    """A stack with its base and what is below and above it."""
    below, above = items[:at][-1:], items[at + 1 :][:1]
    name = "munderover" if below and above else "munder" if below else "mover"
    return _made(name if below or above else "mrow", *items[at : at + 1], *below, *above)


def _root(element: HtmlElement, depth: int) -> HtmlElement:
    index = [
        _row(item, depth) for part in element if "root" in _classes(part) for item in _list(part)
    ]
    inside = [part for part in element if "root" not in _classes(part)]
    below = _items(inside[0], depth)[:1] if inside else []
    return _made("mroot" if index else "msqrt", *below, *index)


def _accent(element: HtmlElement, depth: int) -> HtmlElement:
    is_below = bool({"munder", "accentunder", "underline"}.intersection(_classes(element)))
    parts, items = _list(element), _items(element, depth)
    if len(parts) != 2:
        return _made("mrow", *items)
    base, mark = (1, 0) if is_below else (0, 1)
    char = _picture(parts[mark], is_below=is_below)
    if char:
        items[mark] = _made("mo", text=char, stretchy="false" if _is_small(parts[mark]) else "true")
    elif len(items[mark]) == 1 and "accent" in _classes(element):
        items[mark] = _made("mo", text="".join(items[mark].itertext()), stretchy="false")
    return _made("munder" if is_below else "mover", items[base], items[mark])


def _is_small(part: HtmlElement) -> bool:
    return any("accent-body" in _classes(inner) for inner in part)


def _picture(part: HtmlElement, *, is_below: bool) -> str:
    names = {name for inner in part.iter("span") for name in _classes(inner)}
    if "brace-left" in names:
        return "⏟" if is_below else "⏞"
    if {"overline-line", "underline-line"} & names:
        return "_" if is_below else "‾"
    for picture in part.iter("svg"):
        size = picture.get("viewbox") or picture.get("viewBox") or ""
        path = next((path.get("d") or "" for path in picture.iter("path")), "")
        starts = (char for start, char in _PATHS.items() if path.startswith(start))
        return _PICTURES.get(size) or next(starts, "")
    return ""


def _top(part: HtmlElement) -> float:
    found = _TOP.search(part.get("style") or "")
    return float(found[1]) if found else 0.0


def _arrow(element: HtmlElement, depth: int) -> HtmlElement:
    parts, items = _list(element), _items(element, depth)
    for part in parts:
        if next(part.iter("svg"), None) is not None:
            arrow = _made("mo", text=_picture(part, is_below=False) or "→")
            labels = [(item, _top(other)) for item, other in zip(items, parts, strict=True)]
            below = [_made("mpadded", item) for item, top in labels if top > _top(part)]
            above = [item for item, top in labels if top < _top(part)]
            return _around(len(below), [*below, arrow, *above])
    return _made("mrow", *items)


def _table(element: HtmlElement, depth: int) -> HtmlElement:
    columns = [part for part in element if "col-align-" in (part.get("class") or "")]
    cells = [_items(column, depth) for column in columns]
    height = max(map(len, cells), default=0)
    rows = [
        [column[at] if at < len(column) else _made("mrow") for column in cells]
        for at in range(height)
    ]
    letters = ["".join(_classes(column))[-1:] for column in columns]
    align = " ".join({"r": "right", "l": "left"}.get(letter, "center") for letter in letters)
    made = [_made("mtr", *(_made("mtd", cell) for cell in row)) for row in rows]
    return _made("mtable", *made, columnalign=align)


def _inner(element: HtmlElement, depth: int) -> HtmlElement:
    r"""What stands between `\left` and `\right`."""
    if not len(element):
        return _made("mrow", *_letters(element, ["minner"]))
    if not {"munder", "mover"}.isdisjoint(_classes(element)):
        return _accent(element, depth)
    nodes = _nodes(element, depth)
    for end, name in ((0, "mopen"), (-1, "mclose")):
        names = _classes(element[end]) if len(element) else []
        if name in names and "nulldelimiter" in names:
            nodes.insert(0 if end == 0 else len(nodes), _made("mo"))
        if name in names and nodes and nodes[end].tag == "mo":
            nodes[end].attrib.pop("stretchy", None)
            nodes[end].set("fence", "true")
    return _made("mrow", *nodes)


_BY_CLASS: dict[str, Callable[[HtmlElement, int], HtmlElement]] = {
    "text": _text,
    "delimsizing": _delimiter,
    "mfrac": _fraction,
    "op-limits": _limits,
    "sqrt": _root,
    "x-arrow": _arrow,
    "mtable": _table,
    "minner": _inner,
    **dict.fromkeys(("accent", "accentunder", "overline", "underline", "munder", "mover"), _accent),
}
