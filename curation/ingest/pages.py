"""A split in, batches of pages out: what the first stage of the pass works on.

In: a split and the recipe's ingest values. Out: record batches of `PAGE`, at most 64 rows or some
MiB each; a page with a `drop_reason` has neither body nor text. Invariant: one row per page of
the split, in file order; row i of the split has position `first_position + i`, so that the same
split gives the same positions in every attempt. What is no page is counted in the `Tally`.
"""

from __future__ import annotations

import io
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import xxhash

from curation.extract.tidy import tidy
from curation.ingest.config import IngestConfig, InputConfig
from curation.ingest.raw_page import RawPage, encode
from curation.ingest.responses import read_conversion, read_response
from curation.ingest.rows import read_rows
from curation.ingest.selected import read_selected
from curation.ingest.urls import hash64, url_facts
from curation.ingest.warc import Damage, Record, read_records
from curation.splits import Split
from curation.storage import RangeReader
from schemas.arrow import Column, Table
from schemas.document import DOCUMENT
from schemas.drop_reason import DropReason

_KNOWN = (
    *("doc_id", "position", "order_key", "input", "file", "offset", "record_id", "domain"),
    *("url", "url_key", "host", "site", "fetched_at", "opt_outs", "text"),
)
PAGE = Table(
    "pages",
    (
        *(column for column in DOCUMENT.columns if column.name in _KNOWN),
        Column("html", pa.binary(), "the decoded body; null where there is text or a reason"),
        Column("url_hash", pa.int64(), "of url_key, which may be redacted later"),
        Column("charset", pa.string(), "Python codec of html"),
        Column("drop_reason", pa.string(), "null while the page is in"),
        Column("detail", pa.string(), "what was seen, where the reason does not tell it"),
    ),
)

_BATCH_ROWS = 128
_BATCH_BYTES = 16 << 20
_NOT_SAMPLED = "not_sampled"


@dataclass
class Tally:
    """What ingest saw beside pages: records of other types, pages not in the sample, and damage."""

    skipped: Counter[str] = field(default_factory=Counter)
    damage: list[Damage] = field(default_factory=list)
    pages: int = 0


def read_pages(
    split: Split, source: InputConfig, config: IngestConfig, *, seed: int, tally: Tally
) -> Iterator[pa.RecordBatch]:
    """The pages of `split`, in batches."""
    rows: list[dict[str, Any]] = []
    held_bytes = 0
    for number, found in enumerate(_raw_pages(split, source, config, tally)):
        raw = _settle(found, source)
        doc_id = _document_id(raw)
        if not _is_drawn(doc_id, split, seed):
            tally.skipped[_NOT_SAMPLED] += 1
            continue
        tally.pages += 1
        row = _row(raw, split, source, split.first_position + number)
        rows.append({"doc_id": doc_id, "order_key": hash64(doc_id, seed=seed), **row})
        held_bytes += len(raw.html or raw.text or "")
        if len(rows) == _BATCH_ROWS or held_bytes >= _BATCH_BYTES:
            yield PAGE.batch(rows)
            rows, held_bytes = [], 0
    if rows:
        yield PAGE.batch(rows)


def _raw_pages(
    split: Split, source: InputConfig, config: IngestConfig, tally: Tally
) -> Iterator[RawPage]:
    if split.format in ("parquet", "jsonl"):
        yield from read_rows(split, source.columns, config, tally.damage)
        return
    page_type, read = ("response", read_response)
    if split.format == "wet":
        page_type, read = ("conversion", read_conversion)
    for record in _records(split, tally.damage):
        if record.type == page_type:
            yield read(record, config)
        else:
            tally.skipped[record.type] += 1


def _records(split: Split, damage: list[Damage]) -> Iterator[Record]:
    if split.format == "index":
        file = io.BufferedReader(RangeReader(split.uri, split.size))
        return read_selected(pq.read_table(file), damage)
    return read_records(split, damage)


def _settle(raw: RawPage, source: InputConfig) -> RawPage:
    """Text tidied; a reason for what has nothing that a later stage could use."""
    if raw.html is not None and "extract" not in source.stages:
        detail = f"input '{source.name}' leaves out the stage extract"
        return replace(raw, html=None, reason=DropReason.NO_TEXT, detail=detail)
    if raw.text is None:
        return raw
    text = tidy(raw.text)
    return replace(raw, text=text) if text else replace(raw, text=None, reason=DropReason.NO_TEXT)


def _is_drawn(doc_id: str, split: Split, seed: int) -> bool:
    """By a hash of its own: `order_key` says where in the shards a page comes."""
    return split.sample == 1 or hash64(f"sample {doc_id}", seed=seed) / 2**64 + 0.5 < split.sample


def _row(raw: RawPage, split: Split, source: InputConfig, position: int) -> dict[str, Any]:
    url = _valid(raw.url)
    facts = url_facts(url)
    return {
        "position": position,
        "input": source.name,
        "domain": source.domain,
        "file": raw.file or split.uri,
        "offset": raw.offset,
        "record_id": _valid(raw.record_id),
        "url": url,
        "url_key": facts.url_key,
        "url_hash": None if facts.url_key is None else hash64(facts.url_key),
        "host": facts.host,
        "site": facts.site,
        "fetched_at": raw.fetched_at,
        "opt_outs": raw.opt_outs,
        "text": raw.text,
        "html": raw.html,
        "charset": raw.charset,
        "drop_reason": raw.reason,
        "detail": _valid(raw.detail),
    }


def _document_id(raw: RawPage) -> str:
    """128 bits of the record's own identity, hex; never of where it was found."""
    known = "\0".join((raw.record_id or "", raw.url or "", str(raw.fetched_at or "")))
    content = b"" if raw.named else encode(raw.text or "") + b"\0" + (raw.html or b"")
    return xxhash.xxh3_128_hexdigest(encode(known) + b"\0" + content)


def _valid(text: str | None) -> str | None:
    """Lone surrogates, which JSON can spell and UTF-8 cannot, replaced."""
    return None if text is None else encode(text).decode("utf-8", "replace")
