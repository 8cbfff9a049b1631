"""The stage `decontaminate`: what documents share with benchmarks in; verdicts and `matches/` out.

A document in which an item is found goes, or its lines in which the item is. The split pass has
looked through whole texts; those that have lost lines since are looked through as they are left.
Where it has not (`scan_documents`, for benchmarks that are added to a run), all are. Nothing
depends on parts or on the order of pages.
"""

from __future__ import annotations

import uuid
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from pyspark import Broadcast
from pyspark.sql import SparkSession

from curation import receipts
from curation.arrow_text import Ints
from curation.decontaminate.config import DecontaminateConfig
from curation.decontaminate.index import load_index
from curation.decontaminate.judge import line_verdicts, page_verdicts
from curation.decontaminate.scan import Scanner
from curation.dedup.minhash import blocks
from curation.domains.config import DomainsConfig
from curation.domains.keys import OF_DOMAINS, domains_of
from curation.ledger import ALL
from curation.left import count_dropped, leave
from curation.parts import Parts, is_in
from curation.receipts import CUT_LINES, DOMAIN, IN, KEPT, SHORTENED, Counts, Receipt
from curation.rows_at import rows_at
from curation.scored import lines_hashes
from curation.spark_tables import map_each
from curation.tables import write_file
from schemas.arrow import Table, with_columns
from schemas.document import DOCUMENT
from schemas.drop_reason import DropReason
from schemas.keys import KEYS
from schemas.match import MATCH
from schemas.receipt import RECEIPT
from schemas.verdict import VERDICT

STAGE = "decontaminate"
MATCHED = "matched:"
"""How the ledger begins what it calls pages that hold an item of a benchmark."""
_OF_PAGE = ("position", "doc_id", "input")


def judge_matches(
    spark: SparkSession, parts: Parts, config: DecontaminateConfig, domains: DomainsConfig
) -> Receipt:
    """Writes verdicts by what the split pass found, and what is found in shortened documents.

    The receipt has the files, and pages in, kept and gone by input. `parts` have the verdicts of
    the stages before.
    """
    return _judge(spark, parts, _Judge(config, domains, parts.folder, scanned=True))


def scan_documents(
    spark: SparkSession,
    parts: Parts,
    config: DecontaminateConfig,
    domains: DomainsConfig,
    *,
    folder: str,
) -> Receipt:
    """The same for benchmarks that the split pass did not look for: one pass over `documents/`.

    `config` may be of another recipe than the run's; `matches/` and `verdicts/` are written below
    `folder`, which may be another than that of the run.
    """
    return _judge(spark, parts, _Judge(config.pinned(), domains, folder, scanned=False))


def told(counts: Mapping[tuple[str, str, str], int]) -> str:
    """What was found, in a line, by the counts of the receipt."""
    found: Counter[str] = Counter()
    for (_, name, outcome), number in counts.items():
        if name != ALL:
            found[outcome] += number
    gone, cut = found[DropReason.CONTAMINATED], found[SHORTENED + DropReason.CONTAMINATED]
    by_name = sorted((key, n) for key, n in found.items() if key.startswith(MATCHED))
    where = ", ".join(f"{key.removeprefix(MATCHED)} in {number:,}" for key, number in by_name)
    if not where:
        return f"{STAGE}: no page holds an item"
    cleared = f", {cut:,} stay without the lines that hold some" if cut else ""
    return f"{STAGE}: {gone:,} pages go{cleared} (items of {where})"


@dataclass(frozen=True)
class _Judge:
    """What tasks are told; `scanned`: the split pass has looked through all texts."""

    config: DecontaminateConfig
    domains: DomainsConfig
    folder: str
    scanned: bool


def _judge(spark: SparkSession, parts: Parts, judge: _Judge) -> Receipt:
    task = partial(_judge_part, parts=spark.sparkContext.broadcast(parts), judge=judge)
    made = map_each(spark, len(parts), task, RECEIPT.spark).toArrow().cast(RECEIPT.arrow)
    files = receipts.files(made).drop_columns("work").to_pylist()
    counts = receipts.counts(made)
    for benchmark, told in load_index(judge.config).told.items():
        for what, number in told._asdict().items():
            counts[STAGE, ALL, f"{what}:{benchmark}"] = number
    return Receipt(STAGE, "driver", files, counts)


def _judge_part(part: int, *, parts: Broadcast[Parts], judge: _Judge) -> Iterator[pa.RecordBatch]:
    pages = _pages(parts.value, part, judge.domains)
    if not pages.num_rows:
        return
    known, wanted = MATCH.arrow.empty_table(), pages["position"].to_numpy()
    if judge.scanned:
        known = _known(parts.value, part, pages)
        wanted = _unread(pages, known, judge.config)
    by_page = judge.config.remove == "page"
    verdicts, found = page_verdicts(known) if by_page else [], [MATCH.batch([])]
    for texts in _texts(parts.value, part, wanted):
        scanner = Scanner(judge.config)
        for rows, tokens in blocks(texts.column("text")):
            scanner.add(rows, tokens)
        matches = scanner.found(texts)
        if by_page:
            verdicts += page_verdicts(pa.Table.from_batches([matches]))
        else:
            verdicts += line_verdicts(texts, scanner.matches, matches, judge.config)
        found.append(matches)
    judged = pa.Table.from_batches([VERDICT.batch(verdicts)])
    new = pa.Table.from_batches(found)
    counts = _count(pages, judged, pa.concat_tables([known, new]))
    if judge.scanned:  # what is of whole texts the split pass has written
        new = new.filter(new["lines_hash"].is_valid())
    files = _write(judge.folder, parts.value.name(part), {VERDICT: judged, MATCH: new})
    yield RECEIPT.batch([Receipt(f"part-{part}", STAGE, files, counts).to_row()])


def _write(folder: str, name: str, tables: Mapping[Table, pa.Table]) -> list[dict[str, Any]]:
    """A file of each table that has rows, sorted by position."""
    return [
        write_file(folder, f"{name}-{uuid.uuid4().hex}", table, rows.sort_by("position"))
        for table, rows in tables.items()
        if rows.num_rows
    ]


def _pages(parts: Parts, part: int, domains: DomainsConfig) -> pa.Table:
    """The documents that are still in, by position, each with the lines that it lacks."""
    names = [*_OF_PAGE, "dropped_lines"]
    found = []
    for batch in parts.kept(part, KEYS, [*names, *OF_DOMAINS]):
        of = {"domain": domains_of(batch, domains)}
        found.append(with_columns(batch, of).select([*names, "domain"]))
    return pa.Table.from_batches(found).sort_by("position") if found else pa.table({})


def _known(parts: Parts, part: int, pages: pa.Table) -> pa.Table:
    """What the split pass found in the documents that still have all their lines."""
    whole = pages.filter(pages["dropped_lines"].is_null())["position"].to_numpy()
    found = [MATCH.arrow.empty_table()]
    for batch in parts.read(part, MATCH, MATCH.arrow.names):
        there = is_in(batch.column("position").to_numpy(), whole)
        found.append(pa.Table.from_batches([batch.filter(pa.array(there))]).cast(MATCH.arrow))
    return pa.concat_tables(found).combine_chunks()


def _unread(pages: pa.Table, known: pa.Table, config: DecontaminateConfig) -> Ints:
    """The documents whose texts are needed: those that lost lines, and those that are to."""
    shortened = pages.filter(pages["dropped_lines"].is_valid())["position"].to_numpy()
    if config.remove == "page":
        return shortened
    return np.union1d(shortened, known["position"].to_numpy())


def _texts(parts: Parts, part: int, wanted: Ints) -> Iterator[pa.RecordBatch]:
    """The documents at these positions, as verdicts leave them."""
    if not len(wanted):
        return
    left = parts.left(part)
    for rows in rows_at(parts, DOCUMENT, wanted, (*_OF_PAGE, "text")):
        batch = leave(rows, left)
        hashes = lines_hashes(batch.column("dropped_lines"))
        yield with_columns(batch, {"lines_hash": hashes})


def _count(pages: pa.Table, verdicts: pa.Table, matches: pa.Table) -> Counts:
    """Pages by what became of them, and beside these what was cut, and where it was from."""
    counts: Counts = Counter()
    positions = pages["position"].combine_chunks()
    at = pc.index_in(pages["position"], value_set=verdicts["position"].combine_chunks())
    reasons = verdicts["drop_reason"].take(at)
    of_pages = pa.table({"input": pages["input"], "domain": pages["domain"], "reason": reasons})
    for source, domain, reason, number in _counted(of_pages):
        counts[STAGE, source, IN] += number
        counts[STAGE, source, reason or KEPT] += number
        if not reason:
            counts[STAGE, source, f"{DOMAIN}{domain or 'none'}"] += number
    stays = verdicts.filter(verdicts["drop_reason"].is_null()).combine_chunks()
    before = pages.take(pc.index_in(stays["position"], value_set=positions))["dropped_lines"]
    lost = _n_lines(stays["dropped_lines"]) - _n_lines(before)
    for source, lines in zip(stays["input"].to_pylist(), lost.tolist(), strict=True):
        counts[STAGE, source, SHORTENED + DropReason.CONTAMINATED] += 1
        counts[STAGE, source, CUT_LINES + DropReason.CONTAMINATED] += lines
    found = matches.select(["input", "benchmark", "position"])
    each = found.group_by(found.column_names).aggregate([])
    for source, benchmark, number in _counted(each.select(["input", "benchmark"])):
        counts[STAGE, source, MATCHED + benchmark] += number
    return counts


def _n_lines(bitmaps: pa.ChunkedArray) -> Ints:
    return count_dropped(bitmaps.combine_chunks())


def _counted(rows: pa.Table) -> Iterator[tuple[Any, ...]]:
    names = rows.column_names
    grouped = rows.group_by(names).aggregate([([], "count_all")])
    return zip(*(grouped[name].to_pylist() for name in (*names, "count_all")), strict=True)
