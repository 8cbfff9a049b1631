"""The rules: which measure each looks at, and on which side of its limit a page or line fails.

What the limits are is data: `presets/`. Limits are inclusive: a measure on its limit passes, and so
does one that is null. The order is the order in which reasons are tested.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from schemas.cut_reason import CutReason
from schemas.drop_reason import DropReason

Side = Literal["min", "max"]


@dataclass(frozen=True)
class Rule:
    """Fails where `measure` is under (`min`) or over (`max`) the limit that a preset gives it."""

    reason: DropReason | CutReason
    measure: str
    side: Side


PAGE_RULES = (
    Rule(DropReason.TOO_FEW_WORDS, "n_words", "min"),
    Rule(DropReason.TOO_MANY_WORDS, "n_words", "max"),
    Rule(DropReason.TOO_FEW_WORDS_LEFT, "n_words_left", "min"),
    Rule(DropReason.TOO_FEW_SENTENCES, "n_sentences", "min"),
    Rule(DropReason.WORDS_TOO_SHORT, "mean_word_length", "min"),
    Rule(DropReason.WORDS_TOO_LONG, "mean_word_length", "max"),
    Rule(DropReason.TOO_MANY_HASHES, "hash_ratio", "max"),
    Rule(DropReason.TOO_MANY_ELLIPSES, "ellipsis_ratio", "max"),
    Rule(DropReason.TOO_MANY_BULLET_LINES, "bullet_lines_ratio", "max"),
    Rule(DropReason.TOO_MANY_ELLIPSIS_LINES, "ellipsis_lines_ratio", "max"),
    Rule(DropReason.TOO_FEW_ALPHABETIC_WORDS, "alphabetic_words_ratio", "min"),
    Rule(DropReason.TOO_FEW_STOP_WORDS, "n_stop_words", "min"),
    Rule(DropReason.TOO_FEW_TERMINAL_LINES, "terminal_lines_ratio", "min"),
    Rule(DropReason.TOO_MANY_SHORT_LINES, "short_lines_ratio", "max"),
    Rule(DropReason.TOO_MANY_LINE_BREAKS, "line_breaks_ratio", "max"),
    Rule(DropReason.TOO_MUCH_CUT, "corrected_words_ratio", "max"),
    Rule(DropReason.CURLY_BRACKET, "n_curly_brackets", "max"),
    Rule(DropReason.LOREM_IPSUM, "n_lorem_ipsum", "max"),
    Rule(DropReason.TOO_FEW_ALPHANUMERICS, "non_alphanumeric_ratio", "max"),
    Rule(DropReason.TOO_FEW_LETTERS, "letters_ratio", "min"),
    Rule(DropReason.CODE_LINE_TOO_LONG, "longest_code_line", "max"),
    Rule(DropReason.CODE_LINES_TOO_LONG, "mean_code_line_length", "max"),
    Rule(DropReason.TOO_MANY_DIGITS, "digits_ratio", "max"),
    Rule(DropReason.TOO_MANY_URLS, "url_ratio", "max"),
    Rule(DropReason.TOO_MUCH_WHITE_SPACE, "white_space_ratio", "max"),
    Rule(DropReason.TOO_MANY_BRACKETS, "brackets_ratio", "max"),
    Rule(DropReason.TOO_MANY_REPEATED_CHARACTERS, "repeated_characters_ratio", "max"),
    Rule(DropReason.TOO_MANY_EXCLAMATIONS, "exclamation_ratio", "max"),
    Rule(DropReason.TOO_MANY_EMOJIS, "emoji_ratio", "max"),
    Rule(DropReason.TOO_MANY_APOLOGIES, "n_apologies", "max"),
    Rule(DropReason.TOO_MANY_DUPLICATE_LINES, "duplicate_lines_ratio", "max"),
    Rule(DropReason.TOO_MANY_DUPLICATE_PARAGRAPHS, "duplicate_paragraphs_ratio", "max"),
    Rule(DropReason.TOO_MANY_DUPLICATE_LINE_CHARACTERS, "duplicate_line_characters_ratio", "max"),
    Rule(
        DropReason.TOO_MANY_DUPLICATE_PARAGRAPH_CHARACTERS,
        "duplicate_paragraph_characters_ratio",
        "max",
    ),
    Rule(DropReason.TOP_2GRAM_TOO_FREQUENT, "top_2gram_ratio", "max"),
    Rule(DropReason.TOP_3GRAM_TOO_FREQUENT, "top_3gram_ratio", "max"),
    Rule(DropReason.TOP_4GRAM_TOO_FREQUENT, "top_4gram_ratio", "max"),
    Rule(DropReason.TOO_MANY_DUPLICATE_5GRAMS, "duplicate_5gram_ratio", "max"),
    Rule(DropReason.TOO_MANY_DUPLICATE_6GRAMS, "duplicate_6gram_ratio", "max"),
    Rule(DropReason.TOO_MANY_DUPLICATE_7GRAMS, "duplicate_7gram_ratio", "max"),
    Rule(DropReason.TOO_MANY_DUPLICATE_8GRAMS, "duplicate_8gram_ratio", "max"),
    Rule(DropReason.TOO_MANY_DUPLICATE_9GRAMS, "duplicate_9gram_ratio", "max"),
    Rule(DropReason.TOO_MANY_DUPLICATE_10GRAMS, "duplicate_10gram_ratio", "max"),
    Rule(DropReason.TOO_MANY_DIRTY_WORDS, "dirty_words_ratio", "max"),
    Rule(DropReason.TOO_MANY_OUTLIER_WORDS, "divergence_excess", "max"),
)

LINE_RULES = (
    Rule(CutReason.REPEATED_NGRAMS, "repeated_ratio", "max"),
    Rule(CutReason.WORD_TOO_LONG, "longest_word", "max"),
    Rule(CutReason.NO_SENTENCE_END, "ends_sentence", "min"),
    Rule(CutReason.TOO_FEW_WORDS_IN_LINE, "n_words", "min"),
    Rule(CutReason.JAVASCRIPT, "n_javascript", "max"),
    Rule(CutReason.POLICY, "n_policy", "max"),
    Rule(CutReason.MOSTLY_UPPER_CASE, "capitals_ratio", "max"),
    Rule(CutReason.ONLY_NUMBERS, "digits_ratio", "max"),
    Rule(CutReason.COUNTER, "is_counter", "max"),
    Rule(CutReason.NAVIGATION, "n_navigation", "max"),
    Rule(CutReason.REFERENCE, "n_references", "max"),
)
"""The last two cut parts of lines: `n_navigation` is null in lines that are too long for it."""


def failing(
    rules: Sequence[Rule],
    measures: Mapping[str, npt.NDArray[np.floating]],
    limits: npt.NDArray[np.float32],
) -> npt.NDArray[np.bool_]:
    """Whether each row fails each rule, shape (rows, rules), by `limits` of the same shape.

    NaN, as a measure or a limit, passes.
    """
    failed = np.zeros(limits.shape, bool)
    for column, rule in enumerate(rules):
        if not np.isnan(limits[:, column]).all():
            values, limit = measures[rule.measure], limits[:, column]
            failed[:, column] = values < limit if rule.side == "min" else values > limit
    return failed
