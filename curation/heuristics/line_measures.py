"""What rules for lines look at: one number per line and measure.

Sources: Raffel et al. 2020 (C4); Penedo et al. 2023 (RefinedWeb), appendix G.2, as DCLM (Li et al.
2024) spells it out; Llama Team 2024, section 3.1.1, for `repeated_ratio`.
"""

from __future__ import annotations

import numpy as np
import numpy.typing as npt

from curation.arrow_text import Ints
from curation.heuristics.line_facts_kernel import LONGEST, NUMBER_FIRST, SENTENCE_LAST, WORDS
from curation.heuristics.rule_phrases import PhraseGroup
from curation.heuristics.texts import Texts
from curation.tokens.lines import CAPITALS, CHARACTERS, DIGITS, SPACES
from schemas.line_kind import LineKind

_MIN_WORDS_REPEATED = 10


def measure_lines(texts: Texts) -> dict[str, npt.NDArray[np.float32]]:
    """What the rules for lines look at, of each line.

    - `repeated_ratio`: the share of its characters in words that a 5-gram covers which stood before
      in the page; 0 for headings and lines of less than ten words, which recur for good reasons and
      are short enough for the deduplication of lines;
    - `longest_word`: characters without white space between them;
    - `ends_sentence`: 1 where it ends in a mark that ends sentences or closes a quotation;
    - `n_words`;
    - `n_javascript`, `n_policy`: phrases of these groups;
    - `capitals_ratio`: upper-case letters, of characters;
    - `digits_ratio`: digits, of characters that are no white space;
    - `is_counter`: 1 for a number and what it counts ('3 likes');
    - `n_navigation`: phrases such as 'Read more' in a line of at most ten words;
    - `n_references`: `[3]`, `[edit]`, `[citation needed]`.

    A blank line has 0 in all, and ends a sentence.
    """
    counts, facts, phrases = texts.lines.counts, texts.facts, texts.phrase_counts
    visible = counts[:, CHARACTERS] - counts[:, SPACES]
    words = facts[:, WORDS]
    may_be_cut = (words >= _MIN_WORDS_REPEATED) & (texts.kinds != ord(LineKind.HEADING))
    number_and_noun = (words == 2) & (facts[:, NUMBER_FIRST] == 1)
    found = {
        "repeated_ratio": may_be_cut * texts.repeated / np.maximum(visible, 1),
        "longest_word": facts[:, LONGEST],
        "ends_sentence": (facts[:, SENTENCE_LAST] == 1) | (visible == 0),
        "n_words": words,
        "n_javascript": phrases[:, PhraseGroup.JAVASCRIPT],
        "n_policy": phrases[:, PhraseGroup.POLICY],
        "capitals_ratio": counts[:, CAPITALS] / np.maximum(counts[:, CHARACTERS], 1),
        "digits_ratio": counts[:, DIGITS] / np.maximum(visible, 1),
        "is_counter": number_and_noun & (phrases[:, PhraseGroup.COUNTER] == 1),
        "n_navigation": _count(texts.parts.lines[texts.parts.navigation], len(words)),
        "n_references": _count(texts.parts.lines[~texts.parts.navigation], len(words)),
    }
    return {name: values.astype(np.float32) for name, values in found.items()}


def _count(of_lines: Ints, lines: int) -> npt.NDArray[np.int64]:
    return np.bincount(of_lines, minlength=lines)
