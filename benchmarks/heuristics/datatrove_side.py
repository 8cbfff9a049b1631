"""datatrove's side of the comparison; run by the Python of an environment that has datatrove.

Usage: `python datatrove_side.py TEXTS.parquet OUT.json MODE`

In: rows of `id`, `text`, `language` (ISO 639-3), `stop_words`, `tokens`, our words and symbols, and
`stretches`, what of them stands between blanks. Out, by MODE: `speed`: CPU seconds of the four
filters together; `own`: which rules drop each page, by datatrove's words; `ours`: the same by our
words. This file imports nothing of ours.
"""

from __future__ import annotations

import json
import sys
import time
from typing import Any

import pyarrow.parquet as pq
from datatrove.data import Document
from datatrove.pipeline.filters import (
    C4QualityFilter,
    FineWebQualityFilter,
    GopherQualityFilter,
    GopherRepetitionFilter,
)
from datatrove.utils.text import split_into_parts
from datatrove.utils.word_tokenizers import WordTokenizer, load_word_tokenizer

_NO_REPETITION: dict[str, Any] = dict.fromkeys(
    ("dup_line_frac", "dup_para_frac", "dup_line_char_frac", "dup_para_char_frac")
) | {"top_n_grams": (), "dup_n_grams": ()}
_NO_QUALITY: dict[str, Any] = dict.fromkeys(
    (
        *("min_doc_words", "max_doc_words", "min_avg_word_length", "max_avg_word_length"),
        *("max_symbol_word_ratio", "max_bullet_lines_ratio", "max_ellipsis_lines_ratio"),
        *("max_non_alpha_words_ratio", "min_stop_words"),
    )
)
_NO_FINEWEB: dict[str, Any] = {
    "line_punct_thr": -1.0,
    "short_line_thr": 2.0,
    "char_duplicates_ratio": 2.0,
    "new_line_ratio": float("inf"),
}
REPETITION: dict[str, dict[str, Any]] = {
    "too_many_duplicate_lines": {"dup_line_frac": 0.3},
    "too_many_duplicate_paragraphs": {"dup_para_frac": 0.3},
    "too_many_duplicate_line_characters": {"dup_line_char_frac": 0.2},
    "too_many_duplicate_paragraph_characters": {"dup_para_char_frac": 0.2},
    **{
        f"top_{n}gram_too_frequent": {"top_n_grams": ((n, limit),)}
        for n, limit in ((2, 0.2), (3, 0.18), (4, 0.16))
    },
    **{
        f"too_many_duplicate_{n}grams": {"dup_n_grams": ((n, limit),)}
        for n, limit in zip(range(5, 11), (0.15, 0.14, 0.13, 0.12, 0.11, 0.10), strict=True)
    },
}
QUALITY: dict[str, dict[str, Any]] = {
    "too_few_words": {"min_doc_words": 50},
    "too_many_words": {"max_doc_words": 100_000},
    "words_too_short": {"min_avg_word_length": 3},
    "words_too_long": {"max_avg_word_length": 10},
    "too_many_hashes": {"max_symbol_word_ratio": 0.1},
    "too_many_ellipses": {"max_symbol_word_ratio": 0.1},
    "too_many_bullet_lines": {"max_bullet_lines_ratio": 0.9},
    "too_many_ellipsis_lines": {"max_ellipsis_lines_ratio": 0.3},
    "too_few_alphabetic_words": {"max_non_alpha_words_ratio": 0.8},
    "too_few_stop_words": {"min_stop_words": 2},
}
FINEWEB: dict[str, dict[str, Any]] = {
    "too_few_terminal_lines": {"line_punct_thr": 0.12},
    "too_many_short_lines": {"short_line_thr": 0.67},
    "too_many_duplicate_line_characters": {"char_duplicates_ratio": 0.01},
    "too_many_line_breaks": {"new_line_ratio": 0.3},
}
_OF_STRETCHES = ("too_few_alphabetic_words", "too_many_hashes", "too_many_ellipses")
_SYMBOL_RULES = {
    "too_many_hashes": "gopher_too_many_hashes",
    "too_many_ellipses": "gopher_too_many_ellipsis",
}


class OurWords(WordTokenizer):
    """Gives the words that it was told, and datatrove's own English sentences."""

    def __init__(self) -> None:
        super().__init__("eng")
        self.words: list[str] = []

    def word_tokenize(self, text: str) -> list[str]:  # noqa: ARG002
        """The words that it was told."""
        return self.words

    def sent_tokenize(self, text: str) -> list[str]:
        """As datatrove."""
        return load_word_tokenizer("eng").sent_tokenize(text)

    def span_tokenize(self, text: str) -> list[tuple[int, int]]:
        """As datatrove."""
        return load_word_tokenizer("eng").span_tokenize(text)


def filters(language: Any, stop_words: list[str] | None) -> dict[str, Any]:
    """The four, as published."""
    return {
        "gopher_repetition": GopherRepetitionFilter(language=language),
        "gopher_quality": GopherQualityFilter(language=language, stop_words=stop_words),
        "c4": C4QualityFilter(language=language),
        "fineweb": FineWebQualityFilter(language=language),
    }


def rules(language: Any, stop_words: list[str] | None) -> dict[str, Any]:
    """One filter for each rule, all others turned off."""
    words: dict[str, Any] = {"stop_words": stop_words} if stop_words else {}
    made: dict[str, Any] = {}
    for name, limit in REPETITION.items():
        made[f"gopher_repetition/{name}"] = GopherRepetitionFilter(
            **{**_NO_REPETITION, **limit}, language=language
        )
    for name, limit in QUALITY.items():
        made[f"gopher_quality/{name}"] = GopherQualityFilter(
            **{**_NO_QUALITY, **limit}, **words, language=language
        )
    for name, limit in FINEWEB.items():
        made[f"fineweb/{name}"] = FineWebQualityFilter(
            **{**_NO_FINEWEB, **limit}, language=language
        )
    return made


def is_dropped(name: str, one: Any, text: str) -> bool:
    """Whether the filter, or the rule that it was made for, drops the text."""
    kept = one.filter(Document(text=text, id=""))
    kept, why = kept if isinstance(kept, tuple) else (kept, "")
    rule = name.rpartition("/")[2]
    return not kept and why in (_SYMBOL_RULES.get(rule, why), "")


def main() -> None:
    """Reads, runs, writes."""
    texts, out, mode = sys.argv[1:]
    rows = pq.read_table(texts).to_pylist()
    found = speed(rows) if mode == "speed" else decide(rows, own=mode == "own")
    with open(out, "w", encoding="utf-8") as file:
        json.dump(found, file)


def speed(rows: list[dict[str, Any]]) -> float:
    """CPU seconds of the four filters over all texts, after one text to warm up."""
    known = filters("eng", None)
    for one in known.values():
        one.filter(Document(text=rows[0]["text"], id=""))
    started = time.process_time()
    for row in rows:
        for one in known.values():
            one.filter(Document(text=row["text"], id=""))
    return time.process_time() - started


def decide(rows: list[dict[str, Any]], *, own: bool) -> dict[str, list[str]]:
    """The filters and rules that drop each page.

    By our words, rules for shares of words are given stretches, as our measures are defined; so
    there no filter has the same words for all of its rules, but C4's, which has no other rules.
    """
    made: dict[Any, dict[str, Any]] = {}
    tokens, stretches = OurWords(), OurWords()

    def of(row: dict[str, Any]) -> dict[str, Any]:
        key = (row["language"], tuple(row["stop_words"] or ()))
        if key not in made:
            words = row["language"] if own else tokens
            whole = filters(words, row["stop_words"])
            whole = whole if own else {"c4": whole["c4"]}
            made[key] = {**whole, **rules(words, row["stop_words"])}
            for name in made[key]:
                if not own and name.rpartition("/")[2] in _OF_STRETCHES:
                    made[key][name].language = stretches
        return made[key]

    dropped = {}
    for row in rows:
        tokens.words, stretches.words = row["tokens"], row["stretches"]
        split_into_parts.cache_clear()  # it knows a text, but not that the words are others
        dropped[row["id"]] = [n for n, one in of(row).items() if is_dropped(n, one, row["text"])]
    return dropped


if __name__ == "__main__":
    main()
