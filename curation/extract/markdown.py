r"""Markdown markers out, words in: `**x**` and `[x](y)` become `x`.

The Llama 3.1 report (section 3.1.1) found that Markdown hurts a model that is trained mostly on
web text. Pages show raw markers where somebody's renderer did not run. Markers are taken for
markers as CommonMark 0.31 (section 6.2) has them, with two exceptions: single words of one line
decide (no paragraph is put together first), and none is removed between letters or digits but
CJK, so that `f**k` and `2*3*4` stay; nor around what looks like code rather than words.

Every pattern is linear in the length of a line: none runs over its own opening marker.
"""

from __future__ import annotations

import re
from functools import cache
from importlib import resources
from itertools import pairwise

from curation.extract.lines import Line
from schemas.line_kind import LineKind

_CJK = "\u2e80-\u9fff\uac00-\ud7af\uff00-\uffef"
# What may stand outside of a marker: white space, quotes, brackets, punctuation, or CJK.
_BEFORE = rf"(?<![^\s\"'\u2018\u201c\u00ab\u201e(\[\u2013\u2014>{_CJK}])"
_AFTER = rf"(?![^\s\"'\u2019\u201d\u00bb)\].,;:!?\u2026\u2013\u2014<{_CJK}])"
_CODE = re.compile(r"(?<![\w`'])(`{1,3})(?!`)([^`'\n]{1,100})\1(?![`\w])")
# `f[x](y)` is code.
_LINK = re.compile(
    r"(?<![\w\])])!?\[([^\[\]\n]*)\]\(((?:[^()\n\s]|\([^()\n]*\))+)(?:\s+\"[^\"\n]*\")?\)"
)
_TARGET = re.compile(r"[/#.:]")


def _emphasis(mark: str, content: str) -> re.Pattern[str]:
    own = mark[-1]
    return re.compile(
        rf"{_BEFORE}{mark}(?![\s{own}])({content})(?<![\s{own}]){mark}(?!{re.escape(own)}){_AFTER}"
    )


# Single markers stand around words; what looks like code keeps them. Inner ones come first, so
# that `***x***` comes apart.
_WORDS = r"[^*\n()\[\]{}=;<>|\\]"
_FIRST, _LAST = (
    r"(?=[\w\"'\u2018\u201c\u00ab\u00bf\u00a1])",
    r"(?<=[\w.!?\"'\u2019\u201d\u00bb,;:\u2026])",
)
_EMPHASIS = [
    _emphasis(r"\*\*\*", r"[^*\n]+"),
    _emphasis(r"\*\*", r"[^*\n]+"),
    _emphasis(r"\*", f"{_FIRST}{_WORDS}+{_LAST}"),
    _emphasis("___", r"[^_\n]+"),
    _emphasis("__", r"[^_\n]+"),
    _emphasis("_", f"{_FIRST}{_WORDS.replace('*', '_')}+{_LAST}"),
    _emphasis("~~", r"[^~\n]+"),
]
# A strong emphasis that has words of weaker emphasis or snake_case in it.
_LOOSE = re.compile(rf"{_BEFORE}(\*\*|__)(?=\S)((?:(?!\1)[^\n])+)(?<=\S)\1{_AFTER}")
# One sign alone also numbers things (`# of mills`) and begins comments.
_HEADING = re.compile(r"#{2,6}\s+(?=\S)|#\s+(?=[^\W\d_])(?![a-z])")
_HEADING_END = re.compile(r"(?<=\S)\s+#{1,6}$")
_RULE = re.compile(r"(?:[-*_=]\s*){3,}|\|?(?:\s*:?-+:?\s*\|)+(?:\s*:?-+:?)?\s*")
_FENCE = re.compile(r"(?:`{3,}|~{3,})\s*[\w+#.-]*")
_BULLET = re.compile(r"[*+-]\s+(?=\D)")


def without_markers(lines: list[Line]) -> list[Line]:
    """The lines without markers; what stands between code fences is code, and stays."""
    lines = _unfence(lines)
    bulleted = _list_items(lines)
    done = []
    for line, is_item in zip(lines, bulleted, strict=True):
        if line.kind is LineKind.CODE:
            done.append(line)
        elif line.kind is LineKind.TABLE or not _RULE.fullmatch(line.text):
            done.append(_without_markers(line, is_item=is_item))
    return [line for line in done if line.text]


def _without_markers(line: Line, *, is_item: bool) -> Line:
    kind, text = line
    if is_item:
        kind, text = LineKind.LIST_ITEM, _BULLET.sub("", text, count=1)
    if text.startswith("#") and (heading := _HEADING.match(text)):
        text = _HEADING_END.sub("", text[heading.end() :])
        kind = LineKind.HEADING if kind is LineKind.PROSE else kind
    return Line(kind, plain(text))


def plain(text: str) -> str:
    """One line without the markers inside it. What stands in backticks loses only those."""
    if "`" not in text:
        return _plain(text)
    parts, end = [], 0
    for span in _CODE.finditer(text):
        parts += [_plain(text[end : span.start()]), span[2].strip()]
        end = span.end()
    return "".join([*parts, _plain(text[end:])])


def _plain(text: str) -> str:
    if "](" in text:
        text = _LINK.sub(_unless_note, text)
    if not any(mark in text for mark in "*_~"):
        return text
    for emphasis in _EMPHASIS:
        text = emphasis.sub(_unless_name, text)
    return _LOOSE.sub(_unless_name, text)


def _unless_note(link: re.Match[str]) -> str:
    """The words of a link; a number before words in brackets is none."""
    return link[0] if link[1].isdigit() and not _TARGET.search(link[2]) else link[1]


def _unless_name(marked: re.Match[str]) -> str:
    """The words of an emphasis; a name such as `__init__` or `__FILE__` with what belongs to it."""
    words = marked[marked.lastindex or 0]
    is_name = marked[0][:2] == "__" and (words in _names() or words.isupper() or "_" in words)
    return marked[0] if is_name and words.isidentifier() else words


@cache
def _names() -> frozenset[str]:
    return frozenset(resources.files("curation.extract").joinpath("names.txt").read_text().split())


def _unfence(lines: list[Line]) -> list[Line]:
    """Without pairs of fences; the lines between them are code."""
    pairs = _fenced(lines)
    done, at = [], 0
    while at < len(lines):
        end = pairs.get(at)
        if end is None:
            done.append(lines[at])
            at += 1
        else:
            done += [Line(LineKind.CODE, line.text) for line in lines[at + 1 : end]]
            at = end + 1
    return done


def _fenced(lines: list[Line]) -> dict[int, int]:
    """Fences that open, with those that close them: of the same sign, and without a language."""
    pairs, opening = {}, -1
    for at, line in enumerate(lines):
        if not _FENCE.fullmatch(line.text):
            continue
        sign = line.text[0]
        if opening >= 0 and lines[opening].text[0] == sign and not line.text.strip(sign):
            pairs[opening], opening = at, -1
        elif opening < 0 or lines[opening].text[0] == sign:
            opening = at
    return pairs


def _list_items(lines: list[Line]) -> list[bool]:
    """Which lines begin with a bullet beside another that does: one alone may be a dash."""
    bullets = [bool(_BULLET.match(line.text)) for line in lines]
    items = [False] * len(lines)
    for at, (this, following) in enumerate(pairwise(bullets)):
        if this and following:
            items[at] = items[at + 1] = True
    return items
