"""MathML again from what MathJax 3 and 4 draw: the tags of CHTML and the groups of SVG.

In: an `mjx-container` without assistive MathML. Out: a `<math>` tree of its own, as far as the
drawing tells: sizes of fences become attributes that `mathml.to_tex` reads, widths are lost in SVG.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterator

import lxml.html
from lxml.html import HtmlElement

_DEEPEST = 120
_TOKENS = frozenset(("mi", "mn", "mo", "mtext", "ms", "mspace"))
_NAMES = _TOKENS | frozenset(
    [
        "math",
        "mrow",
        "mfrac",
        "msqrt",
        "mroot",
        "msub",
        "msup",
        "msubsup",
        "munder",
        "mover",
        "munderover",
        "mtable",
        "mtr",
        "mlabeledtr",
        "mtd",
        "menclose",
        "mphantom",
        "mpadded",
        "mstyle",
        "mmultiscripts",
        "merror",
        "texatom",
        "semantics",
        "maction",
    ]
)
_ROLES = frozenset(("over", "under", "base", "root", "script", "labels", "prescripts", "scripts"))
_STRUTS = frozenset(
    [
        "nstrut",
        "dstrut",
        "tstrut",
        "line",
        "spacer",
        "surd",
        "mark",
        "ustrike",
        "dstrike",
        "hstrike",
        "vstrike",
        "border",
        "labels",
        "assistive-mml",
        "speech",
    ]
)
_CODE = re.compile(r"(?:^|\s)mjx-c([0-9A-F]{1,6})(?=\s|$)")
_NO_TEXT = frozenset(("Cc", "Cn", "Cs"))
_HEX = re.compile(r"[0-9A-Fa-f]{1,6}")
_FONT_CLASS = re.compile(r"(?:^|\s)[A-Z]+-([A-Z]+\d*)(?=\s|$)")
_GLYPH = re.compile(r"-([A-Z0-9]+)-[0-9A-F]+$")
_GROWN = re.compile(r"(?:^|[\s-])(sop|lop|SO|LO|[sS][1-9]\d?)(?=\s|$|-)")
_SIZES = {"sop": "1.2em", "SO": "1.2em", "S1": "1.2em", "lop": "1.6em", "LO": "1.6em"}
_SIZES |= {"S2": "1.6em", "s3": "2.05em", "S3": "2.05em", "s4": "2.45em", "S4": "2.45em"}
_WIDTH = re.compile(r"width: (-?[\d.]+em)")
_HEIGHT = re.compile(r"translate\(\s*-?[\d.]+[ ,]+(-?\d+(?:\.\d+)?)")
# Of a delimiter that is drawn in parts, the character, by any part but what only makes it longer.
PARTS = {
    **dict.fromkeys("⎛⎜⎝", "("),
    **dict.fromkeys("⎞⎟⎠", ")"),
    **dict.fromkeys("⎡⎢⎣", "["),
    **dict.fromkeys("⎤⎥⎦", "]"),
    **dict.fromkeys("⎧⎨⎩", "{"),
    **dict.fromkeys("⎫⎬⎭", "}"),
    "∣": "|",
    "⏐": "|",
    "∥": "‖",
    "\ue152": "⏟",
    "\ue150": "⏞",
}
_FENCES = frozenset("()[]{}|‖∣∥⟨⟩⌊⌋⌈⌉/")


def mathml_of(container: HtmlElement) -> HtmlElement:
    """The formula as a `<math>`; an empty one where nothing is drawn."""
    roots = [
        _node(root, "math", 0)
        for root in container.iter("mjx-math", "g")
        if root.tag == "mjx-math" or root.get("data-mml-node") == "math"
    ]
    for part in roots[1:]:  # MathJax 4 breaks formulas in a line of prose
        roots[0].extend(list(part))
    return roots[0] if roots else lxml.html.Element("math")


def _name(element: HtmlElement) -> str:
    name = element.get("data-mml-node") or str(element.tag).removeprefix("mjx-")
    return name.lower()


def _node(element: HtmlElement, name: str, depth: int) -> HtmlElement:
    if name in _TOKENS or depth > _DEEPEST:
        return _token(element, name)
    made = lxml.html.Element(
        "mrow" if name == "texatom" else "mtr" if name == "mlabeledtr" else name
    )
    parts = [
        (role, child, _node(child, _name(child), depth + 1))
        for role, child in _parts(element, "", depth)
        if not (name in ("msqrt", "mroot") and _is_surd(child))
    ]
    made.extend(_ordered(name, parts))
    if name == "mfrac" and _has_no_line(element):
        made.set("linethickness", "0")
    elif name == "mtable" and _is_aligned(element):
        made.set("columnalign", "right left")
    elif name == "menclose":
        made.set("notation", _notation(element))
    elif name in ("mrow", "texatom") and len(made):
        _mark_fences(made, name)
    return made


def _parts(element: HtmlElement, role: str, depth: int) -> Iterator[tuple[str, HtmlElement]]:
    """The nodes within, whatever boxes they are in, each with what its box is for."""
    for child in element:
        if not isinstance(child.tag, str):
            continue
        name = _name(child)
        is_box = name == "munder" and child.getparent().tag == "mjx-box"  # of a munderover
        if name in _NAMES and child.tag != "mjx-math" and not is_box:
            yield role, child
        elif name not in _STRUTS and child.get("data-labels") is None and depth <= _DEEPEST:
            inner = name if name in _ROLES else "group" if name == "g" else role
            yield from _parts(child, inner, depth + 1)


def _ordered(name: str, parts: list[tuple[str, HtmlElement, HtmlElement]]) -> list[HtmlElement]:
    """The children as MathML has them; CHTML puts what is above first, SVG goes by position."""
    nodes = [node for _, _, node in parts]
    if name == "mmultiscripts":
        return _multiscripts(parts)
    if name == "mroot":
        return _root(parts)
    if name in ("munder", "mover", "munderover") and any(role == "base" for role, _, _ in parts):
        order = {"base": 0, "under": 1, "over": 2}
        return [node for _, _, node in sorted(parts, key=lambda part: order.get(part[0], 0))]
    if name in ("msubsup", "munderover") and len(nodes) == 3 and _is_upside_down(parts):
        return [nodes[0], nodes[2], nodes[1]]
    return nodes


def _is_upside_down(parts: list[tuple[str, HtmlElement, HtmlElement]]) -> bool:
    return parts[2][0] == "script" or _height(parts[1][1]) > _height(parts[2][1])


def _root(parts: list[tuple[str, HtmlElement, HtmlElement]]) -> list[HtmlElement]:
    """What is under the root, and its index: SVG has the one in a group, CHTML the other."""
    has_group = any(role == "group" for role, _, _ in parts)
    below = [node for role, _, node in parts if (role == "group" if has_group else role != "root")]
    index = [node for role, _, node in parts if (role != "group" if has_group else role == "root")]
    return [_row(below), *index]


def _multiscripts(parts: list[tuple[str, HtmlElement, HtmlElement]]) -> list[HtmlElement]:
    by_role: dict[str, list[HtmlElement]] = {"base": [], "prescripts": [], "scripts": []}
    for role, _, node in parts:
        by_role[role if role in by_role else "base"].append(node)
    done = by_role["base"][:1] + by_role["scripts"][::-1]
    if by_role["prescripts"]:
        done += [lxml.html.Element("mprescripts"), *by_role["prescripts"][::-1]]
    return done


def _row(nodes: list[HtmlElement]) -> HtmlElement:
    row = lxml.html.Element("mrow")
    row.extend(nodes)
    return row


def _height(element: HtmlElement) -> float:
    found = _HEIGHT.match(element.get("transform") or "")
    return float(found[1]) if found else 0.0


def _is_surd(element: HtmlElement) -> bool:
    return _name(element) == "mo" and _text(element)[:1] in ("√", "⎷")


def _has_no_line(element: HtmlElement) -> bool:
    if element.tag == "g":
        return not any(child.tag == "rect" for child in element)
    return any(child.get("atop") == "true" for child in element)


def _is_aligned(table: HtmlElement) -> bool:
    cell = next(table.iter("mjx-mtd"), None)
    return cell is not None and "text-align: right" in (cell.get("style") or "")


def _notation(element: HtmlElement) -> str:
    for child in element:
        if child.tag == "rect" or "border:" in (child.get("style") or ""):
            return "box"
    strikes = {"mjx-ustrike": "updiagonalstrike", "mjx-dstrike": "downdiagonalstrike"}
    strikes["mjx-hstrike"] = "horizontalstrike"
    found = [strikes[child.tag] for child in element if child.tag in strikes]
    for line in element.iterchildren("line"):
        ends = [line.get("y1") or "", line.get("y2") or ""]
        found.append(
            "horizontalstrike"
            if ends[0] == ends[1]
            else "downdiagonalstrike"
            if ends[1].startswith("-")
            else "updiagonalstrike"
        )
    return " ".join(found)


def _mark_fences(row: HtmlElement, name: str) -> None:
    """Fences of a row that grew, or that is open on one side, came from TeX's left and right."""
    ends = (row[0], row[-1])
    if name == "mrow" and len(row) > 1 and all(end.tag == "mo" for end in ends):
        if any(end.get("grown") or not end.text for end in ends):
            for end in ends:
                end.attrib.pop("stretchy", None)
                end.set("fence", "true")
    elif name == "texatom" and len(row) == 1 and row[0].tag == "mo":
        size = _SIZES.get(row[0].get("grown") or "")
        if size and row[0].text in _FENCES:
            row[0].set("minsize", size)
            row[0].attrib.pop("stretchy", None)


def _token(element: HtmlElement, name: str) -> HtmlElement:
    if name not in _TOKENS:
        name = "mtext"
    made = lxml.html.Element(name)
    if name == "mspace":
        if width := _WIDTH.search(element.get("style") or ""):
            made.set("width", width[1])
        return made
    text = _text(element)
    made.text = "∣" if text == "|" and element.get("space") == "4" else text
    font = _font(element)
    if font == "C" and name == "mi":
        made.set("mathvariant", "script")
    elif name == "mi" and len(text) == 1 and text.isascii() and text.isalpha():
        made.set("mathvariant", "normal")
    if name == "mo":
        made.set("grown" if (grown := _grown(element)) else "stretchy", grown or "false")
        if grown:
            made.set("stretchy", "true")
    return made


def _text(element: HtmlElement) -> str:
    chars = [char for part in element.iter() if (char := _char(part))]
    if _name(element) == "mo" and chars and chars[0] in PARTS:
        return PARTS[chars[0]]
    return "".join(chars[:1] if _is_assembled(element) else chars)


def _is_assembled(element: HtmlElement) -> bool:
    return _name(element) == "mo" and next(element.iter("svg"), None) is not None


def _char(part: HtmlElement) -> str:
    if part.tag in ("mjx-utext", "text"):
        return str(part.text_content())
    code = part.get("data-c") if part.tag in ("use", "path") else ""
    if str(part.tag).startswith(("mjx-c", "mjx-stretchy")):
        found = _CODE.search(part.get("class") or "")
        code = found[1] if found else ""
    value = int(code, 16) if code and _HEX.fullmatch(code) else 0
    char = chr(value) if value < 0x110000 else ""
    return char if char and unicodedata.category(char) not in _NO_TEXT else ""


def _font(element: HtmlElement) -> str:
    for part in element.iter("mjx-c", "use"):
        if part.tag == "mjx-c":
            found = _FONT_CLASS.search(part.get("class") or "")
            return found[1] if found else ""
        glyph = _GLYPH.search(
            part.get("{http://www.w3.org/1999/xlink}href") or part.get("xlink:href") or ""
        )
        return glyph[1] if glyph else ""
    return ""


def _grown(element: HtmlElement) -> str:
    if any(str(part.tag).startswith(("mjx-stretchy", "svg")) for part in element.iter()):
        return "stretchy"
    if found := _GROWN.search(element.get("class") or ""):
        return found[1]
    found = _GROWN.search(f"-{_font(element)}")
    return found[1] if found else ""
