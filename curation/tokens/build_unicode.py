"""Makes `unicode.txt`: `python -m curation.tokens.build_unicode UCD_FOLDER`.

In: the files of the Unicode Character Database (Debian's package unicode-data has them in
/usr/share/unicode). Out, beside this script: what tokenisation asks of a code point, in two kinds
of lines. `= FIRST LAST BREAK PROPERTY...` gives a range's Word_Break class and other properties,
`> CODE CODE...` what stands for a code point in the identity of a word: its case folding and
compatible form (NFKC_Casefold, UAX #44), the simplified form of a traditional Han character, one
apostrophe for all, or nothing for marks that writers leave out. The same database gives the same
bytes.
"""

from __future__ import annotations

import bz2
import re
import sys
from collections import defaultdict
from collections.abc import Iterable, Iterator
from itertools import groupby
from pathlib import Path

_TARGET = Path(__file__).with_name("unicode.txt")
_RANGE = re.compile(r"([0-9A-F]+)(?:\.\.([0-9A-F]+))?\s*;\s*([\w ]+?)\s*(?:#|$)")
_SIMPLIFIED = re.compile(r"U\+([4-9][0-9A-F]{3})\tkSimplifiedVariant\tU\+([4-9][0-9A-F]{3})$")
_FILES = {  # the properties that are wanted of each file
    "PropList.txt": ("White_Space", "Sentence_Terminal", "Logical_Order_Exception"),
    "DerivedCoreProperties.txt": ("Alphabetic", "Uppercase", "Lowercase"),
    "emoji/emoji-data.txt": ("Extended_Pictographic", "Emoji_Presentation"),
    "extracted/DerivedGeneralCategory.txt": (
        *("Nd", "Nl", "No", "Pc", "Pd", "Ps", "Pe", "Pi", "Pf", "Po"),
        *("Sm", "Sc", "Sk", "So", "Cc"),
    ),
}
_UNSPACED = ("Han", "Hiragana", "Katakana", "Thai", "Lao", "Khmer", "Myanmar")
_JOINED_KANA = (0x3005, 0x30FC, 0xFF70)  # iteration and length marks are of two scripts
_ZERO_WIDTH_SPACE = 0x200B
_APOSTROPHE = 0x27
_APOSTROPHES = (0x2018, 0x2019, 0x201B, 0x02BC)  # as typesetters and input methods put it
# Vowel points of Arabic and Hebrew, and the bar that stretches a word; beside these goes all that
# is invisible (as NFKC_Casefold has it), lest a word with a joiner in it be another word.
_LEFT_OUT = (
    *((0x0591, 0x05BD), (0x05BF, 0x05BF), (0x05C1, 0x05C2), (0x05C4, 0x05C5), (0x05C7, 0x05C7)),
    *((0x0610, 0x061A), (0x0640, 0x0640), (0x064B, 0x065F), (0x0670, 0x0670)),
    *((0x06D6, 0x06DC), (0x06DF, 0x06E4), (0x06E7, 0x06E8), (0x06EA, 0x06ED)),
)


def main(folder: Path) -> None:
    """Writes the file."""
    version = re.search(r"-(\d+\.\d+)", (folder / "PropList.txt").read_text())
    head = [
        f"# From the Unicode Character Database {version[1] if version else ''}",
        "# by curation/tokens/build_unicode.py.",
        "# Copyright 1991-2022 Unicode, Inc.; https://www.unicode.org/license.txt",
    ]
    lines = [*head, *_properties(folder), *_foldings(folder)]
    _TARGET.write_text("\n".join(lines) + "\n")
    print(f"{_TARGET}: {len(lines)} lines")


def _read(file: Path) -> Iterator[tuple[int, int, str]]:
    for line in file.read_text(encoding="utf-8").splitlines():
        if match := _RANGE.match(line):
            first = int(match[1], 16)
            yield first, int(match[2] or match[1], 16), match[3]


def _properties(folder: Path) -> Iterator[str]:
    words = dict.fromkeys(range(0x110000), "Other")
    for first, last, value in _read(folder / "auxiliary" / "WordBreakProperty.txt"):
        words.update(dict.fromkeys(range(first, last + 1), value))
    found: dict[int, list[str]] = defaultdict(list)
    for name, wanted in {**_FILES, "Scripts.txt": _UNSPACED}.items():
        for first, last, value in _read(folder / name):
            if value in wanted:
                for code in range(first, last + 1):
                    found[code].append(value)
    found[_ZERO_WIDTH_SPACE].append("White_Space")  # it parts words in scripts without spaces
    for code in _JOINED_KANA:
        if "Katakana" not in found[code] and "Han" not in found[code]:
            found[code].append("Katakana")
    codes = (c for c in range(0x110000) if words[c] != "Other" or found.get(c))
    yield from _ranges((code, " ".join((words[code], *found.get(code, ())))) for code in codes)


def _ranges(values: Iterable[tuple[int, str]]) -> Iterator[str]:
    """Neighbours with one value as one line."""
    for (_, value), group in groupby(enumerate(values), lambda n: (n[1][0] - n[0], n[1][1])):
        codes = [code for _, (code, _) in group]
        yield f"= {codes[0]:04X} {codes[-1]:04X} {value}"


def _foldings(folder: Path) -> Iterator[str]:
    compatible = _mapped(folder / "DerivedNormalizationProps.txt", "NFKC_CF")
    folded = _mapped(folder / "CaseFolding.txt", "C", "F")
    with bz2.open(folder / "Unihan_Variants.txt.bz2", "rt", encoding="utf-8") as variants:
        simplified = {
            int(match[1], 16): [int(match[2], 16)]
            for match in filter(None, map(_SIMPLIFIED.match, variants))
        }
    left_out: dict[int, list[int]] = {
        code: [] for first, last in _LEFT_OUT for code in range(first, last + 1)
    }
    apostrophes = {code: [_APOSTROPHE] for code in _APOSTROPHES}
    steps = (compatible, folded, simplified, left_out, apostrophes)
    for code in sorted({code for step in steps for code in step}):
        codes = [code]
        for step in steps:
            codes = [to for one in codes for to in step.get(one, [one])]
        yield " ".join((f"> {code:04X}", *(f"{to:04X}" for to in codes)))


def _mapped(file: Path, *kinds: str) -> dict[int, list[int]]:
    found: dict[int, list[int]] = {}
    for line in file.read_text(encoding="utf-8").splitlines():
        codes, kind, to, *_ = (*(part.strip() for part in line.split("#")[0].split(";")), "", "")
        if kind in kinds:
            first, _, last = codes.partition("..")
            mapped = [int(code, 16) for code in to.split()]
            found |= dict.fromkeys(range(int(first, 16), int(last or first, 16) + 1), mapped)
    return found


if __name__ == "__main__":
    main(Path(sys.argv[1]))
