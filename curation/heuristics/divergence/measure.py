"""Token outliers: how far a page's words are from those of its language.

In: `Texts` and languages. Out: `divergence`, its excess over the limit for so many words, and the
words that contribute most.

The divergence is that of Kullback and Leibler from the page's distribution P to the reference Q,

    D(P || Q) = sum over words w of P(w) ln (P(w) / Q(w)),

in nats: how many more it takes to code a word of the page by the reference than by the page's own
frequencies. P(w) is w's share of the page's words; Q(w) is smoothed (`reference.py`). A word adds
much when the page has it often and the language hardly ever: `outlier_words` are those.

Two things depend on the length n alone. A short text has few words, each with a large share: words
that are all different and drawn from Q itself diverge by about ln V - ln n, so a fixed threshold
would punish it. And a long text tends to the divergence of its source, in which lists of rare but
real words are hardly told from prose on a narrow topic. So texts are read in stretches of about 200
words (`STRETCH`), D is the mean over them, and the limit is one for each n: `curate fit` takes a
quantile of what pages of that length have; the bundled reference what draws of that length from Q
have, and the quantile of what real pages have more (`build_language_data.py`).

Only words in lines that are no code, table or mathematics count. Source: the Llama 3.1 report
(arXiv 2407.21783, section 3.1.1), which gives the idea but no formula.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from curation.arrow_text import Ints, join_spans
from curation.artefact import Artefact
from curation.heuristics.divergence.kernel import Divergence, Floats, diverge
from curation.heuristics.divergence.reference import Reference, load_reference
from curation.heuristics.line_facts_kernel import WORDS
from curation.heuristics.texts import Texts, sum_lines
from curation.tokens.tokenise import Tokens

_LONGEST = 100
"""Characters of an outlier word that are kept."""


def measure_divergence(
    texts: Texts, languages: Sequence[str | None], *, reference: Artefact | None
) -> dict[str, pa.Array]:
    """The three columns; null for languages that the reference does not have."""
    known = load_reference(reference)
    words = count_words(texts)
    numbers = known.numbers(languages)
    found = diverge_from(known, texts, numbers, words)
    excess = found.values - known.limits_at(numbers, words)
    return {
        "divergence": _floats(found.values),
        "divergence_excess": _floats(excess),
        "outlier_words": _words(texts.tokens, found.outliers),
    }


def count_words(texts: Texts) -> Ints:
    """How many words each page has in lines that count."""
    return sum_lines(texts.facts[:, WORDS] * ~texts.masked, texts.lines)


def diverge_from(known: Reference, texts: Texts, numbers: Ints, words: Ints) -> Divergence:
    """The divergence of each page, of so many `words`, from reference `numbers[i]`."""
    return diverge(
        texts.tokens,
        texts.lines,
        texts.vocabulary,
        ~texts.masked,
        words,
        numbers,
        known.logarithms,
    )


def _floats(values: Floats) -> pa.FloatArray:
    return pa.array(values.astype(np.float32), mask=np.isnan(values))


def _words(tokens: Tokens, outliers: Ints) -> pa.ListArray:
    found = outliers >= 0
    offsets = np.concatenate([[0], np.cumsum(found.sum(axis=1))])
    at = outliers[found]
    words = join_spans(tokens.data, tokens.starts[at], tokens.ends[at], np.arange(len(at) + 1))
    words = pc.utf8_slice_codeunits(words, 0, _LONGEST)
    listed = pa.ListArray.from_arrays(pa.array(offsets.astype(np.int32)), words)
    return pc.if_else(pa.array(found[:, 0]), listed, pa.scalar(None, listed.type))
