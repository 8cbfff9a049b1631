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
        rf"{_BEFORE}{mark}(?![\s{own}])({content}+)(?<![\s{own}]){mark}(?!{re.escape(own)}){_AFTER}"
    )


# Single markers stand around words; what looks like code keeps them. Inner ones come first, so
# that `***x***` comes apart.
_WORDS = r"[^*\n()\[\]{}=;<>|\\]"
_EMPHASIS = [
    _emphasis(r"\*\*\*", r"[^*\n]"),
    _emphasis(r"\*\*", r"[^*\n]"),
    _emphasis(r"\*", _WORDS),
    _emphasis("___", r"[^_\n]"),
    _emphasis("__", r"[^_\n]"),
    _emphasis("_", _WORDS.replace("*", "_")),
    _emphasis("~~", r"[^~\n]"),
]
# A strong emphasis that has words of weaker emphasis or snake_case in it.
_LOOSE = re.compile(rf"{_BEFORE}(\*\*|__)(?=\S)((?:(?!\1)[^\n])+)(?<=\S)\1{_AFTER}")
_NAMES = frozenset(
    name.strip("_") for kind in (object, type, int, list, dict, Exception, re) for name in dir(kind)
) | {
    *("all", "annotations", "await", "aenter", "aexit", "aiter", "anext", "bool", "bytes", "call"),
    *("cause", "complex", "context", "copy", "debug", "deepcopy", "del", "delete", "dirname"),
    *("enter", "exit", "filename", "format", "future", "get", "import", "index", "main", "missing"),
    *("next", "path", "post_init", "proto", "pycache", "set", "set_name", "slots", "version"),
}
_HEADING = re.compile(r"#{1,6}\s+(?=\S)")
_HEADING_END = re.compile(r"(?<=\S)\s+#{1,6}$")
_RULE = re.compile(r"(?:[-*_=]\s*){3,}|\|?(?:\s*:?-+:?\s*\|)+(?:\s*:?-+:?)?\s*")
_FENCE = re.compile(r"(?:`{3,}|~{3,})\s*[\w+#.-]*")
_BULLET = re.compile(r"[*+-]\s+(?=\S)")


def without_markers(lines: list[Line]) -> list[Line]:
    """The lines without markers; what stands between code fences is code, and stays."""
    lines = _unfence(lines)
    bulleted = _list_items(lines)
    done = []
    for line, is_item in zip(lines, bulleted, strict=True):
        if line.kind is LineKind.CODE:
            done.append(line)
        elif not _RULE.fullmatch(line.text):
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
    return marked[0] if marked[0][0] == "_" and _is_name(words) else words


def _is_name(words: str) -> bool:
    return words in _NAMES or (words.isupper() and words.replace("_", "").isalnum())


def _unfence(lines: list[Line]) -> list[Line]:
    """Without pairs of fences; the lines between them are code."""
    fences = [at for at, line in enumerate(lines) if _FENCE.fullmatch(line.text)]
    if len(fences) < 2:
        return lines
    pairs = dict(zip(fences[::2], fences[1::2], strict=False))
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


def _list_items(lines: list[Line]) -> list[bool]:
    """Which lines begin with a bullet beside another that does: one alone may be a dash."""
    bullets = [bool(_BULLET.match(line.text)) for line in lines]
    items = [False] * len(lines)
    for at, (this, following) in enumerate(pairwise(bullets)):
        if this and following:
            items[at] = items[at + 1] = True
    return items
