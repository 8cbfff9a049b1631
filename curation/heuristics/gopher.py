"""The Gopher quality rules: `text` and `language` in, measures, failed rules and a reason out.

Measured first, decided after: the measures are columns of every page, kept or rejected, and
`RULES` is the table that turns them into reasons. A rule's thresholds are inclusive: a measure on
the threshold passes. A null measure passes.

Source: Rae et al. 2021, Scaling Language Models (arXiv 2112.11446), appendix A.1.1.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Annotated, Any

import numpy as np
import numpy.typing as npt
import pyarrow as pa
from pydantic import Field

from curation.arrow_text import character_classes, fnv1a, text_view
from curation.heuristics import gopher_kernel as kernel
from schemas.drop_reason import DropReason

Ratio = Annotated[float, Field(ge=0, le=1)]
_STOP_WORDS = {"en": ("the", "be", "to", "of", "and", "that", "have", "with")}
_WITHOUT_SPACES = ("zh", "ja", "th", "lo", "km", "my", "yue", "wuu", "bo", "dz")


@dataclass(frozen=True, kw_only=True)
class GopherConfig:
    """The thresholds, as published.

    `stop_words` holds a list (at most 63, lower case) for each language that the stop-word rule
    judges (ASCII is matched in any case, other letters as they are written); word lengths are not
    judged in languages written `without_spaces`.
    """

    min_words: Annotated[int, Field(ge=0)] = 50
    max_words: Annotated[int, Field(ge=1)] = 100_000
    min_mean_word_length: Annotated[float, Field(ge=0)] = 3
    max_mean_word_length: Annotated[float, Field(ge=0)] = 10
    max_hash_ratio: Annotated[float, Field(ge=0)] = 0.1
    max_ellipsis_ratio: Annotated[float, Field(ge=0)] = 0.1
    max_bullet_lines_ratio: Ratio = 0.9
    max_ellipsis_lines_ratio: Ratio = 0.3
    min_alphabetic_words_ratio: Ratio = 0.8
    min_stop_words: Annotated[int, Field(ge=0)] = 2
    stop_words: dict[str, Annotated[tuple[str, ...], Field(max_length=63)]] = field(
        default_factory=lambda: dict(_STOP_WORDS)
    )
    without_spaces: tuple[str, ...] = _WITHOUT_SPACES


@dataclass(frozen=True)
class Rule:
    """Drops a page whose `measure` is under (`min_*`) or over (`max_*`) the config's `limit`."""

    reason: DropReason
    measure: str
    limit: str
    needs_spaces: bool = False


RULES = (
    Rule(DropReason.TOO_FEW_WORDS, "n_words", "min_words"),
    Rule(DropReason.TOO_MANY_WORDS, "n_words", "max_words"),
    Rule(DropReason.WORDS_TOO_SHORT, "mean_word_length", "min_mean_word_length", True),
    Rule(DropReason.WORDS_TOO_LONG, "mean_word_length", "max_mean_word_length", True),
    Rule(DropReason.TOO_MANY_HASHES, "hash_ratio", "max_hash_ratio"),
    Rule(DropReason.TOO_MANY_ELLIPSES, "ellipsis_ratio", "max_ellipsis_ratio"),
    Rule(DropReason.TOO_MANY_BULLET_LINES, "bullet_lines_ratio", "max_bullet_lines_ratio"),
    Rule(DropReason.TOO_MANY_ELLIPSIS_LINES, "ellipsis_lines_ratio", "max_ellipsis_lines_ratio"),
    Rule(
        DropReason.TOO_FEW_ALPHABETIC_WORDS, "alphabetic_words_ratio", "min_alphabetic_words_ratio"
    ),
    Rule(DropReason.TOO_FEW_STOP_WORDS, "n_stop_words", "min_stop_words"),
)


def filter_batch(batch: pa.RecordBatch, *, config: GopherConfig) -> pa.RecordBatch:
    """Appends the measures and `failed_rules`; sets `drop_reason` to the first, with `detail`."""
    measured = measure(batch.column("text"), batch.column("language"), config=config)
    failed = decide(measured, batch.column("language"), config=config)
    for name, values in measured.items():
        batch = batch.append_column(name, values)
    details = [
        _explain(rules[0], measured, row, config) if rules else None
        for row, rules in enumerate(failed)
    ]
    reasons = [rules[0].reason.value if rules else None for rules in failed]
    for name, column in (("drop_reason", reasons), ("detail", details)):
        at = batch.schema.get_field_index(name)
        batch = batch.set_column(at, name, pa.array(column, pa.string()))
    names = [[rule.reason.value for rule in rules] or None for rules in failed]
    return batch.append_column("failed_rules", pa.array(names, pa.list_(pa.string())))


def _explain(rule: Rule, measured: Mapping[str, pa.Array], row: int, config: GopherConfig) -> str:
    """The measured value and the threshold that it failed."""
    side = "under" if rule.limit.startswith("min_") else "over"
    value = measured[rule.measure][row].as_py()
    return f"{rule.measure} {value:.6g} {side} {getattr(config, rule.limit):g}"


def measure(
    texts: pa.StringArray, languages: pa.StringArray, *, config: GopherConfig
) -> dict[str, pa.Array]:
    """One array per measure, each as long as `texts`. Ratios of nothing are 0."""
    view = text_view(texts)
    names, ranges, has_list = _stop_words(languages, config.stop_words)
    counts = kernel.count(view.data, view.offsets, character_classes(), names, ranges)
    words, lines = counts[:, kernel.WORDS], counts[:, kernel.LINES]
    return {
        "n_words": pa.array(words.astype(np.int32)),
        "mean_word_length": _ratio(counts[:, kernel.WORD_CHARACTERS], words),
        "hash_ratio": _ratio(counts[:, kernel.HASHES], words),
        "ellipsis_ratio": _ratio(counts[:, kernel.ELLIPSES], words),
        "bullet_lines_ratio": _ratio(counts[:, kernel.BULLET_LINES], lines),
        "ellipsis_lines_ratio": _ratio(counts[:, kernel.ELLIPSIS_LINES], lines),
        "alphabetic_words_ratio": _ratio(counts[:, kernel.ALPHABETIC_WORDS], words),
        "n_stop_words": pa.array(
            counts[:, kernel.STOP_WORDS].astype(np.int32), mask=np.logical_not(has_list)
        ),
    }


def decide(
    measures: Mapping[str, pa.Array], languages: pa.StringArray, *, config: GopherConfig
) -> list[list[Rule]]:
    """The rules that fail, in the order of `RULES`, for each page."""
    spaced = np.array([lang not in config.without_spaces for lang in languages.to_pylist()], bool)
    failed: list[list[Rule]] = [[] for _ in range(len(languages))]
    for rule in RULES:
        values = measures[rule.measure].to_numpy(zero_copy_only=False)  # null becomes NaN: passes
        limit = getattr(config, rule.limit)
        broken = values < limit if rule.limit.startswith("min_") else values > limit
        for row in np.flatnonzero(broken & spaced if rule.needs_spaces else broken):
            failed[row].append(rule)
    return failed


def _ratio(part: npt.NDArray[np.int64], whole: npt.NDArray[np.int64]) -> pa.Array:
    return pa.array(part / np.maximum(whole, 1))


def _stop_words(
    languages: pa.StringArray, lists: Mapping[str, tuple[str, ...]]
) -> tuple[npt.NDArray[np.uint64], npt.NDArray[np.int64], npt.NDArray[np.bool_]]:
    """The hashes of all lists one after another; each row's range in them; whether it has one."""
    ranges: dict[str, tuple[int, int]] = {}
    names: list[int] = []
    for language, words in lists.items():
        ranges[language] = (len(names), len(names) + len(words))
        names += [fnv1a(word.encode()) for word in words]
    codes: list[Any] = languages.to_pylist()
    of_rows = np.array([ranges.get(c, (0, 0)) for c in codes], np.int64).reshape(-1, 2)
    has_list = np.array([c in ranges for c in codes], bool)
    return np.array(names, np.uint64), of_rows, has_list
