"""Whether an element is a listing, and the text it lists.

In: an element of a page, not in another listing. Out: its code, or None when that can only be
found further down. Invariant: an element is taken for a listing by what its maker called it or by
the line numbers beside a `<pre>`, never by its looks alone; what is read twice is bounded.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from itertools import islice, pairwise

from lxml.html import HtmlElement

from curation.extract.code.parts import NAMES, class_names, first_child, is_gutter
from curation.extract.code.text import VERBATIM_TAGS, Mode, shown_text

# In these only the lines of code are text.
_WIDGETS = NAMES["widget_classes"]
_TABLES = NAMES["table_classes"]
_LISTS = re.compile(r"(?:^| )(?:linenums|dp-\w+)(?: |$)")
_LINES = NAMES["editor_line_classes"]
_AREA_NAME = re.compile(
    r"(?<![a-z])(?:code(?:mirror)?|crayon-plain|read-only-cursor-text-area|prettyprint)(?![a-z])",
    re.IGNORECASE,
)
_SHARE_NAME = re.compile(
    r"bb.?code|copy|coupon|embed|export|iframe|postal|promo|share|zip", re.IGNORECASE
)
_DIGIT = re.compile("[0-9]")
_NUMBER = re.compile("[0-9]{1,6}")
_FIRST_TEXTS = 64
_WRAPPERS = 6


def listing_text(element: HtmlElement) -> str | None:
    """The listing that the element is, blank if it shows nothing; None if it is none."""
    if element.tag == "textarea":
        return shown_text(element, Mode.VERBATIM) if _is_for_code(element) else None
    if element.tag in VERBATIM_TAGS:
        return None if _wraps_page(element) else shown_text(element, Mode.VERBATIM)
    names = class_names(element)
    if not _WIDGETS.isdisjoint(names):
        return _widget_text(element)
    if element.tag == "table":
        numbers = _number_cells(element)
        if numbers or not _TABLES.isdisjoint(names):
            return shown_text(element, Mode.DROPPED, without=numbers)
    elif _is_code_list(element) if element.tag == "ol" else _holds_code_lines(element):
        return shown_text(element, Mode.DROPPED)
    return None


def _wraps_page(element: HtmlElement) -> bool:
    """Some pages put everything into one <pre>: paragraphs, headings and tables of data."""
    table = next(element.iterdescendants("table"), None)
    if table is not None and _TABLES.isdisjoint(class_names(table)) and not _number_cells(table):
        return True
    return next(element.iterdescendants("p", "h1", "h2", "h3", "h4"), None) is not None


def _widget_text(widget: HtmlElement) -> str:
    """Some carry the source beside the lines; there tabs and blanks are those of the source."""
    text = shown_text(widget, Mode.DROPPED)
    source = next(widget.iter("textarea"), None)
    plain = shown_text(source, Mode.VERBATIM) if source is not None else ""
    return plain if squeezed(plain) == squeezed(text) else text


def _is_for_code(area: HtmlElement) -> bool:
    """Most read-only areas hold something to share, or say that one cannot comment."""
    names = f"{area.get('class', '')} {area.get('id', '')}"
    # SyntaxHighlighter's first version: <textarea name="code" class="python">
    if area.get("name") == "code" and area.get("class"):
        return True
    return bool(_AREA_NAME.search(names)) and not _SHARE_NAME.search(names)


def _is_code_list(element: HtmlElement) -> bool:
    """By google-code-prettify and SyntaxHighlighter, or by GeSHi."""
    if _LISTS.search(element.get("class", "")):
        return True
    item = first_child(element)
    return item is not None and not {"li1", "li2"}.isdisjoint(class_names(item))


def _holds_code_lines(element: HtmlElement) -> bool:
    child = first_child(element)
    if child is None:
        return False
    names = class_names(child)
    if "line" in names:
        return "fragment" in class_names(element)
    return not _LINES.isdisjoint(names)


def _number_cells(table: HtmlElement) -> set[HtmlElement]:
    """The first cells of all rows if they are line numbers: by name, or as 1, 2, 3 by a <pre>."""
    pairs = [list(islice(row.iterchildren("td"), 2)) for row in _rows(table)]
    pairs = [pair for pair in pairs if pair]
    firsts = {pair[0] for pair in pairs}
    if not all(len(pair) == 2 and _numbers_lines(*pair) for pair in pairs):
        return set()
    return firsts if any(_has_number(cell) for cell in firsts) else set()


def _rows(table: HtmlElement) -> Iterator[HtmlElement]:
    for part in table.iterchildren("tr", "thead", "tbody", "tfoot"):
        yield from [part] if part.tag == "tr" else part.iterchildren("tr")


def _numbers_lines(cell: HtmlElement, neighbour: HtmlElement) -> bool:
    return is_gutter(cell) or (_starts_with_pre(neighbour) and _counts(cell))


def _has_number(cell: HtmlElement) -> bool:
    """A column that only keeps a distance is called gutter, too."""
    if cell.get("data-line-number") is not None:
        return True
    return any(_DIGIT.search(text) for text in islice(cell.itertext(), _FIRST_TEXTS))


def _starts_with_pre(cell: HtmlElement) -> bool:
    inner: HtmlElement | None = cell
    for _ in range(_WRAPPERS):
        inner = first_child(inner)
        if inner is None or inner.tag == "pre":
            break
    return inner is not None and inner.tag == "pre"


def _counts(cell: HtmlElement) -> bool:
    """Whether the cell's whole text is two or more numbers in sequence."""
    numbers: list[int] = []
    for node in cell.iter():
        # Tables in tables would be read once for each level.
        if node.tag == "table":
            return False
        for text in (node.text, node.tail if node is not cell else None):
            words = (text or "").split()
            if not all(_NUMBER.fullmatch(word) for word in words):
                return False
            numbers.extend(map(int, words))
    return len(numbers) > 1 and all(b - a == 1 for a, b in pairwise(numbers))


def squeezed(text: str) -> str:
    """The text without white space: what two ways to show one source have in common."""
    return "".join(text.split())
