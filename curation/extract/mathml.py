r"""Presentation MathML in, TeX that people read out.

In: a `<math>` element, or any one with MathML's tags in it, in any namespace. Out: TeX without
delimiters, on one line. Invariant: every character of the formula is in the TeX; only widths,
colours and sizes are lost. What is nested too deeply comes out as its text, and so does content
MathML. Time is linear in the size, times the depth that is followed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence

from lxml.html import HtmlElement

from curation.extract.mathml_tokens import (
    BIG,
    FUNCTIONS,
    INTEGRALS,
    LIMITS,
    TOKENS,
    closes,
    core,
    fence_of,
    grows,
    is_infix,
    local_name,
    opens,
    text_of,
    token,
)
from curation.extract.tex import CLOSE, LOOSE, finish, quoted, tight

_DEEPEST = 100
_ROWS = frozenset(("mrow", "mstyle", "mpadded", "texatom", "mtd", "math"))
_TALL = frozenset(
    ["mfrac", "mtable", "munder", "mover", "munderover", "msqrt", "mroot", "menclose"]
)
_TABLES = {
    "()": "pmatrix",
    "[]": "bmatrix",
    "||": "vmatrix",
    r"\|\|": "Vmatrix",
    r"\{\}": "Bmatrix",
    r"\{.": "cases",
    r".\}": "rcases",
}
# Of the character over or under a base, the command if it keeps its size, and if it grows.
_OVER = {
    **dict.fromkeys("^ˆ\u0302", ("hat", "widehat")),
    **dict.fromkeys("~˜∼\u0303", ("tilde", "widetilde")),
    **dict.fromkeys("¯ˉ−–-\u0304", ("bar", "overline")),
    **dict.fromkeys("‾―_\u0305", ("overline", "overline")),
    **dict.fromkeys("→⟶\u20d7", ("vec", "overrightarrow")),
    **dict.fromkeys("←⟵\u20d6", ("overleftarrow", "overleftarrow")),
    **dict.fromkeys("↔⟷\u20e1", ("overleftrightarrow", "overleftrightarrow")),
    **dict.fromkeys("ˇ\u030c", ("check", "widecheck")),
    **dict.fromkeys("˙.\u0307", ("dot", "dot")),
    **dict.fromkeys("¨\u0308", ("ddot", "ddot")),
    **dict.fromkeys("˘\u0306", ("breve", "breve")),
    **dict.fromkeys("´ˊ\u0301", ("acute", "acute")),
    **dict.fromkeys("`‵ˋ\u0300", ("grave", "grave")),
    **dict.fromkeys("˚\u030a", ("mathring", "mathring")),
    "\u20db": ("dddot", "dddot"),
    "\u20dc": ("ddddot", "ddddot"),
    "⏞": ("overbrace", "overbrace"),
    "⎴": ("overbracket", "overbracket"),
    "⏜": ("overparen", "overparen"),
}
_UNDER = {
    **dict.fromkeys("_¯‾―−–\u0332", "underline"),
    **dict.fromkeys("→⟶", "underrightarrow"),
    **dict.fromkeys("←⟵", "underleftarrow"),
    "⏟": "underbrace",
    "⎵": "underbracket",
    "⏝": "underparen",
}
_LABELLED = ("\\overbrace", "\\underbrace", "\\overbracket", "\\underbracket")
_ARROWS = {"→": "xrightarrow", "←": "xleftarrow", "⟶": "xrightarrow", "⟵": "xleftarrow"}
_ARROWS |= {"↔": "xleftrightarrow", "⇒": "xRightarrow", "⇐": "xLeftarrow", "↦": "xmapsto"}
_ARROWS |= {"⇌": "xrightleftharpoons", "↪": "xhookrightarrow", "↩": "xhookleftarrow"}
_SPACE_AROUND = re.compile(
    rf"^(?:\\[,:;!]|\\q?quad{CLOSE}|[ {LOOSE}])+|(?:\\[,:;!]|\\q?quad{CLOSE}| )+$"
)
_ONE_GROUP = re.compile(r"\\[A-Za-z]+\{[^{}]*\}")
_FONT = re.compile(
    rf"\\(?:(?:operatorname|mathrm)\{{([^{{}}]*)\}}|(?=(?:{'|'.join(FUNCTIONS)}){CLOSE}))"
)
_LETTERS = re.compile(r"[A-Za-z]+(?:\\,[A-Za-z]+)*")
_RELATION = re.compile(rf"^([=<>]|\\(?:leq|geq|neq|approx|equiv|in|to|sim|Rightarrow){CLOSE})")
_STRIKES = {
    "box": "boxed",
    "updiagonalstrike": "cancel",
    "downdiagonalstrike": "bcancel",
    "horizontalstrike": "sout",
    "top": "overline",
    "bottom": "underline",
    "radical": "sqrt",
}


def to_tex(math: HtmlElement) -> str:
    """TeX of a formula in MathML; "" if it shows nothing."""
    return finish(_tex(math, 0))


def _tex(element: HtmlElement, depth: int) -> str:
    name = local_name(element)
    if name in TOKENS:
        return token(element)
    if depth > _DEEPEST:
        return _plain(element)
    return _BY_NAME.get(name, _row)(element, depth + 1)


def _plain(element: HtmlElement) -> str:
    text = " ".join(element.text_content().split())
    return rf"\text{{{quoted(text)}}}" if text else ""


def _row(element: HtmlElement, depth: int) -> str:
    if not len(element) or (element.text or "").strip():
        return _plain(element)
    fences = _fences(element)
    tex = _fenced(element, fences, depth) if fences else _joined(element, depth)
    return rf"\boxed{{{tex}}}" if "border:1px solid" in (element.get("style") or "") else tex


def _joined(children: Sequence[HtmlElement], depth: int) -> str:
    """A row. An operator between two operands has space around it, a sign has none."""
    pieces = []
    after_operand = False
    for child in children:
        piece = _tex(child, depth)
        if not piece:
            continue
        infix = is_infix(child)
        if infix and after_operand:
            piece = f"{LOOSE}{piece}{LOOSE}"
        elif text_of(core(child)) in (",", ";"):
            piece += LOOSE
        pieces.append(piece)
        after_operand = not infix and not opens(child)
    return "".join(pieces)


def _fences(element: HtmlElement) -> tuple[str, str] | None:
    r"""The delimiters of a row that `\left` and `\right` made, or that grow around their content."""
    if local_name(element) not in _ROWS or len(element) < 2:
        return None
    left, right = fence_of(element[0]), fence_of(element[-1])
    if left and right is None and local_name(core(element[-1])) == "mtable":
        return left, ""
    if left is None or right is None or len(element) < 3:
        return None
    explicit = grows(element[0]) or grows(element[-1])
    if explicit or any(local_name(core(child)) in _TALL for child in element):
        return left, right
    return None


def _fenced(element: HtmlElement, fences: tuple[str, str], depth: int) -> str:
    left, right = fences
    inner = [*element[1 : -1 if right else None]]
    shown = [child for child in inner if local_name(child) != "mspace"]
    only = core(shown[0]) if len(shown) == 1 else None
    if only is not None and local_name(only) == "mtable":
        environment = _TABLES.get(left.strip(CLOSE) + (right.strip(CLOSE) or "."))
        if environment:
            return _table(only, depth, environment)
    if only is not None and left + right == "()" and _is_binomial(only):
        return rf"\binom{_arguments(only, depth)}"
    middle = _joined_with_middles(inner, depth)
    return rf"\left{left} {middle} \right{right or '.'}"


def _joined_with_middles(children: Sequence[HtmlElement], depth: int) -> str:
    pieces: list[str] = []
    start = 0
    for at, child in enumerate(children):
        if (bar := fence_of(child)) and grows(child) and text_of(core(child)):
            pieces += [_joined(children[start:at], depth), rf" \middle{bar} "]
            start = at + 1
    return "".join([*pieces, _joined(children[start:], depth)])


def _is_binomial(element: HtmlElement) -> bool:
    return local_name(element) == "mfrac" and element.get("linethickness", "1").startswith("0")


def _arguments(element: HtmlElement, depth: int) -> str:
    return "".join(f"{{{_trimmed(child, depth)}}}" for child in element)


def _trimmed(element: HtmlElement, depth: int) -> str:
    return _tex(element, depth).strip(" " + LOOSE)


def _fraction(element: HtmlElement, depth: int) -> str:
    if len(element) != 2:
        return _joined(element, depth)
    if _is_binomial(element):
        above, below = (_trimmed(child, depth) for child in element)
        return rf"{{{above} \atop {below}}}"
    return rf"\frac{_arguments(element, depth)}"


def _style(element: HtmlElement, depth: int) -> str:
    only = core(element)
    if local_name(only) == "mfrac" and not _is_binomial(only) and len(only) == 2:
        name = {"true": "dfrac", "false": "tfrac"}.get(element.get("displaystyle", ""), "frac")
        return rf"\{name}{_arguments(only, depth)}"
    return _row(element, depth)


def _root(element: HtmlElement, depth: int) -> str:
    if local_name(element) == "mroot" and len(element) == 2:
        index = tight(_tex(element[1], depth))
        return rf"\sqrt[{index}]{{{_trimmed(element[0], depth)}}}"
    return rf"\sqrt{{{_joined(element, depth).strip(LOOSE)}}}"


def _scripts(element: HtmlElement, depth: int) -> str:
    name = local_name(element)
    if len(element) != len(name.replace("sub", "1").replace("sup", "1")[1:]) + 1:
        return _joined(element, depth)
    below = element[1] if "sub" in name else None
    above = element[-1] if "sup" in name else None
    tex = _base(element[0], depth) + _attached(below, above, depth)
    return tex + LOOSE if _is_operator(element[0]) else tex


def _is_operator(element: HtmlElement) -> bool:
    text = text_of(core(element))
    return text in BIG or text in INTEGRALS or text in FUNCTIONS


def _attached(below: HtmlElement | None, above: HtmlElement | None, depth: int) -> str:
    sub = tight(_tex(below, depth)) if below is not None else ""
    sup = tight(_tex(above, depth)) if above is not None else ""
    tex = f"_{_argument(sub)}" if sub else ""
    if sup.strip("'"):
        return tex + "^" + _argument(sup.replace("'", rf"\prime{CLOSE}"))
    return tex + sup


def _argument(tex: str) -> str:
    if tex.startswith(r"\begin{gathered}") and tex.endswith(r"\end{gathered}"):
        return rf"{{\substack{{{tex[16:-14].strip()}}}}}"
    return tex if len(tex) == 1 and tex not in "'^_" else f"{{{tex}}}"


def _base(element: HtmlElement, depth: int) -> str:
    """What scripts are put to: in braces, unless TeX takes it for one thing anyway."""
    tex = _tex(element, depth)
    inner = core(element)
    name = local_name(inner)
    is_one = name in TOKENS or name in ("msqrt", "mroot") or _fences(inner) is not None
    if name == "mrow" and len(inner) > 1 and opens(inner[0]) and closes(inner[-1]):
        is_one = True  # as people write it
    if _ONE_GROUP.fullmatch(tex):
        is_one = True
    if not is_one and name in ("mover", "munder"):
        is_one = tex.startswith("\\") and tex.endswith("}") and not set("^_") & set(tex)
    return tex if is_one and tex else f"{{{tex.strip(LOOSE)}}}"


def _stacked(element: HtmlElement, depth: int) -> str:
    """`munder`, `mover` and `munderover`: accents, limits, labelled arrows, or just a stack."""
    name = local_name(element)
    if len(element) != (3 if name == "munderover" else 2):
        return _joined(element, depth)
    base = element[0]
    below = element[1] if name != "mover" else None
    above = element[-1] if name != "munder" else None
    accent = _accent(element)
    if accent:
        return rf"\{accent}{{{_trimmed(base, depth)}}}"
    tex = _base(base, depth)
    if limits := _limits(base, tex):
        return limits + _attached(below, above, depth) + LOOSE
    if above is None and below is not None and local_name(below) != "mpadded":
        return rf"\underset{{{_label(below, depth)}}}{{{tex}}}"
    labels = [_label(part, depth) for part in (below, above)]
    return _labelled(text_of(core(base)), tex, *labels)


def _limits(base: HtmlElement, tex: str) -> str:
    """The base as it is written before limits; "" if it is none that takes limits."""
    text = text_of(core(base))
    if text in BIG or tex.startswith(_LABELLED) or tex.strip("\\" + CLOSE) in LIMITS:
        return tex.strip("{}") if text else tex
    if text in INTEGRALS:
        return rf"{tex}\limits"
    word = _FONT.sub(r"\1", tex).replace(CLOSE, "").removeprefix("{").removesuffix("}")
    return rf"\operatorname*{{{word}}}" if len(word) > 1 and _LETTERS.fullmatch(word) else ""


def _label(element: HtmlElement | None, depth: int) -> str:
    tex = tight(_tex(element, depth)) if element is not None else ""
    return _SPACE_AROUND.sub("", tex)


def _labelled(char: str, tex: str, below: str, above: str) -> str:
    if char in _ARROWS:
        under = f"[{below}]" if below else ""
        return rf"\{_ARROWS[char]}{under}{{{above}}}"
    if below:
        tex = rf"\underset{{{below}}}{{{tex}}}"
    return rf"\overset{{{above}}}{{{tex}}}" if above else tex.removeprefix("{}")


def _accent(element: HtmlElement) -> str:
    mark = core(element[-1])
    char = text_of(mark)
    if local_name(element) == "munder":
        return _UNDER.get(char, "")
    if local_name(element) != "mover" or char not in _OVER:
        return ""
    stretchy = mark.get("stretchy") or ("false" if element.get("accent") == "true" else "")
    if not stretchy:
        stretchy = "true" if len(text_of(core(element[0]))) != 1 else "false"
    return _OVER[char][stretchy == "true"]


def _prescripts(element: HtmlElement, depth: int) -> str:
    names = [local_name(child) for child in element]
    split = names.index("mprescripts") if "mprescripts" in names else len(names)
    after, before = element[1:split], element[split + 1 :]
    tex = _base(element[0], depth)
    for below, above in zip(before[::2], before[1::2], strict=False):
        tex = "{}" + _attached(below, above, depth) + tex
    for below, above in zip(after[::2], after[1::2], strict=False):
        tex += _attached(below, above, depth)
    return tex


def _table(element: HtmlElement, depth: int, environment: str = "") -> str:
    rows = [_cells(row, depth) for row in element if local_name(row) in ("mtr", "mlabeledtr")]
    name, columns = environment, ""
    if not name:
        name, columns = _environment(element, max(map(len, rows), default=0))
    body = r" \\ ".join(" & ".join(cells).strip() for cells in rows)
    return rf"\begin{{{name}}}{columns} {body} \end{{{name}}}"


def _cells(row: HtmlElement, depth: int) -> list[str]:
    cells = [_cell(cell, at, depth) for at, cell in enumerate(row)]
    if local_name(row) == "mlabeledtr" and cells:
        label = finish(cells.pop(0)).removeprefix(r"\text{").strip("(){}")
        cells = [*cells[:-1], rf"{cells[-1]} \tag{{{label}}}"] if cells else [rf"\tag{{{label}}}"]
    return cells


def _cell(cell: HtmlElement, column: int, depth: int) -> str:
    tex = _row(cell, depth).strip(" " + LOOSE) if len(cell) else ""
    # What is aligned at its relation begins with one.
    return _RELATION.sub(rf"\1{LOOSE}", tex) if column else tex


def _environment(element: HtmlElement, width: int) -> tuple[str, str]:
    """The environment of a table without fences, and the columns if it is an array."""
    aligned = (element.get("columnalign") or "").split()
    cell = next((cell for row in element for cell in row), None)
    if not aligned and cell is not None and "tml-right" in (cell.get("class") or ""):
        aligned = ["right", "left"]
    lines = (element.get("columnlines") or "").split()
    if set(lines) - {"none"}:
        letters = [
            (aligned[at : at + 1] or aligned[-1:] or ["center"])[0][0] for at in range(width)
        ]
        bars = ["|" if at < len(lines) and lines[at] != "none" else "" for at in range(width)]
        return "array", "{" + "".join(map("".join, zip(letters, bars, strict=True))) + "}"
    if aligned[:2] == ["right", "left"] or (aligned[:1] == ["right"] and width == 1):
        return "aligned", ""
    return ("gathered" if width == 1 else "matrix"), ""


def _between(element: HtmlElement, depth: int) -> str:
    """`mfenced`, which MathML 3 still had."""
    left, right = element.get("open", "("), element.get("close", ")")
    marks = [*(element.get("separators") or ",").replace(" ", "")] or [""]
    inner = ""
    for at, child in enumerate(element):
        inner += (marks[min(at, len(marks)) - 1] + LOOSE if at else "") + _trimmed(child, depth)
    if len(element) == 1 and local_name(core(element[0])) == "mtable":
        environment = _TABLES.get(_brace(left) + (_brace(right) or "."))
        if environment:
            return _table(core(element[0]), depth, environment)
    if any(part in inner for part in (r"\frac", r"\begin", r"\sum", r"\int")):
        return rf"\left{_brace(left) or '.'} {inner} \right{_brace(right) or '.'}"
    return _brace(left) + inner + _brace(right)


def _brace(fence: str) -> str:
    return quoted(fence) if fence in ("{", "}") else fence


def _enclosed(element: HtmlElement, depth: int) -> str:
    tex = _joined(element, depth).strip(LOOSE)
    notations = (element.get("notation") or "longdiv").split()
    if {"updiagonalstrike", "downdiagonalstrike"} <= set(notations):
        return rf"\xcancel{{{tex}}}"
    command = next((_STRIKES[notation] for notation in notations if notation in _STRIKES), "")
    return rf"\{command}{{{tex}}}" if command else tex


def _phantom(element: HtmlElement, depth: int) -> str:
    tex = _joined(element, depth).strip(LOOSE)
    return rf"\phantom{{{tex}}}" if tex else ""


def _first(element: HtmlElement, depth: int) -> str:
    return _tex(element[0], depth) if len(element) else _plain(element)


def _nothing(element: HtmlElement, depth: int) -> str:  # noqa: ARG001 - one of a table of functions
    return ""


_BY_NAME: dict[str, Callable[[HtmlElement, int], str]] = {
    "mfrac": _fraction,
    "msqrt": _root,
    "mroot": _root,
    **dict.fromkeys(("msub", "msup", "msubsup"), _scripts),
    **dict.fromkeys(("munder", "mover", "munderover"), _stacked),
    "mmultiscripts": _prescripts,
    "mtable": _table,
    "mfenced": _between,
    "menclose": _enclosed,
    "mphantom": _phantom,
    "mstyle": _style,
    **dict.fromkeys(("semantics", "maction"), _first),
    **dict.fromkeys(("annotation", "annotation-xml", "mprescripts"), _nothing),
}
