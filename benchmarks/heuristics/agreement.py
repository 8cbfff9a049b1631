"""Which pages our rules and datatrove's filters drop, filter by filter and rule by rule.

Twice: with datatrove's own words, and with ours handed to it, so that what is left in the second
comparison is no question of where words end. (C4 counts words between blanks and takes no others;
so Chinese is left out of it there.) Routes, line kinds and limits by language are off, since
datatrove knows none.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import pyarrow as pa

from benchmarks.heuristics.datatrove import ISO_639_3, Datatrove
from curation.heuristics.batch import filter_batch
from curation.heuristics.config import HeuristicsConfig, Limits, ProseRules, RoutingConfig

Row = dict[str, Any]
_Dropped = Mapping[str, Sequence[str]]
_FILTERS = ("gopher_repetition", "gopher_quality", "c4", "fineweb")
_REPETITION = ("duplicate", "gram_too_frequent")
_UNROUTED = RoutingConfig(min_code_ratio=None, min_mathematics_ratio=None)
_AS_PUBLISHED: Limits = {"words_too_short": 3.0, "words_too_long": 10.0}
_PRESETS = {
    "gopher": ProseRules(presets=("gopher",), pages=_AS_PUBLISHED),
    "c4": ProseRules(presets=("c4",)),
    "fineweb": ProseRules(presets=("fineweb",)),
}
_BATCH = 128
_WITHOUT_BLANKS = "zh"


def compare(texts: pa.Table, datatrove: Datatrove) -> list[Row]:
    """A row per filter, and per rule that drops some page."""
    known = texts.filter(pa.array([c in ISO_639_3 for c in texts["language"].to_pylist()]))
    known = known.combine_chunks()
    languages = dict(zip(known["doc_id"].to_pylist(), known["language"].to_pylist(), strict=True))
    sides = (
        _dropped(known),
        datatrove.dropped(known, by_our_words=False),
        datatrove.dropped(known, by_our_words=True),
    )
    ours, own, with_ours = (_by_name(side) for side in sides)
    rows = []
    for name in _names(ours, own):
        spaced = {page for page, code in languages.items() if code != _WITHOUT_BLANKS}
        comparable = spaced if name == "c4" else languages.keys()
        rows.append(
            {
                "filter or rule": name,
                "pages": len(languages),
                "both drop": len(ours[name] & own[name]),
                "only ours": len(ours[name] - own[name]),
                "only theirs": len(own[name] - ours[name]),
                "agree": 1 - len(ours[name] ^ own[name]) / len(languages),
                "agree, same words": 1
                - len((ours[name] ^ with_ours[name]) & comparable) / len(comparable),
            }
        )
    return rows


def _dropped(texts: pa.Table) -> dict[str, list[str]]:
    """Ours, named as the filters are."""
    rows = len(texts)
    blank = texts.select(["doc_id", "text", "language"])
    for name in ("drop_reason", "detail"):
        blank = blank.append_column(name, pa.nulls(rows, pa.string()))
    dropped: dict[str, list[str]] = defaultdict(list)
    for preset, rules in _PRESETS.items():
        config = HeuristicsConfig(routing=_UNROUTED, prose=rules)
        for batch in blank.to_batches(max_chunksize=_BATCH):
            for row in filter_batch(batch, config=config).to_pylist():
                for reason in row["failed_rules"] or ():
                    dropped[row["doc_id"]].append(_name(preset, reason))
    return dropped


def _name(preset: str, reason: str) -> str:
    if preset != "gopher":
        return f"{preset}/{reason}"
    return f"gopher_{'repetition' if any(k in reason for k in _REPETITION) else 'quality'}/{reason}"


def _by_name(dropped: _Dropped) -> defaultdict[str, set[str]]:
    """The pages that each rule and filter drops; a filter drops what some rule of it does."""
    pages: defaultdict[str, set[str]] = defaultdict(set)
    for page, names in dropped.items():
        for name in names:
            pages[name].add(page)
            if "/" in name:
                pages[name.partition("/")[0]].add(page)
    return pages


def _names(*sides: Mapping[str, set[str]]) -> Iterator[str]:
    for group in _FILTERS:
        yield group
        rules = {name for side in sides for name in side if name.startswith(f"{group}/")}
        if group != "c4":  # datatrove tells only its first reason
            yield from sorted(rules)
