"""The batch function of the stage: finds measured and replaced, pages with too many dropped.

In: rows with `text`, `title`, `url`, `url_key`, `host`, `language`, `line_kinds`. Out: the same
without personal data and secrets in text, title and URL, and with counts of those in the text.
Invariant: a text keeps its number of lines, and what is redacted once stays as it is when redacted
again.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from curation.pii.clean import Cleaned, Page, clean, clean_urls, replacer_of
from curation.pii.config import PiiConfig
from curation.pii.find import MOST_PLACES
from curation.pii.kinds import PiiType
from schemas.arrow import with_columns
from schemas.document import PII, PII_COUNTS
from schemas.drop_reason import DropReason

_NAMES = tuple((PiiType(name.removeprefix("n_").upper()), name) for name in PII_COUNTS)


def pii_batch(batch: pa.RecordBatch, *, config: PiiConfig) -> pa.RecordBatch:
    """`batch` redacted, with `schemas.document.PII` appended; sets `drop_reason` and `detail`."""
    pages = [
        Page(language, host, replacer_of(doc_id, config))
        for doc_id, language, host in zip(
            batch.column("doc_id").to_pylist(),
            _optional(batch, "language").to_pylist(),
            _optional(batch, "host").to_pylist(),
            strict=True,
        )
    ]
    texts = clean(batch.column("text"), pages, config, line_kinds=_optional(batch, "line_kinds"))
    lengths = pc.utf8_length(batch.column("text")).to_pylist()
    columns = {"text": texts.texts}
    if "line_kinds" in batch.schema.names:
        columns["line_kinds"] = _null_where(batch.column("line_kinds"), texts.too_many)
    if "title" in batch.schema.names:
        columns["title"] = clean(batch.column("title"), pages, config).texts
    for name in ("url", "url_key"):
        if name in batch.schema.names:
            columns[name] = clean_urls(batch.column(name), pages, config)
    return _with_measures(with_columns(batch, columns), texts, lengths, config)


def _optional(batch: pa.RecordBatch, name: str) -> pa.StringArray:
    there = name in batch.schema.names
    return batch.column(name) if there else pa.nulls(batch.num_rows, pa.string())


def _null_where(values: pa.StringArray, rows: Sequence[bool]) -> pa.StringArray:
    return pc.if_else(pa.array(rows, pa.bool_()), pa.scalar(None, pa.string()), values)


def _with_measures(
    batch: pa.RecordBatch, texts: Cleaned, lengths: Sequence[int | None], config: PiiConfig
) -> pa.RecordBatch:
    rows = [_measure(*page, config) for page in zip(texts.found, lengths, strict=True)]
    measures = pa.RecordBatch.from_pylist(
        [{} if over else row for row, over in zip(rows, texts.too_many, strict=True)],
        schema=pa.schema([pa.field(column.name, column.type) for column in PII]),
    )
    reasons, details = batch.column("drop_reason").to_pylist(), batch.column("detail").to_pylist()
    for at, row in enumerate(rows):
        if texts.too_many[at]:
            reasons[at] = DropReason.TOO_MANY_NUMBERS
            details[at] = f"over {MOST_PLACES} places to look for personal data at"
        elif config.max_ratio is not None and _is_too_much(row, config.max_ratio, config):
            reasons[at] = DropReason.TOO_MUCH_PII
            told = f"pii_ratio {row['pii_ratio']:.6g} over {config.max_ratio:.6g}"
            details[at] = f"{told}, n_pii {row['n_pii']}"
    columns = dict(zip(measures.schema.names, measures.columns, strict=True))
    columns["drop_reason"] = pa.array(reasons, pa.string())
    columns["detail"] = pa.array(details, pa.string())
    return with_columns(batch, columns)


def _measure(found: Sequence[tuple[PiiType, int]], length: int | None, config: PiiConfig) -> Any:
    kinds = [kind for kind, _ in found]
    return {
        **{name: kinds.count(kind) if kind in config.wanted else None for kind, name in _NAMES},
        "n_pii": len(found),
        "pii_ratio": sum(size for _, size in found) / max(length or 0, 1),
    }


def _is_too_much(row: Any, max_ratio: float, config: PiiConfig) -> bool:
    return bool(row["n_pii"] >= config.min_count and row["pii_ratio"] > max_ratio)
