"""The stage `mix`: documents that are still in; which are drawn, and the shards, out.

Solve, draw, lay out, write: all but the last on narrow tables. Every document that is still in is
drawn, or has a row in `left_out/`. After a take-down neither what is drawn nor the shards' borders
are looked for again: pages are gone, or back, and all others stay where they were.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyspark import Broadcast
from pyspark.sql import SparkSession

from curation import receipts
from curation.domains.config import DomainsConfig
from curation.mixing.chances import kept
from curation.mixing.config import MixConfig, ShardsConfig
from curation.mixing.draw import Border, Found, Last, find_border
from curation.mixing.layout import Selection, carry_on, lay_out
from curation.mixing.shards import STAGE, write_shards
from curation.parts import Files, Parts
from curation.receipts import IN, Counts, Receipt
from curation.spark_tables import map_each
from curation.tables import read_file, write_file
from schemas.drop_reason import DropReason
from schemas.layout import LAYOUT
from schemas.mix import LEFT_OUT, MIX
from schemas.receipt import RECEIPT

_OF_PART = ("pages", "rows", "tokens")


@dataclass(frozen=True)
class Mixing:
    """What a recipe says of the mix, and the folder that it goes to."""

    folder: str
    mix: MixConfig | None
    shards: ShardsConfig
    domains: DomainsConfig


class Before(NamedTuple):
    """What the mix was before a take-down, the newest of so many.

    Rows of `LAYOUT` and `MIX`, and the files of `LEFT_OUT`.
    """

    take_down: int
    layout: pa.Table
    mix: pa.Table
    left_out: Files


def make_mix(
    spark: SparkSession, parts: Broadcast[Parts], mixing: Mixing, before: Before | None = None
) -> Receipt:
    """Writes shards, with a receipt each, and tables, of which it returns the receipt."""
    found = None
    if mixing.mix and not before:
        found = find_border(spark, parts, mixing.mix, mixing.domains)
    last = found.last if found else last_of(before.mix) if before else {}
    border = Border(mixing.mix, mixing.domains, last) if mixing.mix else None
    files, counts, drawn = _account(spark, parts, mixing, border)
    selection = Selection(border, mixing.domains, mixing.shards.by_domain)
    there = before.layout if before and before.layout.num_rows else None
    laid_out = lay_out(spark, parts, mixing.shards, selection, before=there)
    made = write_shards(laid_out, parts, mixing.folder)
    if before and there is not None:
        made = carry_on(before.layout, made, before.take_down)
    of_mix = _described(found, drawn) if found else _carried(before.mix, drawn) if before else None
    files.append(write_file(mixing.folder, uuid.uuid4().hex, LAYOUT, made))
    if of_mix is not None:
        files.append(write_file(mixing.folder, uuid.uuid4().hex, MIX, of_mix))
    return Receipt(STAGE, "driver", files, counts)


def read_before(folder: str, mixed: Receipt, take_down: int) -> Before:
    """What the receipt of a mix names, before so many take-downs."""
    tables = {LAYOUT.name: LAYOUT.arrow.empty_table(), MIX.name: MIX.arrow.empty_table()}
    for file in mixed.files:
        if file["table"] in tables:
            tables[file["table"]] = read_file(folder, file).read()
    left_out = [file for file in mixed.files if file["table"] == LEFT_OUT.name]
    return Before(take_down, tables[LAYOUT.name], tables[MIX.name], left_out)


def shipped(mixed: Receipt) -> Counter[str]:
    """How many pages are in shards, of each input, by the receipt of a mix."""
    pages: Counter[str] = Counter()
    for (_, name, outcome), number in mixed.counts.items():
        pages[name] += {IN: number, DropReason.NOT_DRAWN: -number}.get(outcome, 0)
    return pages


def last_of(mix: pa.Table) -> dict[str, Last]:
    """The last entry that is drawn of each part, from rows of `MIX`."""
    return {
        row["part"]: Last(row["draw_key"], row["doc_id"], row["epoch"]) for row in mix.to_pylist()
    }


def _account(
    spark: SparkSession, parts: Broadcast[Parts], mixing: Mixing, border: Border | None
) -> tuple[list[dict[str, Any]], Counts, Counter[tuple[str, str]]]:
    """Writes `left_out/`; counts pages, and pages, rows and tokens of each part of the mix."""
    account = partial(_account_part, parts=parts, folder=mixing.folder, border=border)
    made = map_each(spark, len(parts.value), account, RECEIPT.spark).toArrow().cast(RECEIPT.arrow)
    counted = receipts.counts(made)
    counts = Counter({key: n for key, n in counted.items() if key[0] == STAGE})
    drawn = Counter({(part, what): n for (at, part, what), n in counted.items() if at != STAGE})
    return receipts.files(made).drop_columns("work").to_pylist(), counts, drawn


def _account_part(
    part: int, *, parts: Broadcast[Parts], folder: str, border: Border | None
) -> Iterator[pa.RecordBatch]:
    counts: Counts = Counter()
    left_out = []
    for batch in kept(parts.value, part, ("doc_id", "position")):
        _add(counts, batch.column("input"), IN)
        if border:
            left_out.append(_left_out(batch, border, counts))
    files: Files = ()
    rows = pa.concat_tables(left_out).sort_by("position") if left_out else None
    if rows is not None and rows.num_rows:
        name = f"{parts.value.name(part)}-{uuid.uuid4().hex}"
        files = [write_file(folder, name, LEFT_OUT, rows)]
    yield RECEIPT.batch([Receipt(f"part-{part}", STAGE, [*map(dict, files)], counts).to_row()])


def _left_out(keys: pa.RecordBatch, border: Border, counts: Counts) -> pa.Table:
    """The pages that are not drawn; counts them, and of each part of the mix what is drawn."""
    chances, times = border.entries(keys)
    tokens = keys.column("tokens").to_numpy() * times
    for name in pc.unique(chances.parts).to_pylist():
        of_part = pc.equal(chances.parts, name).to_numpy(zero_copy_only=False)
        found = ((times > 0)[of_part], times[of_part], tokens[of_part])
        for what, values in zip(_OF_PART, found, strict=True):
            counts["parts", name, what] += int(values.sum())
    rows = np.flatnonzero(times == 0)
    first = np.full(keys.num_rows, np.nan)
    may = np.flatnonzero(chances.entries)
    first[may] = chances.draw_keys(may, np.zeros(len(may), np.int64))
    columns = {name: keys.column(name) for name in ("position", "doc_id", "input")}
    keys_of_draw = pa.array(first, mask=np.isnan(first))
    columns |= {"part": chances.parts, "tokens": keys.column("tokens"), "draw_key": keys_of_draw}
    out = pa.table(columns).take(pa.array(rows))
    _add(counts, out["input"].combine_chunks(), DropReason.NOT_DRAWN)
    return out


def _add(counts: Counts, inputs: pa.Array, outcome: str) -> None:
    for counted in pc.value_counts(inputs).to_pylist():
        counts[STAGE, counted["values"], outcome] += counted["counts"]


def _described(found: Found, drawn: Mapping[tuple[str, str], int]) -> pa.Table:
    """Rows of `MIX`."""
    solution = found.solution
    rows = [
        {
            "part": name,
            "share": float(share),
            "wanted_tokens": solution.wanted[name],
            "available_tokens": solution.available[name],
            "missing_tokens": solution.short.get(name, 0),
            "nearest_tokens": solution.same_tokens[name],
            "most_tokens": solution.same_shares,
            "drawn_tokens": drawn.get((name, "tokens"), 0),
            "available_pages": found.available_pages.get(name, 0),
            "pages": drawn.get((name, "pages"), 0),
            "rows": drawn.get((name, "rows"), 0),
            **vars(found.last[name]),
        }
        for name, share in solution.shares.items()
    ]
    return pa.Table.from_batches([MIX.batch(rows)])


def _carried(mix: pa.Table, drawn: Mapping[tuple[str, str], int]) -> pa.Table:
    """Rows of `MIX` with what is drawn now."""
    rows = [
        row
        | {
            "drawn_tokens": drawn.get((row["part"], "tokens"), 0),
            "pages": drawn.get((row["part"], "pages"), 0),
            "rows": drawn.get((row["part"], "rows"), 0),
        }
        for row in mix.to_pylist()
    ]
    return pa.Table.from_batches([MIX.batch(rows)])
