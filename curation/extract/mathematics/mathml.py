r"""Presentation MathML in, TeX that people read out.

In: a `<math>` element, or any one with MathML's tags in it, in any namespace. Out: TeX without
delimiters, on one line. Invariant: every character of the formula is in the TeX; only widths,
colours and sizes are lost. What is nested too deeply comes out as its text, and so does content
MathML. Time is linear in the size, times the depth that is followed.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from lxml.html import HtmlElement

from curation.extract.mathematics.mathml_stacks import accent, stacked, takes_space, with_limits
from curation.extract.mathematics.mathml_tables import environment_of, fenced_environment, rows_of
from curation.extract.mathematics.mathml_tokens import (
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
from curation.extract.mathematics.tex import CLOSE, LOOSE, finish, quoted, tight

_DEEPEST = 80
_ROWS = frozenset(("mrow", "mstyle", "mpadded", "texatom", "mtd", "math"))
_TALL = frozenset(("mfrac", "mtable", "munder", "mover", "munderover", "msqrt", "mroot"))
_ONE_GROUP = re.compile(r"\\[A-Za-z]+\{[^{}]*\}")
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
    r"""The delimiters of a row that `\left` and `\right` made, or that grow with what is inside."""
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
        environment = fenced_environment(left, right)
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
    return tex + LOOSE if takes_space(element[0]) else tex


def _attached(below: HtmlElement | None, above: HtmlElement | None, depth: int) -> str:
    sub, sup = _tight(below, depth), _tight(above, depth)
    tex = f"_{_argument(sub)}" if sub else ""
    if sup.strip("'"):
        return tex + "^" + _argument(sup.replace("'", rf"\prime{CLOSE}"))
    return tex + sup


def _tight(element: HtmlElement | None, depth: int) -> str:
    return tight(_tex(element, depth)) if element is not None else ""


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
    is_one = is_one or _ONE_GROUP.fullmatch(tex) is not None
    if name == "mrow" and len(inner) > 1 and opens(inner[0]) and closes(inner[-1]):
        is_one = True  # as people write it
    if name in ("mover", "munder") and "^" not in tex and "_" not in tex:
        is_one = is_one or (tex.startswith("\\") and tex.endswith("}"))
    return tex if is_one and tex else f"{{{tex.strip(LOOSE)}}}"


def _stacked(element: HtmlElement, depth: int) -> str:
    """`munder`, `mover` and `munderover`: accents, limits, labelled arrows, or just a stack."""
    name = local_name(element)
    if len(element) != (3 if name == "munderover" else 2):
        return _joined(element, depth)
    base = element[0]
    below = element[1] if name != "mover" else None
    above = element[-1] if name != "munder" else None
    if mark := accent(element):
        return rf"\{mark}{{{_trimmed(base, depth)}}}"
    tex = _base(base, depth)
    if limits := with_limits(base, tex):
        return limits + _attached(below, above, depth) + LOOSE
    return stacked(
        base,
        tex,
        below=_tight(below, depth),
        above=_tight(above, depth),
        is_label=below is not None and local_name(below) == "mpadded",
    )


def _prescripts(element: HtmlElement, depth: int) -> str:
    tags = [local_name(child) for child in element]
    split = tags.index("mprescripts") if "mprescripts" in tags else len(tags)
    if not tags:
        return ""
    after, before = element[1:split], element[split + 1 :]
    pieces = ["{}" + _attached(*pair, depth) for pair in _pairs(before)]
    pieces.append(_base(element[0], depth))
    pieces += [_attached(*pair, depth) for pair in _pairs(after)]
    return "".join(pieces)


def _pairs(elements: Sequence[HtmlElement]) -> Iterator[tuple[HtmlElement, HtmlElement]]:
    return zip(elements[::2], elements[1::2], strict=False)


def _table(element: HtmlElement, depth: int, environment: str = "") -> str:
    cells = [[_row(cell, depth) if len(cell) else "" for cell in row] for row in rows_of(element)]
    return environment_of(element, cells, environment)


def _between(element: HtmlElement, depth: int) -> str:
    """`mfenced`, which MathML 3 still had."""
    left, right = element.get("open", "("), element.get("close", ")")
    marks = [*(element.get("separators") or ",").replace(" ", "")] or [""]
    inner = "".join(
        (marks[min(at, len(marks)) - 1] + LOOSE if at else "") + _trimmed(child, depth)
        for at, child in enumerate(element)
    )
    table = core(element[0]) if len(element) == 1 else element
    environment = fenced_environment(_brace(left), _brace(right))
    if environment and local_name(table) == "mtable":
        return _table(table, depth, environment)
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
