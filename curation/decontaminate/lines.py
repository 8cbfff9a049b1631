"""Documents without the lines that hold items of benchmarks: texts in, verdicts on them out.

What is left is looked through again until nothing is found: lines that come together may make an
item whole. After `_ROUNDS` times the page goes, and so it does where too few words are left.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import pyarrow as pa

from curation.decontaminate.config import DecontaminateConfig
from curation.decontaminate.scan import Matches, scan
from curation.decontaminate.scan_kernel import Mask
from curation.tokens.tokenise import WORD, tokenise

_ROUNDS = 8


class Cleaned(NamedTuple):
    """What is left of a text, as verdicts tell it.

    `dropped_lines` have the lines too that had gone before, of the text as it was; None where too
    little is left.
    """

    dropped_lines: bytes | None
    text_bytes: int
    n_words_left: int


def clean(text: str, before: bytes | None, found: Matches, config: DecontaminateConfig) -> Cleaned:
    """Of one text, in which something is found; it has lost the lines of the bitmap `before`."""
    lines, goes = text.split("\n"), found.lines.copy()
    for _ in range(_ROUNDS):
        left = "\n".join(line for line, gone in zip(lines, goes, strict=True) if not gone)
        again = scan(pa.array([left]), config)
        if not again:
            break
        goes[np.flatnonzero(~goes)[again[0].lines]] = True
    words = _count_words(left)
    stays = not again and words >= config.min_words_left
    dropped = _bitmap(before, goes) if stays else None
    return Cleaned(dropped, len(left.encode()), words)


def _count_words(text: str) -> int:
    tokens = tokenise(pa.array([text]))
    return int(np.count_nonzero(tokens.kinds[: tokens.rows[1]] & WORD))


def _bitmap(before: bytes | None, goes: Mask) -> bytes:
    """A bit per line of the whole text; `goes` are the lines that were left of it."""
    if before is None:
        return np.packbits(goes, bitorder="little").tobytes()
    gone = np.unpackbits(np.frombuffer(before, np.uint8), bitorder="little")
    gone[np.flatnonzero(gone == 0)[: len(goes)]] = goes
    return np.packbits(gone, bitorder="little").tobytes()
