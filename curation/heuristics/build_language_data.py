"""Makes `stop_words.yaml` and `divergence/reference.parquet`.

`python -m curation.heuristics.build_language_data`, where the packages wordfreq and stopwordsiso
are installed beside this one.

In: the frequencies that wordfreq has of the words of 41 languages, and the stop words of
stopwordsiso. Out: for each language the most frequent of its stop words that together make as much
of a text as Gopher's eight make of English (16 %), and its most frequent words with their counts in
ten million. The same packages give the same bytes.

The limits of the bundled reference have two parts. For each language and length: the divergence to
expect of that many words drawn from the reference, those that it does not list each once. And for
all languages: how much more real pages have, of which all but one in 200 are under `_MARGINS`; that
was measured on 4,700 real pages in 24 languages (`benchmarks/heuristics/outliers.py`), where the
median is 0.8 to 1.9 nats in every language and at every length.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import stopwordsiso
import yaml
from wordfreq import get_frequency_dict

from curation.heuristics.divergence.fit import write_reference
from curation.heuristics.divergence.reference import Counts, count_words, mix, most_frequent

_HERE = Path(__file__).parent
_GOPHER = ("the", "be", "to", "of", "and", "that", "have", "with")
_MIN_SHARE, _MIN_WORDS, _MAX_WORDS = 0.16, 8, 20
_WORDS, _TOTAL = 20_000, 10_000_000
# The languages of wordfreq but Korean, of which it counts morphemes, which are no tokens of ours.
# For some of its labels lid.176 has others.
_CODES = (
    "ar bg bn ca cs da de el en es fa fi fil fr he hi hu id is it ja lt lv mk ms nb nl pl pt ro ru"
    " sh sk sl sv ta tr uk ur vi zh"
)
_LANGUAGES = _CODES.split()
_LABELS = {"fil": "tl", "nb": "no"}
_ISO = {"fil": "tl", "nb": "no", "sh": "hr"}
_ENGLISH_SHARE = 0.02
_LENGTHS = (12, 25, 50, 100, 200, 500, 1000)
_MARGINS = (6.5, 6.2, 5.5, 4.8, 4.8, 4.2, 4.0)
_STRETCH, _DRAWS = 200, 200


def main() -> None:
    """Writes both files."""
    frequencies = {code: get_frequency_dict(code, "best") for code in _LANGUAGES}
    lists = {_LABELS.get(c, c): list(_stop_words(c, frequencies[c])) for c in _LANGUAGES}
    head = "# Made by build_language_data.py from wordfreq (CC BY-SA 4.0) and stopwordsiso (MIT).\n"
    text = yaml.safe_dump(lists, allow_unicode=True, default_flow_style=None, width=100)
    (_HERE / "stop_words.yaml").write_text(head + text, encoding="utf-8")
    rows = list(_reference_rows(frequencies))
    write_reference(str(_HERE / "divergence" / "reference.parquet"), rows)


def _by_frequency(frequencies: Mapping[str, float]) -> list[str]:
    return sorted(frequencies, key=lambda word: (-frequencies[word], word))


def _stop_words(code: str, frequencies: Mapping[str, float]) -> Iterator[str]:
    if code == "en":
        yield from _GOPHER
        return
    known = stopwordsiso.stopwords(_ISO.get(code, code))  # none for some languages
    words = [
        w for w in _by_frequency(frequencies) if not _has_digit(w) and (w in known or not known)
    ]
    share = 0.0
    for number, word in enumerate(words[:_MAX_WORDS]):
        if share >= _MIN_SHARE and number >= _MIN_WORDS:
            return
        share += frequencies[word]
        yield word


def _has_digit(word: str) -> bool:
    return any(character.isdigit() for character in word)


def _reference_rows(frequencies: Mapping[str, Mapping[str, float]]) -> Iterator[dict[str, Any]]:
    english = most_frequent(_counts(frequencies["en"]))
    for code in _LANGUAGES:
        words = sorted(_by_frequency(frequencies[code])[:_WORDS])
        seen = _counts(frequencies[code])
        expected = _expect(seen if code == "en" else mix(seen, english, share=_ENGLISH_SHARE))
        yield {
            "language": _LABELS.get(code, code),
            "words": words,
            "counts": [round(frequencies[code][word] * _TOTAL) for word in words],
            "total": _TOTAL,
            "english_share": 0.0 if code == "en" else _ENGLISH_SHARE,
            "lengths": list(_LENGTHS),
            "limits": [round(e + m, 3) for e, m in zip(expected, _MARGINS, strict=True)],
            "pages": 0,
        }


def _counts(frequencies: Mapping[str, float]) -> Counts:
    words = _by_frequency(frequencies)[:_WORDS]
    counts = np.array([round(frequencies[word] * _TOTAL) for word in words])
    return count_words(pa.array(words), counts, _TOTAL)


def _expect(counts: Counts) -> list[float]:
    """The mean divergence of texts of each length, drawn from the counts."""
    random = np.random.default_rng(0)
    listed = counts.counts / counts.total
    denominator = counts.total + len(counts.names)  # k = 1/2 over twice the words
    logarithms = np.log(np.append(counts.counts + 0.5, 0.5) / denominator)
    found = []
    for length in _LENGTHS:
        words = min(length, _STRETCH)
        total = 0.0
        for drawn in random.multinomial(words, np.append(listed, 1 - listed.sum()), _DRAWS):
            others = drawn[-1]
            shares = np.append(drawn[:-1][drawn[:-1] > 0], np.ones(others)) / words
            places = np.append(np.flatnonzero(drawn[:-1]), np.full(others, len(listed)))
            total += float((shares * (np.log(shares) - logarithms[places])).sum())
        found.append(total / _DRAWS)
    return found


if __name__ == "__main__":
    main()
