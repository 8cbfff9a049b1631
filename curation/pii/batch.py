"""The batch function of the stage: finds measured and replaced, pages with too many dropped.

In: rows with `text`, `title`, `url`, `host`, `language`, `line_kinds`. Out: the same without
personal data and secrets in text, title and URL, and with counts. Invariant: a text keeps its
number of lines, and what is redacted once stays as it is when redacted again.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from curation.pii.config import PiiConfig
from curation.pii.find import MOST_PLACES, find_batch, has_too_many_places
from curation.pii.kinds import PiiType, Span
from curation.pii.names import find_persons
from curation.pii.redact import Surrogates, placeholder, redact
from schemas.document import PII, PII_COUNTS
from schemas.drop_reason import DropReason

_MOST_PASSES = 16
_OF_URLS = frozenset({PiiType.EMAIL, PiiType.API_KEY})


@dataclass
class _Found:
    """Of a page: finds by kind, and their characters."""

    counts: Counter[PiiType] = field(default_factory=Counter)
    characters: int = 0

    def add(self, spans: Sequence[Span]) -> None:
        """More finds."""
        self.counts.update(span.type for span in spans)
        self.characters += sum(span.end - span.start for span in spans)


def pii_batch(batch: pa.RecordBatch, *, config: PiiConfig) -> pa.RecordBatch:
    """`batch` redacted, with `schemas.document.PII` appended; sets `drop_reason` and `detail`."""
    texts = batch.column("text")
    too_many = has_too_many_places(texts)
    columns = {
        name: pc.if_else(pa.array(too_many), pa.scalar(None, pa.string()), batch.column(name))
        for name in ("text", "line_kinds")
        if name in batch.schema.names
    }
    lengths = pc.utf8_length(columns["text"]).to_pylist()
    found = [_Found() for _ in range(batch.num_rows)]
    replacers = [_replacer(doc_id, config) for doc_id in batch.column("doc_id").to_pylist()]
    columns["text"] = _clean(batch, columns["text"], config, replacers, found)
    for name, kinds in (("title", config.wanted), ("url", _OF_URLS & config.wanted)):
        if name in batch.schema.names:
            columns[name] = _clean_short(batch, name, config, replacers, kinds)
    for name, values in columns.items():
        batch = batch.set_column(batch.schema.get_field_index(name), name, values)
    return _with_measures(batch, found, lengths, too_many, config)


Replacer = Callable[[Span, str], str]


def _replacer(doc_id: str, config: PiiConfig) -> Replacer:
    return Surrogates(doc_id) if config.replacement == "surrogate" else placeholder


def _clean(
    batch: pa.RecordBatch,
    texts: pa.StringArray,
    config: PiiConfig,
    replacers: Sequence[Replacer],
    found: Sequence[_Found],
) -> pa.StringArray:
    """The texts redacted, again and again until nothing is found.

    What stands before a number tells what it is, and a placeholder brings it nearer.
    """
    languages, hosts = _optional(batch, "language"), _optional(batch, "host")
    line_kinds = batch.column("line_kinds") if "line_kinds" in batch.schema.names else None
    rows, at_hand = list(range(batch.num_rows)), texts
    changed: dict[int, str] = {}
    for number in range(_MOST_PASSES):
        spans = find_batch(
            at_hand,
            [languages[row] for row in rows],
            line_kinds.take(pa.array(rows)) if line_kinds is not None else None,
            hosts=[hosts[row] for row in rows],
            min_score=config.min_score,
        )
        if number == 0 and config.names:
            spans = find_persons(texts, languages, spans, config.names)
        again = {}
        for row, text, of_text in zip(rows, at_hand, spans, strict=True):
            new = _new(of_text, text, config, replacers[row])
            found[row].add(new)
            if new and config.replacement != "none":
                again[row] = redact(text.as_py(), new, replacers[row])
        changed.update(again)
        if not again:
            break
        rows, at_hand = list(again), pa.array(again.values(), pa.string())
    return _replaced(texts, changed)


def _new(
    spans: Sequence[Span], text: pa.Scalar, config: PiiConfig, replacer: Replacer
) -> list[Span]:
    """The spans that are wanted, and no surrogates."""
    wanted = [span for span in spans if span.type in config.wanted]
    if not wanted or not isinstance(replacer, Surrogates):
        return wanted
    whole = text.as_py()
    return [span for span in wanted if not replacer.is_one(span, whole[span.start : span.end])]


def _clean_short(
    batch: pa.RecordBatch,
    name: str,
    config: PiiConfig,
    replacers: Sequence[Replacer],
    kinds: frozenset[PiiType],
) -> pa.StringArray:
    """Titles, and URLs, which may have an address in their query."""
    texts = batch.column(name)
    if config.replacement == "none":
        return texts
    spelled = pc.replace_substring_regex(texts, "%40", "@") if name == "url" else texts
    changed = {}
    for row, spans in enumerate(find_batch(spelled, _optional(batch, "language"))):
        if wanted := [span for span in spans if span.type in kinds]:
            changed[row] = redact(spelled[row].as_py(), wanted, replacers[row])
    return _replaced(texts, changed)


def _replaced(texts: pa.StringArray, changed: dict[int, str]) -> pa.StringArray:
    """With other texts in some rows."""
    if not changed:
        return texts
    others = pa.array([changed.get(row) for row in range(len(texts))], pa.string())
    return pc.coalesce(others, texts)


def _optional(batch: pa.RecordBatch, name: str) -> list[str | None]:
    there = name in batch.schema.names
    values: list[str | None] = batch.column(name).to_pylist() if there else [None] * batch.num_rows
    return values


def _with_measures(
    batch: pa.RecordBatch,
    found: Sequence[_Found],
    lengths: Sequence[int | None],
    too_many: Sequence[bool],
    config: PiiConfig,
) -> pa.RecordBatch:
    rows: list[dict[str, Any]] = [
        {name: page.counts[kind] if kind in config.wanted else None for kind, name in _NAMES}
        | {"n_pii": page.counts.total(), "pii_ratio": page.characters / max(length or 0, 1)}
        for page, length in zip(found, lengths, strict=True)
    ]
    measures = pa.RecordBatch.from_pylist(
        [{} if over else row for row, over in zip(rows, too_many, strict=True)],
        schema=pa.schema([pa.field(column.name, column.type) for column in PII]),
    )
    reasons, details = batch.column("drop_reason").to_pylist(), batch.column("detail").to_pylist()
    for at, row in enumerate(rows):
        if too_many[at]:
            reasons[at] = DropReason.TOO_MUCH_PII
            details[at] = f"over {MOST_PLACES} places to look at"
        elif _is_too_much(row["n_pii"], row["pii_ratio"], config):
            reasons[at] = DropReason.TOO_MUCH_PII
            details[at] = f"pii_ratio {row['pii_ratio']:.6g} over {config.max_ratio:.6g}"
    for name, values in (("drop_reason", reasons), ("detail", details)):
        at = batch.schema.get_field_index(name)
        batch = batch.set_column(at, name, pa.array(values, pa.string()))
    return pa.RecordBatch.from_arrays(
        [*batch.columns, *measures.columns], names=[*batch.schema.names, *measures.schema.names]
    )


_NAMES = tuple((PiiType(name.removeprefix("n_").upper()), name) for name in PII_COUNTS)


def _is_too_much(count: int, ratio: float, config: PiiConfig) -> bool:
    return config.max_ratio is not None and count >= config.min_count and ratio > config.max_ratio
