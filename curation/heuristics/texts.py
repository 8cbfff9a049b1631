"""A batch of texts, read once: what every measure and rule of the stage looks at.

In: texts and the kinds of their lines. Out: `Texts`: tokens, lines, words, and what kernels found
in them; nothing later reads the bytes again, but to cut them.
"""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from curation.arrow_text import Bytes, Ints, text_view
from curation.heuristics.kinds_kernel import find_kinds
from curation.heuristics.line_facts_kernel import find_facts
from curation.heuristics.parts import Parts, find_parts
from curation.heuristics.repetition_kernel import count_ngrams
from curation.heuristics.rule_phrases import count_in_lines, find_rule_phrases
from curation.kernels import helper, int64, njit
from curation.tokens.lines import Lines, find_lines
from curation.tokens.tokenise import Tokens, tokenise
from curation.tokens.vocabulary import Numbers, Vocabulary, find_vocabulary
from schemas.line_kind import LineKind

LINE_NGRAM = 5
"""Lines are cut for 5-grams: what a longer n-gram repeats, 5-grams repeat."""
KEPT_AS_THEY_ARE = (LineKind.CODE, LineKind.TABLE, LineKind.MATHEMATICS)
"""No rule cuts these lines."""
_IS_KEPT = np.isin(np.arange(256), [ord(kind) for kind in KEPT_AS_THEY_ARE])


class Texts(NamedTuple):
    """What was found, per line and per row.

    Per line: `kinds` (letters of `LineKind`), `facts`, `repeated` characters, characters of
    `code_and_formulas`; `phrase_counts`, for each `PhraseGroup`; `parts` are what a rule may cut
    from a line that stays. Per row: `ngrams`.
    """

    tokens: Tokens
    lines: Lines
    vocabulary: Vocabulary
    kinds: Bytes
    facts: npt.NDArray[np.int32]
    ngrams: Ints
    repeated: Numbers
    code_and_formulas: Numbers
    phrase_counts: npt.NDArray[np.int32]
    parts: Parts

    @property
    def masked(self) -> npt.NDArray[np.bool_]:
        """Whether a line is code, of a table, or mathematics."""
        return _IS_KEPT[self.kinds]


def read_texts(texts: pa.StringArray, line_kinds: pa.StringArray) -> Texts:
    """Tokenises the texts and runs the kernels; a null text is empty."""
    tokens = tokenise(texts)
    lines, vocabulary = find_lines(tokens), find_vocabulary(tokens)
    ngrams, repeated = count_ngrams(tokens, lines, vocabulary, LINE_NGRAM)
    phrases = find_rule_phrases(tokens, vocabulary)
    facts, kinds = find_facts(tokens, lines), _kinds(lines, line_kinds)
    return Texts(
        tokens=tokens,
        lines=lines,
        vocabulary=vocabulary,
        kinds=kinds,
        facts=facts,
        ngrams=ngrams,
        repeated=repeated,
        code_and_formulas=find_kinds(tokens, lines, kinds),
        phrase_counts=count_in_lines(lines, phrases),
        parts=find_parts(tokens, lines, facts, phrases),
    )


def sum_lines(values: npt.NDArray[Any], lines: Lines) -> npt.NDArray[np.int64]:
    """The sum of each row's lines, of one value per line or of a row of them."""
    sums = np.zeros((len(lines.rows) - 1, *values.shape[1:]), np.int64)
    columns = values[:, None] if values.ndim == 1 else values
    _sum(columns, lines.rows, sums.reshape(len(sums), columns.shape[1]))
    return sums


@njit(cache=True, nogil=True)
def _sum(values: npt.NDArray[np.int64], rows: Ints, sums: Ints) -> None:
    for row in range(len(rows) - 1):
        for column in range(values.shape[1]):
            total = int64(0)
            for line in range(rows[row], rows[row + 1]):
                total += values[line, column]
            sums[row, column] = total


def _kinds(lines: Lines, line_kinds: pa.StringArray) -> Bytes:
    """A letter per line; prose where a row has none, or another number of them."""
    kinds = np.full(len(lines.starts), ord(LineKind.PROSE), np.uint8)
    view = text_view(line_kinds)
    _copy_kinds(view.data, view.offsets, lines, kinds)
    return kinds


@helper
def _copy_kinds(data: Bytes, offsets: Ints, lines: Lines, kinds: Bytes) -> None:
    for row in range(len(offsets) - 1):
        first, end = lines.rows[row], lines.rows[row + 1]
        if offsets[row + 1] - offsets[row] == end - first:
            for line in range(first, end):
                kinds[line] = data[offsets[row] + line - first]
