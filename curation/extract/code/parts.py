"""What an element says of itself on a page that shows code: a line, a number, a button, hidden.

In: one element. Out: yes or no, from its tag, its classes and styles, and a bounded look at its
text. `names.json` holds what highlighters, editors and code hosts call these parts, in lower
case; a number column must hold numbers, too.
"""

from __future__ import annotations

import json
import re
from importlib.resources import files
from itertools import islice

from lxml.html import HtmlElement

NAMES: dict[str, frozenset[str]] = {
    kind: frozenset(names)
    for kind, names in json.loads(
        files("curation.extract.code").joinpath("names.json").read_text("utf-8")
    ).items()
}
_GUTTERS = NAMES["number_classes"]
_TOOLS = NAMES["tool_classes"]
# Each of these is shown as a line, whatever its tag. `line` alone is also said of other things:
# it counts where nothing stands between lines.
_LINES = NAMES["line_classes"]
_NUMBERS = re.compile(r"[\s\d.:|…+\-\u200b]*")
_NUMBER_STYLE = re.compile(r"user-select:\s*none|padding-left: 5px; padding-right: 5px")
_HIDDEN_STYLE = re.compile(r"display:\s*none|visibility:\s*hidden")
_PRE_STYLE = re.compile(r"white-space:\s*(?:pre|break-spaces)")
_ENOUGH_NODES = 64


def class_names(element: HtmlElement) -> list[str]:
    """The element's classes in lower case."""
    names = element.get("class")
    return names.lower().split() if names else []


def is_hidden(element: HtmlElement) -> bool:
    """Whether the element itself says that it is not shown."""
    style = element.get("style")
    return element.get("hidden") is not None or bool(style and _HIDDEN_STYLE.search(style))


def keeps_white_space(element: HtmlElement) -> bool:
    """Whether the element's own style is that of `<pre>`."""
    return bool(_PRE_STYLE.search(element.get("style", "")))


def is_gutter(element: HtmlElement) -> bool:
    """Whether this is a column of line numbers, or one number of it: by its name and its text.

    Prism calls a listing with numbers what others call the numbers. Only the first nodes of the
    text are read.
    """
    if _GUTTERS.isdisjoint(class_names(element)):
        return False
    child = first_child(element)
    shows_code = element.tag == "code" or (child is not None and child.tag == "code")
    return not shows_code and _starts_with_numbers(element)


def is_styled_number(element: HtmlElement) -> bool:
    """Whether highlighters that write no classes write their line numbers like this."""
    style = element.get("style")
    return bool(style and _NUMBER_STYLE.search(style)) and _starts_with_numbers(element)


def _starts_with_numbers(element: HtmlElement) -> bool:
    """All of it at every depth would be quadratic."""
    return all(
        is_numbers(node.text) and (node is element or is_numbers(node.tail))
        for node in islice(element.iter(), _ENOUGH_NODES)
    )


def is_numbers(text: str | None) -> bool:
    """Whether all of it could stand in a column of line numbers."""
    return not text or bool(_NUMBERS.fullmatch(text))


def is_tool(element: HtmlElement) -> bool:
    """Whether this is a button or a bar that serves the listing beside it."""
    return element.tag in ("button", "clipboard-copy") or not _TOOLS.isdisjoint(
        class_names(element)
    )


def is_line(element: HtmlElement) -> bool:
    """Whether a highlighter made this element for one line of code."""
    if element.tag == "span" and element.get("data-line") is not None:
        return True
    return not _LINES.isdisjoint(class_names(element))


def first_child(element: HtmlElement) -> HtmlElement | None:
    """The first child element; `len` would count them all."""
    return next(element.iterchildren(), None)


def is_blank(text: str | None) -> bool:
    """Whether this is no text or only white space; a no-break space is text."""
    return not text or not text.strip(" \t\n\r\f")
