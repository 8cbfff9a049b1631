"""A line of prose as later stages expect it.

Unicode NFC; mojibake repaired where ftfy is certain; no control characters, soft hyphens or
zero-width spaces; any run of blanks, no-break spaces included, is one blank, and none at the ends.
Code and formulas never come here.
"""

from __future__ import annotations

import re

import ftfy
from ftfy.badness import is_bad

from curation.extract.lines import Line
from curation.extract.tidy import tidy

# Soft hyphen, zero-width space, word joiner. Joiners (U+200C, U+200D) carry meaning in Persian,
# Indic scripts and emoji, and stay.
_INVISIBLE = re.compile("[\u00ad\u200b\u2060]")


def cleaned(lines: list[Line]) -> tuple[list[Line], bool]:
    """The lines without what is no text, and whether mojibake was repaired.

    Lines that have nothing else go.
    """
    repaired = not all(line.text.isascii() for line in lines) and _repair(lines)
    fixed = repaired or lines
    texts = (" ".join(tidy(_INVISIBLE.sub("", line.text)).split()) for line in fixed)
    kept = [Line(line.kind, text) for line, text in zip(fixed, texts, strict=True) if text]
    return kept, bool(repaired)


def _repair(lines: list[Line]) -> list[Line] | None:
    """The lines with their mojibake repaired; None where there is none."""
    fixed = [
        Line(line.kind, ftfy.fix_encoding(line.text))
        if not line.text.isascii() and is_bad(line.text)
        else line
        for line in lines
    ]
    return fixed if fixed != lines else None
