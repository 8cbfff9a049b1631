"""Which entries are drawn: of each part of the mix the first ones, up to its tokens.

In: rows of keys, by part of the run. Out: the last entry that is drawn, of each part of the mix.
Keys are read a few times, and no row moves: tasks add tokens up by the leading bits of draw keys,
the driver says in which bits the border lies, and only the entries with these bits are looked at
more closely, until they are few enough to be put in order. Where data are so few that a page makes
a difference, the gap before a page that is too long is filled by the next ones that are not. The
sums are exact, so the result depends on the pages alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyspark import Broadcast
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from curation.arrow_text import Ints
from curation.domains.config import DomainsConfig
from curation.mixing.chances import Chances, Floats, chances_of, kept
from curation.mixing.config import MixConfig
from curation.mixing.weights import Solution, solve
from curation.parts import Parts
from curation.spark_tables import map_each

_SHIFTS = (44, 24, 4)  # of the 64 bits of a draw key: 256 steps to a power of two, and so on
_FEW_ENTRIES = 200_000
_NEXT_ENTRIES = 1000
_SUMS = "part string, bits long, tokens long, entries long, pages long"
_ENTRIES = "part string, draw_key double, doc_id string, epoch short, tokens int"


@dataclass(frozen=True, order=True)
class Last:
    """The last entry that is drawn, in the order of (draw key, doc_id, epoch)."""

    draw_key: float
    doc_id: str
    epoch: int


ALL = Last(float("inf"), "", 0)
NONE = Last(-1.0, "", 0)


Range = tuple[int, int, int]
"""Draw keys of which, without so many bits, the others are from one number to another."""


@dataclass(frozen=True)
class Border:
    """What is drawn: of each part of the mix all entries up to the last one, and a few `more`.

    These are behind it, by doc_id and epoch: they fill the gap before a page that was too long.
    """

    mix: MixConfig
    domains: DomainsConfig
    last: Mapping[str, Last]
    more: frozenset[tuple[str, int]] = frozenset()

    def entries(self, keys: pa.RecordBatch) -> tuple[Chances, Ints]:
        """The chances of pages (rows of keys with `READ` and doc_id); how often each is drawn."""
        chances = chances_of(keys, self.mix, self.domains)
        rows, epochs, draw_keys = _entries(chances)
        names = [*self.last]
        at = pc.index_in(chances.parts, value_set=pa.array(names, pa.string())).fill_null(-1)
        last = np.array([*(self.last[name].draw_key for name in names), NONE.draw_key])
        of_parts = at.to_numpy()[rows]
        drawn = draw_keys < last[of_parts]
        for tie in np.flatnonzero(draw_keys == last[of_parts]).tolist():
            entry = Last(draw_keys[tie], keys.column("doc_id")[rows[tie]].as_py(), epochs[tie])
            drawn[tie] = entry <= self.last[names[of_parts[tie]]]
        ids = pa.array(sorted({doc_id for doc_id, _ in self.more}), pa.string())
        near = pc.is_in(keys.column("doc_id"), ids).to_numpy(zero_copy_only=False)
        for entry_of in np.flatnonzero(near[rows]).tolist():
            doc_id = keys.column("doc_id")[rows[entry_of]].as_py()
            drawn[entry_of] |= (doc_id, int(epochs[entry_of])) in self.more
        return chances, np.bincount(rows[drawn], minlength=keys.num_rows)


def _entries(chances: Chances) -> tuple[Ints, Ints, Floats]:
    """Every entry there is: its page, which repeat it is, its draw key."""
    rows = np.repeat(np.arange(len(chances.entries)), chances.entries)
    starts = np.cumsum(chances.entries) - chances.entries
    epochs = np.arange(len(rows)) - starts[rows]
    return rows, epochs, chances.draw_keys(rows, epochs)


@dataclass(frozen=True)
class Found:
    """The solution, how many pages of each part can be drawn, and where each part ends."""

    solution: Solution
    available_pages: Mapping[str, int]
    last: Mapping[str, Last]
    more: Mapping[str, frozenset[tuple[str, int]]]


def find_border(
    spark: SparkSession, parts: Broadcast[Parts], mix: MixConfig, domains: DomainsConfig
) -> Found:
    """Solves the mix over the documents that are still in, and finds where each part ends.

    Raises `UserError` where the shares cannot be met and the recipe says `stop`.
    """
    search = _Search(spark, parts, mix, domains)
    sums = search.sums(_SHIFTS[0], {})
    grouped = sums.group_by("part").aggregate([("tokens", "sum"), ("pages", "sum")])
    names = grouped["part"].to_pylist()
    available = dict(zip(names, grouped["tokens_sum"].to_pylist(), strict=True))
    pages = dict(zip(names, grouped["pages_sum"].to_pylist(), strict=True))
    solution = solve(mix, available)
    last = {}
    for name, tokens in solution.drawn.items():
        last[name] = ALL if tokens == solution.available[name] else NONE
    open_parts = {name: n for name, n in solution.drawn.items() if last[name] is NONE and n}
    ends = search.borders(open_parts, sums)
    more = {name: entries for name, (_, entries) in ends.items()}
    return Found(solution, pages, last | {name: end for name, (end, _) in ends.items()}, more)


@dataclass(frozen=True)
class _Search:
    spark: SparkSession
    parts: Broadcast[Parts]
    mix: MixConfig
    domains: DomainsConfig

    def borders(self, wanted: Mapping[str, int], sums: pa.Table) -> dict[str, End]:
        """Where each part ends, of which so many tokens are wanted, and more are there."""
        if not wanted:
            return {}
        before, inside = dict.fromkeys(wanted, 0), dict[str, Range]()
        for level, shift in enumerate(_SHIFTS):
            if level:
                sums = self.sums(shift, inside)
            inside, entries = {}, 0
            for name, tokens in wanted.items():
                inside[name], skipped, there = _crossing(
                    sums, name, tokens - before[name], shift, fill=not level
                )
                before[name] += skipped
                entries += there
            if entries <= _FEW_ENTRIES:
                break
        rows = self._entries(inside)
        return {
            name: _end(rows.filter(pc.equal(rows["part"], name)), inside[name], tokens - start)
            for (name, tokens), start in zip(wanted.items(), before.values(), strict=True)
        }

    def sums(self, shift: int, inside: Mapping[str, Range]) -> pa.Table:
        """Tokens and entries by part and leading bits, and pages that can be drawn.

        Of those entries `inside` which, of a part, have these bits; of all, where there are none.
        """
        task = partial(_sums, search=self._shared(inside), shift=shift)
        made = map_each(self.spark, len(self.parts.value), task, _SUMS)
        names = ("tokens", "entries", "pages")
        grouped = made.groupBy("part", "bits").agg(*(F.sum(name).alias(name) for name in names))
        return grouped.toArrow().sort_by([("part", "ascending"), ("bits", "ascending")])

    def _entries(self, inside: Mapping[str, Range]) -> pa.Table:
        task = partial(_list, search=self._shared(inside))
        return map_each(self.spark, len(self.parts.value), task, _ENTRIES).toArrow()

    def _shared(self, inside: Mapping[str, Range]) -> _Inside:
        return _Inside(self.parts, self.mix, self.domains, inside)


@dataclass(frozen=True)
class _Inside:
    """What a task needs."""

    parts: Broadcast[Parts]
    mix: MixConfig
    domains: DomainsConfig
    inside: Mapping[str, Range]

    def entries(self, part: int) -> Iterator[pa.Table]:
        for batch in kept(self.parts.value, part, ("doc_id",)):
            chances = chances_of(batch, self.mix, self.domains)
            rows, epochs, draw_keys = _entries(chances)
            at = pa.array(rows)
            entries = pa.table(
                {
                    "part": chances.parts.take(at),
                    "draw_key": pa.array(draw_keys),
                    "doc_id": batch.column("doc_id").take(at),
                    "epoch": pa.array(epochs.astype(np.int16)),
                    "tokens": batch.column("tokens").take(at),
                }
            )
            yield entries.filter(pa.array(self._are_inside(entries))) if self.inside else entries

    def _are_inside(self, entries: pa.Table) -> np.ndarray[tuple[int], np.dtype[np.bool_]]:
        bits = entries["draw_key"].to_numpy().view(np.int64)
        found = np.zeros(len(bits), bool)
        for name, (shift, first, last) in self.inside.items():
            of_part = pc.equal(entries["part"], name).to_numpy()
            found |= of_part & (bits >> shift >= first) & (bits >> shift <= last)
        return found


def _sums(part: int, *, search: _Inside, shift: int) -> Iterator[pa.RecordBatch]:
    for entries in search.entries(part):
        bits = entries["draw_key"].to_numpy().view(np.int64) >> shift
        grouped = (
            entries.append_column("bits", pa.array(bits))
            .append_column("page", pc.equal(entries["epoch"], 0).cast(pa.int64()))
            .group_by(["part", "bits"])
            .aggregate([("tokens", "sum"), ([], "count_all"), ("page", "sum")])
        )
        names = ["part", "bits", "tokens_sum", "count_all", "page_sum"]
        yield from grouped.select(names).rename_columns(_names(_SUMS)).to_batches()


def _list(part: int, *, search: _Inside) -> Iterator[pa.RecordBatch]:
    for entries in search.entries(part):
        yield from entries.select(_names(_ENTRIES)).to_batches()


def _names(schema: str) -> list[str]:
    return [column.split()[0] for column in schema.split(", ")]


def _crossing(
    sums: pa.Table, name: str, tokens: int, shift: int, *, fill: bool
) -> tuple[Range, int, int]:
    """The leading bits that the border has, the tokens before these, the entries with these.

    To `fill` the gap before it there are the next bits too, of some entries.
    """
    of_part = sums.filter(pc.equal(sums["part"], name))
    through = np.cumsum(of_part["tokens"].to_numpy())
    at = int(np.searchsorted(through, tokens, side="right"))
    before = int(through[at - 1]) if at else 0
    entries = of_part["entries"].to_numpy()
    end = at
    if fill:
        behind = np.cumsum(entries[at + 1 :])
        end += min(len(behind), int(np.searchsorted(behind, _NEXT_ENTRIES)) + 1)
    bits = of_part["bits"]
    return (shift, bits[at].as_py(), bits[end].as_py()), before, int(entries[at])


End = tuple[Last, frozenset[tuple[str, int]]]


def _end(entries: pa.Table, inside: Range, tokens: int) -> End:
    """The last entry up to which they have no more than `tokens`, and those that fill the gap.

    Where they all have more, it lies before them.
    """
    order = [(name, "ascending") for name in ("draw_key", "doc_id", "epoch")]
    rows = entries.sort_by(order).to_pylist()
    through = np.cumsum([0, *(row["tokens"] for row in rows)])
    number = int(np.searchsorted(through, tokens, side="right")) - 1
    left, more = tokens - int(through[number]), []
    for row in rows[number:]:
        if row["tokens"] <= left:
            left -= row["tokens"]
            more.append((row["doc_id"], row["epoch"]))
    if number:
        row = rows[number - 1]
        return Last(row["draw_key"], row["doc_id"], row["epoch"]), frozenset(more)
    shift, bits, _ = inside
    first = np.array([bits << shift], np.int64).view(np.float64)
    return Last(float(np.nextafter(first[0], -1)), "", 0), frozenset(more)
