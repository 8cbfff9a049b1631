"""The finders that are compared: ours, plain Presidio, and datatrove's e-mail and IP patterns.

Each is a function from texts, their languages and line kinds to the spans of each text. Only ours
takes languages and line kinds; the others are called text by text.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

import pyarrow as pa

from benchmarks.pii.cases import Case
from curation.pii.kinds import PiiType, Span

OURS = "winnow"
BATCH = 512


class Text(NamedTuple):
    """What a finder is given."""

    text: str
    language: str | None = None
    line_kinds: str | None = None


Find = Callable[[Sequence[Text]], list[list[Span]]]


def ours() -> Find:
    """`curation.pii.find_batch` over batches; persons are left out."""
    from curation.pii import find_batch

    def find(texts: Sequence[Text]) -> list[list[Span]]:
        found: list[list[Span]] = []
        for batch in batches(texts):
            strings = pa.array([text.text for text in batch], pa.string())
            kinds = pa.array([text.line_kinds for text in batch], pa.string())
            found += find_batch(strings, [text.language for text in batch], kinds)
        return [[span for span in spans if span.type != PiiType.PERSON] for spans in found]

    return find


def texts_of(cases: Sequence[Case]) -> list[Text]:
    """The cases without what is to be found in them."""
    return [Text(case.text, case.language, case.line_kinds) for case in cases]


def batches(texts: Sequence[Text]) -> Iterator[Sequence[Text]]:
    """In the sizes that a run has."""
    return (texts[at : at + BATCH] for at in range(0, len(texts), BATCH))
