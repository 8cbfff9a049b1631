r"""Text as every later stage expects it: NFC, `\n` the only line break, no control characters.

Source: Unicode 15 section 5.8 (line breaks), UAX #15 (normalisation forms, stream-safe text).
"""

from __future__ import annotations

import re
import unicodedata

_LINE_BREAKS = re.compile("\r\n|[\r\v\f\x1c-\x1e\x85\u2028\u2029]")
_UNWANTED = re.compile("[\x00-\x08\x0e-\x1b\x1f\x7f-\x84\x86-\x9f\ud800-\udfff\ufeff\ufffe\uffff]")
_ASCII = "".join(map(chr, range(128)))
_ASCII_LINE_BREAKS = _LINE_BREAKS.sub("\n", _ASCII).encode() + bytes(128)
_ASCII_UNWANTED = "".join(_UNWANTED.findall(_ASCII)).encode()
_MARKS = "".join(c for c in map(chr, range(0x300, 0x1E94B)) if unicodedata.combining(c))
_PILED_UP = re.compile(f"([{_MARKS}]{{30}})[{_MARKS}]+")


def tidy(text: str) -> str:
    """`text` with one kind of line break, in NFC, and nothing that is not text.

    Control characters, lone surrogates, blank lines at its ends and marks on a letter beyond 30 are
    removed: the time to normalise grows with their square. Empty when nothing but white space is
    left.
    """
    text = verbatim(text)
    if not text.isascii():
        text = _PILED_UP.sub(r"\1", text)
    return _without_outer_blank_lines(unicodedata.normalize("NFC", text))


def verbatim(text: str) -> str:
    """Code as it is, but with one kind of line break and without control characters."""
    if text.isascii():  # a twentieth of the time
        plain = text.encode("ascii").replace(b"\r\n", b"\n")
        return plain.translate(_ASCII_LINE_BREAKS, _ASCII_UNWANTED).decode("ascii")
    return _UNWANTED.sub("", _LINE_BREAKS.sub("\n", text))


def _without_outer_blank_lines(text: str) -> str:
    """No regular expression: on long runs of line breaks one takes quadratic time."""
    words_end = len(text.rstrip())
    words_start = len(text) - len(text.lstrip())
    if words_end == 0:
        return ""
    last_line_end = text.find("\n", words_end)
    first_line_start = text.rfind("\n", 0, words_start) + 1
    return text[first_line_start : last_line_end if last_line_end >= 0 else None]
