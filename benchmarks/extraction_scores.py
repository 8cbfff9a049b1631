r"""How well an extracted text answers what is known of its page.

In: the text (empty where an engine failed) and the page's `Gold`. Out: figures of one page;
`benchmarks.extraction_tables` adds them up.

Segments as in trafilatura's own evaluation (tests/eval_common.py there): a segment is found when it
is a part of the text, white space aside; figures of pages are added before precision and recall.
Whole texts: multisets of tokens. A token is a run of Unicode word characters (`\w+`) in NFC, case
kept; in scripts that put no spaces between words (Han, kana, Thai, Lao, Khmer, Burmese) it is one
character. Python's word characters leave out combining marks, so words of Hindi or with Arabic
vowel signs are cut at these: in the text as in the answer. Precision, recall and F1 are those of a
page, and a mean over pages. Of a text known in part only recall says anything: the share of its
tokens that are anywhere in the extracted text.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field

from benchmarks.gold import Gold

_SPACELESS = (
    "\u3005-\u3007\u3040-\u30ff\u31f0-\u31ff\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff\uff66-\uff9f"
    "\U00020000-\U0003ffff\u0e00-\u0eff\u1000-\u109f\u1780-\u17ff"
)
_TOKEN = re.compile(rf"[{_SPACELESS}]|[^\W{_SPACELESS}]+")
_SPACE = re.compile(r"\s+")


@dataclass(frozen=True)
class Segments:
    """Of what must be in the text, found and missed; of what must not, found and kept out."""

    found: int
    missed: int
    intruding: int
    kept_out: int


@dataclass(frozen=True)
class Tokens:
    """Shares from 0 to 1; no precision and F1 where the answer is a part of the text."""

    recall: float
    precision: float | None
    f1: float | None


@dataclass(frozen=True)
class Kept:
    """How many of `number` are in the text: exactly, and when white space is let vary.

    That is white space at the ends of lines for code, all white space for a formula.
    """

    number: int
    exact: int
    loose: int


@dataclass(frozen=True)
class Scores:
    """All that the page's answer allows to say; `kept` is by kind, `script` a number of characters.

    None or nothing for what it does not say.
    """

    segments: Segments | None = None
    tokens: Tokens | None = None
    kept: dict[str, Kept] = field(default_factory=dict)
    script: int | None = None

    @property
    def value(self) -> float:
        """One figure, to rank pages: F1 of tokens or else recall, F1 of segments, share kept."""
        if self.tokens:
            return self.tokens.recall if self.tokens.f1 is None else self.tokens.f1
        if self.segments:
            return ratios(self.segments)[2]
        if self.kept:
            return share(
                sum(kind.exact for kind in self.kept.values()),
                sum(kind.number for kind in self.kept.values()),
            )
        return float(self.script or 0)


def score(text: str, gold: Gold) -> Scores:
    """The figures of one page."""
    kept = {"code": score_code(text, gold.code)} if gold.code else {}
    for kind in sorted({kind for kind, _ in gold.formulas}):
        kept[kind] = score_formulas(text, [tex for other, tex in gold.formulas if other == kind])
    return Scores(
        segments=score_segments(text, gold.inside, gold.outside) if gold.inside else None,
        tokens=None if gold.text is None else score_tokens(text, gold.text, partial=gold.partial),
        kept=kept,
        script=len(re.findall(f"[{gold.script}]", text)) if gold.script else None,
    )


def score_segments(text: str, inside: Sequence[str], outside: Sequence[str]) -> Segments:
    """Whether segments are in `text`, white space aside."""
    text = one_spaced(text)
    found = sum(one_spaced(segment) in text for segment in inside)
    intruding = sum(one_spaced(segment) in text for segment in outside)
    return Segments(found, len(inside) - found, intruding, len(outside) - intruding)


def one_spaced(text: str) -> str:
    """`text` with one blank for all white space between words, and none at its ends."""
    return _SPACE.sub(" ", text).strip()


def ratios(segments: Segments) -> tuple[float, float, float]:
    """Precision, recall and F1; 0 where there is nothing to divide by."""
    found, missed, intruding = segments.found, segments.missed, segments.intruding
    precision, recall = share(found, found + intruding), share(found, found + missed)
    return precision, recall, share(2 * found, 2 * found + missed + intruding)


def share(part: float, whole: float) -> float:
    """`part` of `whole`; 0 of nothing."""
    return part / whole if whole else 0.0


def score_tokens(text: str, gold: str, *, partial: bool = False) -> Tokens:
    """How far the multisets of tokens agree."""
    found, wanted = Counter(tokens(text)), Counter(tokens(gold))
    common = (found & wanted).total()
    precision, recall = share(common, found.total()), share(common, wanted.total())
    if partial:
        return Tokens(recall, None, None)
    return Tokens(recall, precision, share(2 * common, found.total() + wanted.total()))


def tokens(text: str) -> list[str]:
    """Words, and single characters of scripts without spaces."""
    return _TOKEN.findall(unicodedata.normalize("NFC", text))


def score_code(text: str, blocks: Sequence[str]) -> Kept:
    """Blocks that are in `text` as they are, and with white space at ends of lines aside."""
    exact = sum(block in text for block in blocks)
    trimmed = trim_lines(text)
    return Kept(len(blocks), exact, sum(trim_lines(block) in trimmed for block in blocks))


def trim_lines(text: str) -> str:
    """`text` without white space at the ends of its lines."""
    return "\n".join(line.rstrip() for line in text.split("\n"))


def score_formulas(text: str, formulas: Sequence[str]) -> Kept:
    """Formulas whose TeX is in `text` as it is, and with white space aside."""
    exact = sum(tex in text for tex in formulas)
    packed = _SPACE.sub("", text)
    return Kept(len(formulas), exact, sum(_SPACE.sub("", tex) in packed for tex in formulas))
