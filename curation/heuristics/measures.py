"""The measures of pages that one text alone tells: ratios and counts, a typed column each.

In: `Texts`. Out: an array per measure, one value per row; a ratio of nothing is 0. What each one
is stands in `schemas/document.py`; here is how it is counted, and where it was published. A *token*
is a word or a symbol (`tokens/tokenise.py`), a *line* one that is not blank, and *characters* are
code points, line breaks included, unless it says otherwise.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt
import pyarrow as pa

from curation.heuristics import duplicates_kernel as duplicate
from curation.heuristics import line_facts_kernel as fact
from curation.heuristics.kinds_kernel import CODE_CHARACTERS
from curation.heuristics.repetition_kernel import DUPLICATE_NGRAMS, TOP_NGRAMS
from curation.heuristics.rule_phrases import PhraseGroup
from curation.heuristics.texts import Texts, sum_lines
from curation.tokens import lines as character
from schemas.line_kind import LineKind

Numbers = npt.NDArray[np.int64]
Columns = dict[str, pa.Array]
_SHORT = 30  # characters


def measure_texts(texts: Texts) -> Columns:
    """All of them."""
    characters = sum_lines(texts.lines.counts, texts.lines)
    facts = sum_lines(texts.facts, texts.lines)
    breaks = np.diff(texts.lines.rows) - 1
    total = characters[:, character.CHARACTERS] + breaks
    return {
        **_gopher_quality(facts, characters),
        **_gopher_repetition(texts, facts, characters, total),
        **_fineweb(texts, facts, breaks),
        **_characters(texts, facts, characters, breaks, total),
        **_kinds(texts),
    }


def _gopher_quality(facts: Numbers, characters: Numbers) -> Columns:
    """Rae et al. 2021 (arXiv 2112.11446), appendix A.1.1.

    Words are tokens with a letter or a number. Alphabetic words, hashes and ellipses are counted
    against what stands between blanks (words, in scripts without spaces), as in Dolma, DCLM and
    NeMo Curator; datatrove takes each mark of punctuation for a word of its own there, and drops
    pages for their commas. Three dots in a row are an ellipsis.
    """
    words, lines = facts[:, fact.WORDS], facts[:, fact.FILLED]
    stretches = facts[:, fact.STRETCHES]
    return {
        "n_words": pa.array(words.astype(np.int32)),
        "mean_word_length": ratio(facts[:, fact.WORD_CHARACTERS], words),
        "hash_ratio": ratio(characters[:, character.HASHES], stretches),
        "ellipsis_ratio": ratio(facts[:, fact.ELLIPSES], stretches),
        "bullet_lines_ratio": ratio(facts[:, fact.BULLET], lines),
        "ellipsis_lines_ratio": ratio(facts[:, fact.ELLIPSIS_LAST], lines),
        "alphabetic_words_ratio": ratio(facts[:, fact.ALPHABETIC_STRETCHES], stretches),
    }


def _gopher_repetition(
    texts: Texts, facts: Numbers, characters: Numbers, total: Numbers
) -> Columns:
    """Rae et al. 2021, table A1; n-grams as datatrove counts them (`repetition_kernel.py`).

    A repeated line or paragraph counts from its second occurrence on. N-grams are of tokens. The
    top n-gram counts with the blanks in it, duplicate ones without; both are shares of all
    characters.
    """
    found = duplicate.count_duplicates(texts.tokens, texts.lines)
    in_lines = characters[:, character.CHARACTERS]
    paragraphs = found[:, duplicate.OF_PARAGRAPHS]
    columns = {
        "duplicate_lines_ratio": ratio(found[:, duplicate.LINES], facts[:, fact.FILLED]),
        "duplicate_paragraphs_ratio": ratio(found[:, duplicate.PARAGRAPHS], paragraphs),
        "duplicate_line_characters_ratio": ratio(found[:, duplicate.LINE_CHARACTERS], in_lines),
        "duplicate_paragraph_characters_ratio": ratio(
            found[:, duplicate.PARAGRAPH_CHARACTERS], in_lines
        ),
    }
    names = [f"top_{n}gram_ratio" for n in TOP_NGRAMS]
    names += [f"duplicate_{n}gram_ratio" for n in DUPLICATE_NGRAMS]
    for column, name in enumerate(names):
        columns[name] = ratio(texts.ngrams[:, column], total)
    return columns


def _fineweb(texts: Texts, facts: Numbers, breaks: Numbers) -> Columns:
    """Penedo et al. 2024 (arXiv 2406.17557), section 3.6.

    The characters in duplicated lines are Gopher's measure, with another limit.
    """
    lines = facts[:, fact.FILLED]
    short = texts.lines.counts[:, character.CHARACTERS] <= _SHORT
    short_lines = sum_lines(short & (texts.facts[:, fact.FILLED] == 1), texts.lines)
    return {
        "terminal_lines_ratio": ratio(facts[:, fact.TERMINAL_LAST], lines),
        "short_lines_ratio": ratio(short_lines, lines),
        "line_breaks_ratio": ratio(breaks, facts[:, fact.TOKENS]),
    }


def _characters(
    texts: Texts, facts: Numbers, characters: Numbers, breaks: Numbers, total: Numbers
) -> Columns:
    """NeMo Curator's heuristic filters; letters as in StarCoder; and what the preset `sft` asks.

    NeMo's `NonAlphaNumericFilter` knows ASCII alone; here a letter or number of any script counts.
    """
    words = facts[:, fact.WORDS]
    known = characters[:, [character.LETTERS, character.NUMBERS, character.MARKS]].sum(axis=1)
    apologies = texts.phrase_counts[:, PhraseGroup.APOLOGY]
    return {
        "non_alphanumeric_ratio": ratio(total - breaks - known, total),
        "digits_ratio": ratio(characters[:, character.DIGITS], total),
        "url_ratio": ratio(characters[:, character.URL_CHARACTERS], total),
        "white_space_ratio": ratio(characters[:, character.SPACES] + breaks, total),
        "brackets_ratio": ratio(characters[:, character.BRACKETS], total),
        "repeated_characters_ratio": ratio(characters[:, character.RUNS], total),
        "letters_ratio": ratio(characters[:, character.LETTERS], total),
        "exclamation_ratio": ratio(characters[:, character.EXCLAMATIONS], words),
        "emoji_ratio": ratio(characters[:, character.EMOJIS], words),
        "n_apologies": pa.array(sum_lines(apologies, texts.lines).astype(np.int32)),
    }


def _kinds(texts: Texts) -> Columns:
    """What of a page is code, mathematics and tables, of characters that are no white space.

    Lines of code are measured as BigCode does (Li et al. 2023, StarCoder, arXiv 2305.06161).
    """
    length = texts.lines.counts[:, character.CHARACTERS]
    visible = length - texts.lines.counts[:, character.SPACES]
    is_code = (visible > 0) & (texts.code_and_formulas[:, CODE_CHARACTERS] == visible)
    in_tables = visible * (texts.kinds == ord(LineKind.TABLE))
    of_lines = np.stack([visible, in_tables, is_code, is_code * length], axis=1)
    total, tables, code_lines, code_length = sum_lines(of_lines, texts.lines).T
    code, formulas = sum_lines(texts.code_and_formulas, texts.lines).T
    return {
        "code_ratio": ratio(code, total),
        "mathematics_ratio": ratio(formulas, total),
        "table_ratio": ratio(tables, total),
        "longest_code_line": pa.array(_most(is_code * length, texts).astype(np.int32)),
        "mean_code_line_length": ratio(code_length, code_lines),
    }


def _most(values: npt.NDArray[np.int32], texts: Texts) -> npt.NDArray[np.int32]:
    """The highest value among each row's lines."""
    if len(texts.lines.rows) == 1:
        return np.zeros(0, np.int32)
    return np.maximum.reduceat(values, texts.lines.rows[:-1])


def ratio(part: Numbers, whole: Numbers) -> pa.Array:
    """`part / whole`, 0 where there is none, with the precision that the table keeps."""
    return pa.array((part / np.maximum(whole, 1)).astype(np.float32))
