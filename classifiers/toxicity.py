"""Toxicity of pages: a measure for abusive text that lists of words miss or wrongly hit.

In: texts and their languages. Out: a number per page, 0..1: the mean, over stretches of the page,
of the probability that the stretch is toxic. Invariant: training and scoring cut and normalise
alike; at most `MOST_STRETCHES` of a page are read, spread evenly, so that its cost is bounded.

The model and what it is worth: `models/toxicity.md`.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from functools import cache
from itertools import pairwise

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from classifiers.fasttext_model import FastTextModel, bundled

TOXIC, SAFE = "toxic", "safe"
LANGUAGES = frozenset({"ar", "de", "en", "es", "fr", "hi", "it", "nl", "pl", "pt", "zh"})
"""Labels of lid.176 that the model was trained on; pages in others have no toxicity."""
MOST_STRETCHES = 64
_SHA256 = "dba1ca32f5fd78c1f39899830ea5200daaf54410c7d77940b8e4155f6d9a65ed"
_CHARACTERS = 200  # of a stretch: 30 to 40 words of English
_HAN_CHARACTERS = 70
_LONGEST_WORD = 40
_BREAK = re.compile(r"\s")
_REPLACED = (
    (r"https?://\S+|www\.\S+|&#?[a-z0-9]+;", " "),
    (r"(^|[^\p{L}\p{N}])@[a-z0-9_]+", " "),  # user names
    (r"\b[0-9]+\b", "0"),  # digits inside words stand for letters
    (r"[^\p{L}\p{M}\p{N}*$@]+", " "),
    (r"(\p{Han})", r" \1 "),
)


def measure_toxicity(texts: pa.StringArray, languages: Sequence[str | None]) -> pa.FloatArray:
    """The toxicity of each text; null where its language is not one of `LANGUAGES`.

    Null too for a null text, and for one without any known word or n-gram.
    """
    return measure_with(toxicity(), texts, languages)


def measure_with(
    model: FastTextModel, texts: pa.StringArray, languages: Sequence[str | None]
) -> pa.FloatArray:
    """`measure_toxicity` by another model of the same labels."""
    cut: list[str] = []
    ends = [0]
    for text, language in zip(texts, languages, strict=True):
        if language in LANGUAGES and text.is_valid:
            cut.extend(stretches(text.as_py(), language))
        ends.append(len(cut))
    found = score_stretches(model, cut)
    return pa.array([_mean(found[start:end]) for start, end in pairwise(ends)], pa.float32())


def score_stretches(model: FastTextModel, cut: Sequence[str]) -> np.ndarray:
    """The probability that each stretch is toxic; NaN where nothing in it is known."""
    found = model.probabilities(normalise(pa.array(cut, pa.string())))
    return found[:, model.labels.index(TOXIC)]


def _mean(probabilities: np.ndarray) -> float | None:
    known = probabilities[~np.isnan(probabilities)]
    return float(known.mean()) if len(known) else None


def stretches(text: str, language: str | None) -> Iterator[str]:
    """Consecutive stretches of a text, cut between words; of a long text some, evenly spread."""
    size = _HAN_CHARACTERS if language == "zh" else _CHARACTERS
    step = max(size, -(-len(text) // MOST_STRETCHES))
    for start in range(0, len(text), step):
        first = _next_word(text, start) if start else 0
        yield text[first : _next_word(text, start + size)]


def _next_word(text: str, at: int) -> int:
    """Behind the first white space from `at` on, or `at` where there is none near."""
    found = _BREAK.search(text, at, at + _LONGEST_WORD)
    return found.end() if found else at


def normalise(texts: pa.StringArray) -> pa.StringArray:
    """Lower-case words, Han characters one by one; no URLs, user names, numbers or marks."""
    texts = pc.utf8_lower(texts)
    for pattern, replacement in _REPLACED:
        texts = pc.replace_substring_regex(texts, pattern, replacement)
    return texts


@cache
def toxicity() -> FastTextModel:
    """The bundled model: labels `toxic` and `safe`."""
    return bundled("toxicity.ftz", sha256=_SHA256)
