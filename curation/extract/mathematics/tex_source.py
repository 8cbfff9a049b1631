r"""TeX as pages hold it, made bare: without delimiters, wrappers and the commands of services.

In: what stands in an attribute, an annotation, a script or an element. Out: the formula alone.
"""

from __future__ import annotations

import re

from curation.extract.mathematics.tex import SYMBOLS, names

_FOR_IMAGES = re.compile(
    r"\s*(?:\\(?:inline|dpi\{\d*\}|fn_\w+|bg_\w+|bg\{\w*\}|fg_\w+|large|Large|LARGE|huge|small|tiny|fs\d)"
    r"(?![A-Za-z])\s*)+"
)
_ENVIRONMENT = re.compile(
    r"\\begin\{(equation|displaymath|math)(\*?)\}(.*)\\end\{\1\2\}\Z", re.DOTALL
)
_DISPLAYED = re.compile(r"\\begin\{(?:align|alignat|eqnarray|flalign|gather|multline)\*?\}")
_PAIRS = ((r"\(", r"\)", False), (r"\[", r"\]", True), ("$$", "$$", True), ("$", "$", False))
_COMMAND = re.compile(r"\\([A-Za-z]{2,})")
_SCRIPTED = re.compile(r"[_^]\s*[{\\\w+*-]")
_WORDS = re.compile(r"(?<![\\A-Za-z{])[A-Za-z]{2,}[,;:]? +[A-Za-z]{2,}")
_BLANK_LINES = re.compile(r"\n(?:[ \t]*\n)+")
_KNOWN = names("commands") | {command[1:] for command in SYMBOLS.values()}


def bare(tex: str, *, display: bool) -> str:
    r"""TeX without white space and CDATA around it; on one line if not display.

    Lines stay where a comment ends with one. `{\displaystyle }` around it, as MediaWiki writes it,
    is a part of the source and stays.
    """
    tex = _inside(tex, "<![CDATA[", "]]>").strip()
    if r"\begin{document}" in tex:
        tex = undelimited(_inside(tex, r"\begin{document}", r"\end{document}"))[0]
    if display or re.search(r"(?<!\\)%", tex):
        return _BLANK_LINES.sub("\n", tex)
    return " ".join(tex.split())


def undelimited(text: str) -> tuple[str, bool | None]:
    """TeX without the delimiters around all of it; True if they say display, None for none."""
    text = text.strip()
    for left, right, display in _PAIRS:
        if text.startswith(left) and text.endswith(right) and len(text) > len(left + right):
            inner = text[len(left) : -len(right)]
            if left not in inner.replace(r"\$", "") and inner.strip():
                return inner.strip(), display
    if whole := _ENVIRONMENT.match(text):
        return whole[3].strip(), whole[1] != "math"
    return text, True if _DISPLAYED.match(text) else None


def without_image_commands(tex: str) -> str:
    """TeX without the commands that tell a service of images about size and colours."""
    found = _FOR_IMAGES.match(tex)
    return tex[found.end() :] if found else tex


def has_commands(text: str) -> bool:
    r"""Whether there is a command of mathematics in it: `\frac`, not `\bin`."""
    return any(found[1] in _KNOWN for found in _COMMAND.finditer(text))


def is_tex(text: str) -> bool:
    """Whether a text that may be a description is the formula itself."""
    if has_commands(text) or _SCRIPTED.search(text):
        return True
    return bool(text.strip()) and not _WORDS.search(text) and "=" in text


def is_symbols(text: str) -> bool:
    """Whether a text may be a formula: not words in a row."""
    return bool(text.strip()) and (has_commands(text) or not _WORDS.search(text))


def _inside(tex: str, left: str, right: str) -> str:
    """What is between the first `left` and the last `right`; comment signs beside them go, too."""
    start, end = tex.find(left), tex.rfind(right)
    if start < 0 or end < start:
        return tex
    return tex[start + len(left) : end].strip().removesuffix("%")
