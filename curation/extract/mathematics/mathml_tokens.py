"""The leaves of MathML: identifiers, numbers, operators, text and space, each as TeX.

In: an element of `TOKENS`. Out: its TeX with the marks of `curation.extract.mathematics.tex`.
"""

from __future__ import annotations

import re
import unicodedata

from lxml.html import HtmlElement

from curation.extract.mathematics.tex import (
    CLOSE,
    LOOSE,
    VARIANTS,
    command,
    in_font,
    names,
    plain_letter,
    quoted,
    typed,
    unmarked,
)

TOKENS = frozenset(("mi", "mn", "mo", "mtext", "ms", "mspace", "none", "mglyph"))
INVISIBLE = frozenset("\u200b\u2061\u2062\u2063\u2064\ufe0e\ufe0f\ufeff")
FUNCTIONS, LIMITS = names("functions"), names("limits")
_WRAPPERS = frozenset(("mrow", "mstyle", "mpadded", "texatom"))
BIG = frozenset("∑∏∐⋀⋁⋂⋃⨀⨁⨂⨃⨄⨅⨆")
INTEGRALS = frozenset("∫∬∭⨌∮∯∰")
_OPENING, _CLOSING = frozenset("([{⟨⌊⌈⟦⦃〈⟮⌜⌞⎰"), frozenset(")]}⟩⌋⌉⟧⦄〉⟯⌝⌟⎱")
_BARS = frozenset("|‖∣∥/\\↑↓↕⇑⇓⇕⟨⟩")
_PREFIXES = frozenset("∀∃∄∂∇√∛∜¬∞∠∡|~^") | BIG | INTEGRALS
_BARE_BARS = {"∣": "|", "∥": r"\|", "‖": r"\|"}
_SIZES = ((1.4, r"\big"), (1.9, r"\Big"), (2.43, r"\bigg"), (9e9, r"\Bigg"))
_WIDTHS = (
    (1.5, rf"\qquad{CLOSE}{LOOSE}"),
    (0.8, rf"\quad{CLOSE}{LOOSE}"),
    (0.25, r"\;"),
    (0.19, r"\:"),
    (0.05, r"\,"),
)
_NAMED_WIDTHS = {"thinmathspace": 0.167, "mediummathspace": 0.222, "thickmathspace": 0.278}
_THIN = {
    "\u2009": r"\,",
    "\u200a": "",
    "\u2005": r"\:",
    "\u2004": r"\;",
    "\u2003": rf"\quad{CLOSE}",
}
_UNSPACED = re.compile("[ \u00a0\u2004-\u200a]+")
_TEXT_FONTS = {"bold": "textbf", "italic": "textit", "monospace": "texttt", "sans-serif": "textsf"}
_LENGTH = re.compile(r"\s*(-?[\d.]{1,10})\s*(em|ex|px|pt|mu)?")
_UNITS = {"em": 1.0, "ex": 0.43, "px": 0.06, "pt": 0.1, "mu": 1 / 18, "": 1.0}


def local_name(element: HtmlElement) -> str:
    """The tag without its namespace's prefix; "" for comments."""
    return element.tag.rpartition(":")[2] if isinstance(element.tag, str) else ""


def core(element: HtmlElement) -> HtmlElement:
    """What is left when rows of one are taken off; operators that are not seen do not count."""
    while local_name(element) in _WRAPPERS and 1 <= len(element) <= 3:
        shown = [child for child in element if not _is_unseen(child)]
        if len(shown) != 1:
            return element
        element = shown[0]
    return element


def _is_unseen(element: HtmlElement) -> bool:
    text = element.text or ""
    return local_name(element) == "mo" and bool(text) and INVISIBLE.issuperset(text.strip())


def text_of(element: HtmlElement) -> str:
    """The characters of a token; "" for everything else."""
    if local_name(element) not in TOKENS:
        return ""
    return unmarked("".join(element.itertext())).strip(" \t\r\n")


def token(element: HtmlElement) -> str:
    """A leaf as TeX."""
    name, text = local_name(element), text_of(element)
    if name == "mspace":
        return _space(element)
    if name in ("mtext", "ms"):
        return _text(element)
    text = "".join(char for char in text if char not in INVISIBLE)
    if name == "mo":
        return _operator(element, text)
    return _number(element, text) if name == "mn" else _identifier(element, text)


def length(value: str | None) -> float:
    """In em; 0 for what is no length."""
    if value in _NAMED_WIDTHS:
        return _NAMED_WIDTHS[value]
    found = _LENGTH.match(value or "")
    try:
        return float(found[1]) * _UNITS[found[2] or ""] if found else 0.0
    except ValueError:
        return 0.0


def fence_of(element: HtmlElement) -> str | None:
    r"""What may stand behind `\left` or `\right`, "." for nothing; None if it is no delimiter."""
    element = core(element)
    if local_name(element) != "mo" or element.get("stretchy") == "false":
        return None
    text = text_of(element)
    if not text:
        return "." if _is_explicit(element) else None
    if len(text) > 1 or text not in _OPENING | _CLOSING | _BARS:
        return None
    return _BARE_BARS.get(text) or command(text)


def grows(element: HtmlElement) -> bool:
    r"""Whether the markup itself says that this is a fence: what `\left` and `\right` leave."""
    element = core(element)
    return _is_explicit(element) and element.get("minsize") is None


def _is_explicit(element: HtmlElement) -> bool:
    if element.get("data-mjx-texclass") in ("OPEN", "CLOSE", "MIDDLE"):
        return element.get("stretchy") != "false"
    return element.get("fence") == "true" and element.get("stretchy") != "false"


def is_infix(element: HtmlElement) -> bool:
    """Whether it relates or joins what stands before and behind it."""
    text = text_of(core(element)) if local_name(core(element)) == "mo" else ""
    return (
        len(text) == 1
        and text not in _PREFIXES
        and (unicodedata.category(text) == "Sm" or "←" <= text <= "⇿" or text in "-−*∗⋅·≔")
    )


def opens(element: HtmlElement) -> bool:
    """Whether a sign behind it has no operand on its left."""
    return text_of(core(element)) in _OPENING | {",", ";"}


def closes(element: HtmlElement) -> bool:
    """Whether it is a closing delimiter."""
    return text_of(core(element)) in _CLOSING


def _space(element: HtmlElement) -> str:
    if element.get("linebreak") == "newline":
        return r" \\ "
    width = length(element.get("width"))
    if width < -0.05:
        return r"\!"
    return next((tex for least, tex in _WIDTHS if width >= least), "")


def _text(element: HtmlElement) -> str:
    text = unmarked("".join(element.itertext())).translate({ord(c): None for c in INVISIBLE})
    if not text.strip():
        return next((_THIN[char] for char in text if char in _THIN), "~" if text else "")
    text = re.sub(r"[ \t\r\n\u00a0]+", " ", text)
    plain = "".join(plain_letter(char)[0] for char in text)
    return rf"\{_TEXT_FONTS.get(element.get('mathvariant') or '', 'text')}{{{quoted(plain)}}}"


def _operator(element: HtmlElement, text: str) -> str:
    if len(text) > 1 and _UNSPACED.sub("", text).isalpha() and text[0].isascii():
        return rf"{LOOSE}\bmod{CLOSE}{LOOSE}" if text == "mod" else _function(text)
    is_bar = element.get("fence") == "true" or element.get("stretchy") == "false"
    if text == "⊥":
        return rf"\perp{CLOSE}"
    bar = _BARE_BARS.get(text) if is_bar or element.get("data-mjx-texclass") == "ORD" else None
    tex = bar or typed(text)
    tall = length(element.get("minsize"))
    if tall > 1 and text in _OPENING | _CLOSING | _BARS:
        return next(size for most, size in _SIZES if tall < most) + CLOSE + tex
    return tex


def _number(element: HtmlElement, text: str) -> str:
    tex = typed(text)
    variant = element.get("mathvariant") or "normal"
    return tex if variant == "normal" else in_font(tex, VARIANTS.get(variant, ""))


def _identifier(element: HtmlElement, text: str) -> str:
    font = VARIANTS.get(element.get("mathvariant") or "")
    if len(text) > 1 and _UNSPACED.sub("", text).isalpha() and not font:
        return _word(element, text)
    if len(text) > 1 and font == "mathrm" and element.get("data-mjx-texclass") == "OP":
        return _function(text)
    if text in _BARE_BARS:
        return _BARE_BARS[text]
    tex = typed(text)
    return in_font(tex, font) if font else tex


def _word(element: HtmlElement, text: str) -> str:
    if not text.isascii() and len(text) == 2:
        return typed(text)
    if element.get("data-mjx-auto-op") == "false":
        return rf"\mathrm{{{text}}}"
    return _function(text)


def _function(text: str) -> str:
    joined = _UNSPACED.sub("", text)
    if joined in FUNCTIONS:
        return f"\\{joined}{CLOSE}"
    spaced = _UNSPACED.sub(r"\\,", text)
    return rf"\operatorname{{{spaced}}}"
