"""Which entries are drawn: of each part of the mix the first ones, up to its tokens.

In: rows of keys, by part of the run. Out: the last entry that is drawn, of each part of the mix.
Keys are read a few times, and no row moves: tasks add tokens up by the leading bits of draw keys,
the driver says in which bits the border lies, and only the entries with these bits are looked at
more closely, until they are few enough to be put in order. Where data are so few that a page makes
a difference, one that is too long for what is left is skipped, and the next ones are drawn that are
not. The sums are exact, so the result depends on the pages alone.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property, partial

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyspark import Broadcast
from pyspark.sql import SparkSession
from pyspark.sql import functions as F

from curation.arrow_text import Ints
from curation.domains.config import DomainsConfig
from curation.mixing.chances import Chances, Floats, chances_of, entries_of, kept
from curation.mixing.config import MixConfig
from curation.mixing.weights import Solution, solve
from curation.parts import Parts
from curation.spark_tables import map_each

_SHIFTS = (44, 32, 20, 8)  # of the 64 bits of a draw key: 256 steps to a power of two, and so on
_FEW_ENTRIES = 200_000
_NEXT_ENTRIES = 1000
_MOST_SKIPPED = 1000
_NEAR = 1000  # a gap of a thousandth of what is wanted is none
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
    """What is drawn: of each part of the mix all entries up to the last one, but a few `skipped`.

    These, by doc_id and epoch, were too long for what was left.
    """

    mix: MixConfig
    domains: DomainsConfig
    last: Mapping[str, Last]
    skipped: frozenset[tuple[str, int]] = frozenset()

    @cached_property
    def _skipped_ids(self) -> pa.StringArray:
        return pa.array(sorted({doc_id for doc_id, _ in self.skipped}), pa.string())

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
        ids = keys.column("doc_id")
        skipped = pc.is_in(ids, self._skipped_ids).to_numpy(zero_copy_only=False)
        for at in np.flatnonzero(skipped[rows]).tolist():
            drawn[at] &= (ids[rows[at]].as_py(), int(epochs[at])) not in self.skipped
        return chances, np.bincount(rows[drawn], minlength=keys.num_rows)


def _entries(chances: Chances) -> tuple[Ints, Ints, Floats]:
    """Every entry there is: its page, which repeat it is, its draw key."""
    rows, epochs = entries_of(chances.entries)
    return rows, epochs, chances.draw_keys(rows, epochs)


@dataclass(frozen=True)
class Found:
    """The solution, how many pages of each part can be drawn, and where each part ends."""

    solution: Solution
    available_pages: Mapping[str, int]
    last: Mapping[str, Last]
    skipped: Mapping[str, frozenset[tuple[str, int]]]


def find_border(
    spark: SparkSession, parts: Broadcast[Parts], mix: MixConfig, domains: DomainsConfig
) -> Found:
    """Solves the mix over the documents that are still in, and finds where each part ends.

    Raises `UserError` where the shares cannot be met and the recipe says `stop`.
    """
    search = _Search(spark, parts, mix, domains)
    sums = search.sums(_SHIFTS[0], {})
    available, pages = _in_all(sums)
    solution = solve(mix, available)
    last = {}
    for name, tokens in solution.drawn.items():
        whole = solution.shares[name] and tokens == solution.available[name]
        last[name] = ALL if whole else NONE
    open_parts = {name: n for name, n in solution.drawn.items() if last[name] is NONE and n}
    ends = search.borders(open_parts, sums)
    skipped = {name: entries for name, (_, entries) in ends.items()}
    return Found(solution, pages, last | {name: end for name, (end, _) in ends.items()}, skipped)


def find_available(
    spark: SparkSession, parts: Broadcast[Parts], mix: MixConfig, domains: DomainsConfig
) -> tuple[dict[str, int], dict[str, int]]:
    """How many tokens, repeats counted, and pages of each part can be drawn."""
    return _in_all(_Search(spark, parts, mix, domains).sums(_SHIFTS[0], {}))


def _in_all(sums: pa.Table) -> tuple[dict[str, int], dict[str, int]]:
    grouped = sums.group_by("part").aggregate([("tokens", "sum"), ("pages", "sum")])
    names = grouped["part"].to_pylist()
    tokens, pages = (grouped[f"{name}_sum"].to_pylist() for name in ("tokens", "pages"))
    return dict(zip(names, tokens, strict=True)), dict(zip(names, pages, strict=True))


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
        ranges = inside
        for level, shift in enumerate(_SHIFTS):
            if level:
                sums = self.sums(shift, inside)
            entries = 0
            inside, wide = {}, dict[str, Range]()
            for name, tokens in wanted.items():
                inside[name], wide[name], skipped, there = _crossing(
                    sums, name, tokens - before[name], shift
                )
                before[name] += skipped
                entries += there
            ranges = inside if level else wide
            if entries <= _FEW_ENTRIES:
                break
        rows = self._entries(ranges)
        ends = {}
        for (name, tokens), start in zip(wanted.items(), before.values(), strict=True):
            of_part = rows.filter(pc.equal(rows["part"], name))
            ends[name] = _end(of_part, ranges[name], tokens - start, near=tokens // _NEAR)
        return ends

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


def _crossing(sums: pa.Table, name: str, tokens: int, shift: int) -> tuple[Range, Range, int, int]:
    """The leading bits that the border has, the tokens before these, the entries with these.

    Behind the first there are the same and the next bits, of as many entries as fill the gap before
    a page that is too long.
    """
    of_part = sums.filter(pc.equal(sums["part"], name))
    sizes, entries = (of_part[what].to_numpy() for what in ("tokens", "entries"))
    through = np.cumsum(sizes)
    at = int(np.searchsorted(through, tokens, side="right"))
    before = int(through[at - 1]) if at else 0
    behind, listed = np.cumsum(sizes[at + 1 :]), np.cumsum(entries[at + 1 :])
    enough = (behind >= 4 * sizes[at]) & (listed >= _NEXT_ENTRIES) | (listed > _FEW_ENTRIES)
    end = at + (int(np.argmax(enough)) + 1 if enough.any() else len(listed))
    first, last = of_part["bits"][at].as_py(), of_part["bits"][end].as_py()
    return (shift, first, first), (shift, first, last), before, int(entries[at])


End = tuple[Last, frozenset[tuple[str, int]]]


def _end(entries: pa.Table, inside: Range, tokens: int, *, near: int) -> End:
    """The last entry that is drawn, of `tokens` in all, and those before it that are too long.

    What is left is at last `near` nothing, or less than what is there. Where nothing is drawn, the
    border lies before all of these.
    """
    order = [(name, "ascending") for name in ("draw_key", "doc_id", "epoch")]
    shift, bits, _ = inside
    first = np.array([bits << shift], np.int64).view(np.float64)
    last, left = Last(float(np.nextafter(first[0], -1)), "", 0), tokens
    passed: list[tuple[str, int]] = []
    skipped: list[tuple[str, int]] = []
    for row in entries.sort_by(order).to_pylist():
        if left <= near or len(passed) > _MOST_SKIPPED:
            break
        if row["tokens"] <= left:
            left -= row["tokens"]
            last, skipped = Last(row["draw_key"], row["doc_id"], row["epoch"]), [*passed]
        else:
            passed.append((row["doc_id"], row["epoch"]))
    return last, frozenset(skipped)
