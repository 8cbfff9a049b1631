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
from pyspark.sql.pandas.types import from_arrow_schema

from curation import receipts
from curation.domains.config import DomainsConfig
from curation.language.identify import UNDETERMINED
from curation.mixing.chances import kept
from curation.mixing.config import MixConfig, ShardsConfig
from curation.mixing.draw import Border, Found, Last, find_available, find_border
from curation.mixing.layout import carry_on, lay_out
from curation.mixing.selection import Count, Selection
from curation.mixing.shards import STAGE, write_shards
from curation.mixing.weights import nearest_mixes
from curation.parts import Files, Parts
from curation.receipts import IN, Counts, Receipt
from curation.spark_tables import map_each
from curation.tables import read_file, write_file
from schemas.drop_reason import DropReason
from schemas.layout import LAYOUT
from schemas.mix import COMPOSITION, LEFT_OUT, MIX
from schemas.receipt import RECEIPT

_FOUND = pa.schema(
    [*RECEIPT.arrow, pa.field("composition", pa.list_(pa.struct(COMPOSITION.arrow)))]
)


@dataclass(frozen=True)
class Mixing:
    """What a recipe says of the mix, and the folder that it goes to."""

    folder: str
    mix: MixConfig | None
    shards: ShardsConfig
    domains: DomainsConfig


class Mixed(NamedTuple):
    """What a mix made: rows of `LAYOUT`, `MIX` and `COMPOSITION`, and the files of `LEFT_OUT`."""

    layout: pa.Table
    mix: pa.Table
    composition: pa.Table
    left_out: Files


def make_mix(
    spark: SparkSession,
    parts: Broadcast[Parts],
    mixing: Mixing,
    *,
    before: Mixed | None = None,
    take_down: int = 0,
) -> Receipt:
    """Writes shards, with a receipt each, and tables, of which it returns the receipt.

    `before` is the mix as it was before the newest `take_down`, of so many.
    """
    found = None
    if mixing.mix and not before:
        found = find_border(spark, parts, mixing.mix, mixing.domains)
    of_mix = _described(found) if found else before.mix if before else MIX.arrow.empty_table()
    selection = selection_of(of_mix, mixing)
    files, counts, composition = _account(spark, parts, mixing.folder, selection)
    there = before.layout if before and before.layout.num_rows else None
    laid_out = lay_out(spark, parts, mixing.shards, selection, before=there)
    made = write_shards(laid_out, parts, mixing.folder)
    if before and there is not None:
        made = carry_on(before.layout, made, take_down)
    if before and mixing.mix:
        found_now = find_available(spark, parts, mixing.mix, mixing.domains)
        of_mix = _available_now(of_mix, mixing.mix, *found_now)
    tables = {LAYOUT: made, MIX: _with_drawn(of_mix, composition), COMPOSITION: composition}
    files += [
        write_file(mixing.folder, uuid.uuid4().hex, table, rows) for table, rows in tables.items()
    ]
    return Receipt(STAGE, "driver", files, counts)


def read_mix(folder: str, mixed: Receipt) -> Mixed:
    """What the receipt of a mix names."""
    tables = {table.name: table.arrow.empty_table() for table in (LAYOUT, MIX, COMPOSITION)}
    for file in mixed.files:
        if file["table"] in tables:
            tables[file["table"]] = read_file(folder, file).read()
    left_out = [file for file in mixed.files if file["table"] == LEFT_OUT.name]
    return Mixed(tables[LAYOUT.name], tables[MIX.name], tables[COMPOSITION.name], left_out)


def shipped(mixed: Receipt) -> Counter[str]:
    """How many pages are in shards, of each input, by the receipt of a mix."""
    pages: Counter[str] = Counter()
    for (_, name, outcome), number in mixed.counts.items():
        pages[name] += {IN: number, DropReason.NOT_DRAWN: -number}.get(outcome, 0)
    return pages


def selection_of(mix: pa.Table, mixing: Mixing) -> Selection:
    """What is drawn by the border that rows of `MIX` tell; all, where the recipe has no mix."""
    border = border_of(mix, mixing.mix, mixing.domains) if mixing.mix else None
    return Selection(border, mixing.domains, mixing.shards.by_domain)


def border_of(mix: pa.Table, config: MixConfig, domains: DomainsConfig) -> Border:
    """The border that rows of `MIX` tell."""
    last, skipped = {}, set()
    for row in mix.to_pylist():
        last[row["part"]] = Last(row["draw_key"], row["doc_id"], row["epoch"])
        for entry in row["skipped"]:
            doc_id, epoch = entry.split()
            skipped.add((doc_id, int(epoch)))
    return Border(config, domains, last, frozenset(skipped))


def _account(
    spark: SparkSession, parts: Broadcast[Parts], folder: str, selection: Selection
) -> tuple[list[dict[str, Any]], Counts, pa.Table]:
    """Writes `left_out/`; counts pages, and tells what is drawn by rows of `COMPOSITION`."""
    account = partial(_account_part, parts=parts, folder=folder, selection=selection)
    schema = from_arrow_schema(_FOUND, prefer_timestamp_ntz=False)
    made = map_each(spark, len(parts.value), account, schema).toArrow().cast(_FOUND)
    files = receipts.files(made).drop_columns("work").to_pylist()
    rows = pa.RecordBatch.from_struct_array(pc.list_flatten(made["composition"]).combine_chunks())
    return files, receipts.counts(made), _added_up(pa.Table.from_batches([rows]))


def _added_up(composition: pa.Table) -> pa.Table:
    names = COMPOSITION.arrow.names
    by, numbers = names[:-3], names[-3:]
    grouped = composition.group_by(by).aggregate([(name, "sum") for name in numbers])
    columns = [*by, *(f"{name}_sum" for name in numbers)]
    ordered = grouped.select(columns).rename_columns(names)
    return ordered.sort_by([(name, "ascending") for name in by]).cast(COMPOSITION.arrow)


def _account_part(
    part: int, *, parts: Broadcast[Parts], folder: str, selection: Selection
) -> Iterator[pa.RecordBatch]:
    counts: Counts = Counter()
    composition, left_out = [], [LEFT_OUT.arrow.empty_table()]
    for batch in kept(parts.value, part, ("doc_id", "position")):
        drawn = selection.count(batch)
        composition.append(_compose(batch, drawn))
        left_out.append(_left_out(batch, drawn))
        _add(counts, batch.column("input"), IN)
        _add(counts, left_out[-1]["input"].combine_chunks(), DropReason.NOT_DRAWN)
    files = []
    rows = pa.concat_tables(left_out).sort_by("position")
    if rows.num_rows:
        name = f"{parts.value.name(part)}-{uuid.uuid4().hex}"
        files = [write_file(folder, name, LEFT_OUT, rows)]
    found = RECEIPT.batch([Receipt(f"part-{part}", STAGE, files, counts).to_row()])
    of_part = _added_up(pa.concat_tables(composition)).to_pylist() if composition else []
    made = pa.array([of_part], _FOUND.field("composition").type)
    yield pa.RecordBatch.from_arrays([*found.columns, made], schema=_FOUND)


def _compose(keys: pa.RecordBatch, drawn: Count) -> pa.Table:
    times = drawn.times
    columns = {
        "part": drawn.parts,
        "domain": drawn.domains,
        "language": keys.column("language").fill_null(UNDETERMINED),
        "input": keys.column("input"),
        "pages": pa.array((times > 0).astype(np.int64)),
        "rows": pa.array(times),
        "tokens": pa.array(keys.column("tokens").to_numpy() * times),
    }
    return pa.table(columns).filter(pa.array(times > 0))


def _left_out(keys: pa.RecordBatch, drawn: Count) -> pa.Table:
    columns = {name: keys.column(name) for name in ("position", "doc_id", "input", "tokens")}
    columns |= {"part": drawn.parts, "draw_key": drawn.first_keys}
    out = pa.table(columns).filter(pa.array(drawn.times == 0))
    return out.select(LEFT_OUT.arrow.names).cast(LEFT_OUT.arrow)


def _add(counts: Counts, inputs: pa.Array, outcome: str) -> None:
    for counted in pc.value_counts(inputs).to_pylist():
        counts[STAGE, counted["values"], outcome] += counted["counts"]


def _described(found: Found) -> pa.Table:
    """Rows of `MIX`, but for what is drawn."""
    solution = found.solution
    rows = [
        {
            "part": name,
            "share": float(share),
            "wanted_tokens": solution.wanted[name],
            "available_tokens": solution.available[name],
            "missing_tokens": solution.short.get(name, 0),
            "missing_at_first": solution.short.get(name, 0),
            "nearest_tokens": solution.same_tokens[name],
            "most_tokens": solution.same_shares,
            "available_pages": found.available_pages.get(name, 0),
            **dict.fromkeys(_OF_DRAWN.values(), 0),
            **vars(found.last[name]),
            "skipped": [f"{doc_id} {n}" for doc_id, n in sorted(found.skipped.get(name, ()))],
        }
        for name, share in solution.shares.items()
    ]
    return pa.Table.from_batches([MIX.batch(rows)])


def _available_now(
    mix: pa.Table, config: MixConfig, tokens: Mapping[str, int], pages: Mapping[str, int]
) -> pa.Table:
    """Rows of `MIX` with what there is after a take-down, and the nearest mixes of that.

    What is wanted stays, as the border does.
    """
    rows = mix.to_pylist()
    most, nearest = nearest_mixes(config, tokens, sum(row["wanted_tokens"] for row in rows))
    for row in rows:
        available = tokens.get(row["part"], 0)
        row["available_tokens"], row["available_pages"] = available, pages.get(row["part"], 0)
        row["missing_tokens"] = max(0, row["wanted_tokens"] - available)
        row["most_tokens"], row["nearest_tokens"] = most, nearest[row["part"]]
    return pa.Table.from_batches([MIX.batch(rows)])


_OF_DRAWN = {"tokens": "drawn_tokens", "pages": "pages", "rows": "rows"}


def _with_drawn(mix: pa.Table, composition: pa.Table) -> pa.Table:
    """Rows of `MIX` with what is drawn now."""
    rows = mix.to_pylist()
    for row in rows:
        of_part = composition.filter(pc.equal(composition["part"], row["part"]))
        row |= {name: pc.sum(of_part[what]).as_py() or 0 for what, name in _OF_DRAWN.items()}
    return pa.Table.from_batches([MIX.batch(rows)])
