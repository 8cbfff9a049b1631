"""MathML as a form that is equal for formulas that look the same.

What differs without being seen goes: spaces, rows within rows, sizes, invisible operators, whether
a script stands beside or under its operator. Letters, fonts and the structure stay.
"""

from __future__ import annotations

from lxml import etree

Form = tuple[object, ...]

_ROWS = frozenset(("math", "mrow", "mstyle", "mpadded", "TeXAtom", "semantics"))
_SCRIPTS = {"munder": "msub", "mover": "msup", "munderover": "msubsup"}
_INVISIBLE = dict.fromkeys(map(ord, "\u2061\u2062\u2063\u2064\u200b \u00a0\n\t\u2009"))
_SAME = str.maketrans("∣∥−∗′‾―¯∶", "|‖-*'¯¯¯:")
_OPERATORS = frozenset("∑∏∐⋃⋂⨁⨂⨀⋁⋀∫∬∭∮")


def normal_form(mathml: str) -> Form:
    """The formula as nested tuples."""
    return tuple(_row(etree.fromstring(mathml.encode())))


def _row(element: etree._Element) -> list[Form]:
    """The children, with rows in rows laid flat and letters of one word put together."""
    flat: list[Form] = []
    for child in element:
        for form in _forms(child):
            if flat and form[0] == flat[-1][0] == "text" and form[2] == flat[-1][2] != "italic":
                flat[-1] = ("text", f"{flat[-1][1]}{form[1]}", form[2])
            else:
                flat.append(form)
    return flat


def _forms(element: etree._Element) -> list[Form]:
    name = etree.QName(element).localname
    if name in _ROWS:
        return _row(element)
    if name in ("mspace", "annotation"):
        return []
    if name in ("mi", "mn", "mo", "mtext", "ms"):
        return _token(element, name)
    if name in ("msqrt", "mtd", "menclose"):
        return [(name, *_row(element))]
    children = [tuple(_argument(child)) for child in element]
    if name in _SCRIPTS and _is_operator(children[0]):
        name = _SCRIPTS[name]
    if name == "mfrac":
        return [(name, element.get("linethickness", "1")[:1] == "0", *children)]
    return [(name, *children)]


def _argument(element: etree._Element) -> list[Form]:
    name = etree.QName(element).localname
    return _row(element) if name in _ROWS else _forms(element)


def _is_operator(base: tuple[Form, ...]) -> bool:
    if len(base) != 1 or base[0][0] != "text":
        return False
    text = str(base[0][1])
    return text in _OPERATORS or (len(text) > 1 and text.isalpha())


def _token(element: etree._Element, name: str) -> list[Form]:
    text = "".join(element.itertext()).translate(_INVISIBLE).translate(_SAME)
    if not text:
        return []
    variant = element.get("mathvariant")
    is_letter = name == "mi" and len(text) == 1 and text.isalpha()
    default = "italic" if is_letter and (text.isascii() or text.islower()) else "normal"
    font = variant or default
    return [("text", text, "normal" if font == "italic" and not is_letter else font)]
