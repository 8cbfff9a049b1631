"""TeX as text: characters to commands, pieces to a formula, the formula made tidy.

While a formula is put together, `CLOSE` stands where a command needs a space before a letter, and
`LOOSE` where a reader likes one; `finish` turns both into spaces or nothing.
"""

from __future__ import annotations

import json
import re
import unicodedata
from importlib.resources import files
from typing import Any

LOOSE, CLOSE = "\x01", "\x02"
_MARKS = {1: None, 2: None}
_LOOSE_RUN = re.compile(f" *{CLOSE}?(?:{LOOSE} *)+")
_NEEDED = re.compile(f"{CLOSE}(?=[A-Za-z])")
_SAME_FONT = re.compile(r"(\\math(?:rm|bf|it|sf|tt))\{([A-Za-z0-9]+)\}(?:\1\{[A-Za-z0-9]+\})+")
_STRUCK = re.compile("(.)\u0338")
_INFIX = re.compile(f"{LOOSE}(\\\\[A-Za-z]+{CLOSE}){LOOSE}")
_SPACES = re.compile(r"(?<!\\) {2,}")


def _data(name: str) -> dict[str, Any]:
    data: dict[str, Any] = json.loads(
        files("curation.extract.mathematics").joinpath(name).read_text("utf-8")
    )
    return data


SYMBOLS: dict[str, str] = _data("symbols.json")
_NAMES = _data("tex_names.json")


def names(kind: str) -> frozenset[str]:
    """A list of names of `tex_names.json`."""
    return frozenset(" ".join(_NAMES[kind]).split())


def by_character(kind: str) -> dict[str, str]:
    """A table of `tex_names.json`: of each character, what it stands for."""
    return {char: name for name, chars in _NAMES[kind].items() for char in chars}


# What TeX renders with these characters is typed with plain ones, or in more ways than one.
_TYPED = by_character("typed")
_ESCAPED = frozenset("#$%&_{}")
_SPECIAL = re.compile(r"\\[#$%&_{}]|[#$%&_{}\\~^]")  # MathJax shows what is quoted as it is typed
_IN_TEXT = {"\\": r"\textbackslash ", "~": r"\textasciitilde ", "^": r"\textasciicircum "}
_LETTERS = {  # of a Unicode name's words, the command; the first that is there
    "DOUBLE-STRUCK": "mathbb",
    "FRAKTUR": "mathfrak",
    "BLACK-LETTER": "mathfrak",
    "SCRIPT": "mathcal",
    "MONOSPACE": "mathtt",
    "SANS-SERIF": "mathsf",
    "BOLD ITALIC": "boldsymbol",
    "BOLD": "mathbf",
    "ITALIC": "",
}
VARIANTS = {
    "bold": "mathbf",
    "bold-italic": "boldsymbol",
    "double-struck": "mathbb",
    "fraktur": "mathfrak",
    "bold-fraktur": "mathfrak",
    "script": "mathcal",
    "bold-script": "mathcal",
    "sans-serif": "mathsf",
    "bold-sans-serif": "mathsf",
    "sans-serif-italic": "mathsf",
    "sans-serif-bold-italic": "mathsf",
    "monospace": "mathtt",
    "normal": "mathrm",
    "italic": "",
}


def command(char: str) -> str:
    """What to type for a character in a formula; characters of other scripts are themselves."""
    if char in _ESCAPED:
        return "\\" + char
    if char in _TYPED or char in SYMBOLS:
        typed = _TYPED.get(char) or SYMBOLS[char]
        return typed + CLOSE if typed[-1].isalpha() else typed
    plain, font = plain_letter(char)
    if font:
        return rf"\{font}{{{command(plain)}}}"
    if plain != char:
        return command(plain)
    base = unicodedata.normalize("NFD", char)
    return rf"\not{CLOSE}{command(base[0])}" if base[1:] == "\u0338" else char


def typed(text: str) -> str:
    """What to type for the characters of a token; a stroke through one goes before it."""
    if "\u0338" in text:
        text = unicodedata.normalize("NFC", text)
    return "".join(map(command, _STRUCK.sub("\u0338\\1", text)))


def plain_letter(char: str) -> tuple[str, str]:
    """The letter and the font command that a mathematical letter is made of; "" for none."""
    if not ("\U0001d400" <= char <= "\U0001d7ff" or "\u2100" <= char <= "\u214f"):
        return char, ""
    if char == "ℎ":
        return "h", ""
    name = unicodedata.name(char, "")
    kind, _, code = unicodedata.decomposition(char).partition(" ")
    if kind != "<font>":
        return char, ""
    plain = chr(int(code, 16))
    for word, font in _LETTERS.items():
        if word in name:
            # TeX's bold fonts have no small Greek letters.
            return plain, "boldsymbol" if font == "mathbf" and not plain.isascii() else font
    return char, ""


def in_font(text: str, font: str) -> str:
    r"""Typed text in a font such as `mathbf`; bold Greek takes `\boldsymbol`."""
    letters = text.removesuffix(CLOSE)
    if not font or not letters.strip():
        return text
    if font == "mathrm":
        return rf"\mathrm{{{text}}}" if text.isascii() and text.isalpha() else text
    if font == "mathbf" and not letters.isalnum():
        font = "boldsymbol"
    return rf"\{font}{{{letters}}}"


def quoted(text: str) -> str:
    r"""Text as it is written within `\text{}`."""
    return _SPECIAL.sub(
        lambda found: found[0] if len(found[0]) > 1 else _IN_TEXT.get(found[0], "\\" + found[0]),
        unmarked(text),
    )


def unmarked(text: str) -> str:
    """Text of a page without the two characters that are marks here."""
    return text.translate(_MARKS)


def tight(tex: str) -> str:
    """With no more of the spaces that readers like than around words: for scripts."""
    return _INFIX.sub(r" \1 ", tex).replace(LOOSE, "").strip(" ")


def finish(tex: str) -> str:
    """Marks resolved to spaces."""
    tex = _SAME_FONT.sub(_merged, tex)
    tex = _NEEDED.sub(" ", _LOOSE_RUN.sub(" ", tex)).replace(CLOSE, "")
    return _SPACES.sub(" ", tex).strip(" ")


def _merged(run: re.Match[str]) -> str:
    letters = "".join(re.findall(r"\{([A-Za-z0-9]+)\}", run[0]))
    return f"{run[1]}{{{letters}}}"
