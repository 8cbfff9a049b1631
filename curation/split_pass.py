"""The pass: one split in, its documents, rejects and keys out, with a receipt.

The stages of the pass are batch functions; here they are composed. Each sees only the pages that
are still in. Invariant: for each stage, pages in = kept + rejected, and every page of the split
ends up in `documents/` or `rejects/`, and in `keys/`. No Spark in here: a Spark task, a notebook
and a test call the same `run_split`.
"""

from __future__ import annotations

import time
import uuid
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass, replace
from typing import Literal

import pyarrow as pa
import pyarrow.compute as pc

from curation.decontaminate.config import DecontaminateConfig
from curation.decontaminate.scan import Scanner
from curation.dedup.config import DedupConfig
from curation.dedup.keys import keys_batch
from curation.errors import UnreadableError
from curation.extract.sandbox import take_cpu_s
from curation.ingest.config import IngestConfig, InputConfig
from curation.ingest.pages import Tally, read_pages
from curation.ingest.warc import Damage
from curation.receipts import (
    CUT_LINES,
    FAILED,
    IN,
    QUARANTINED,
    SKIPPED,
    Counts,
    Receipt,
    add_beside,
    add_stage,
)
from curation.retries import take_retries
from curation.splits import Split
from curation.storage import storage
from curation.tables import TableWriter
from curation.token_counts.config import TokensConfig
from schemas.arrow import with_columns
from schemas.cut import CUT, cut_rows
from schemas.document import DOCUMENT
from schemas.keys import KEYS
from schemas.match import MATCH
from schemas.reject import REJECT

BatchFunction = Callable[[pa.RecordBatch], pa.RecordBatch]
_EXCERPT_CHARACTERS = 500


@dataclass(frozen=True, kw_only=True)
class RejectsConfig:
    """How much text a reject keeps: all of it, its first 500 characters, or none."""

    text: Literal["full", "excerpt", "none"] = "full"


@dataclass(frozen=True)
class SplitPass:
    """What every split of a run goes through: values and batch functions, nothing open."""

    inputs: Sequence[InputConfig]
    ingest: IngestConfig
    block: BatchFunction  # a part of ingest
    stages: Sequence[tuple[str, BatchFunction]]
    rejects: RejectsConfig
    dedup: DedupConfig
    seed: int
    tokens: TokensConfig = TokensConfig()
    decontaminate: DecontaminateConfig | None = None


def run_split(split: Split, todo: SplitPass, folder: str) -> Receipt:
    """Reads `split`, runs the stages of its input, writes its tables below `folder`.

    The receipt is returned, not yet put: until then the files do not count. A split whose file
    cannot be read, after all retries, is put into quarantine: it has no pages, and one fault.
    """
    clock, attempt = _Clock(), uuid.uuid4().hex[:12]
    try:
        receipt = _read_and_write(split, todo, folder, attempt, clock)
    except UnreadableError as error:
        if error.uri != split.uri:
            raise
        fault = Damage(split.uri, split.start, QUARANTINED, error.why)
        receipt = Receipt(split.work, attempt, faults=[asdict(fault)])
    clock.lap()
    return replace(receipt, cpu_s=clock.total_s, retries=take_retries())


def _read_and_write(
    split: Split, todo: SplitPass, folder: str, attempt: str, clock: _Clock
) -> Receipt:
    _require_unchanged(split)
    source = todo.inputs[split.input]
    outputs = _Outputs(folder, f"{split.number:06d}-{attempt}", todo)
    counts: Counts = Counter()
    tally = Tally()
    stages = [stage for stage in todo.stages if stage[0] in source.stages]
    for pages in read_pages(split, source, todo.ingest, seed=todo.seed, tally=tally):
        batch = outputs.part(todo.block(pages), "ingest", source.name, counts, counted=False)
        clock.lap("ingest")
        for name, function in stages:
            if batch.num_rows == 0:
                break
            batch = outputs.part(function(batch), name, source.name, counts)
            clock.lap(name)
        outputs.keep(batch, source.name, counts)
        clock.lap()
    counts["ingest", source.name, IN] += tally.pages
    for kind, number in tally.skipped.items():
        counts["ingest", source.name, SKIPPED + kind] += number
    return Receipt(
        work=split.work,
        attempt=attempt,
        files=outputs.close(),
        counts=counts,
        stage_cpu_s={(stage, source.name): spent for stage, spent in clock.stages_s.items()},
        faults=[asdict(damage) for damage in tally.damage],
    )


class _Clock:
    """CPU seconds of this process and its children: in all, and of each stage."""

    def __init__(self) -> None:
        take_cpu_s()
        self._last_s = time.process_time()
        self.total_s = 0.0
        self.stages_s: Counter[str] = Counter()

    def lap(self, stage: str | None = None) -> None:
        """What was used since the last lap was used by `stage`, or by writing and the like."""
        now_s = time.process_time()
        used_s, self._last_s = now_s - self._last_s + take_cpu_s(), now_s
        self.total_s += used_s
        if stage:
            self.stages_s[stage] += used_s  # type: ignore[assignment]


def _require_unchanged(split: Split) -> None:
    file = storage(split.uri).find(split.uri)
    if file is None or (split.version and file.version != split.version):
        raise UnreadableError(split.uri, "was changed or removed since the run was opened")


class _Outputs:
    """The tables of a split."""

    def __init__(self, folder: str, name: str, todo: SplitPass) -> None:
        order = ("order_key", "doc_id", "position")
        self._documents = TableWriter(folder, name, DOCUMENT, sort_by=order)
        self._rejects = TableWriter(folder, name, REJECT)
        self._cuts = TableWriter(folder, name, CUT)
        self._keys = TableWriter(folder, name, KEYS)
        self._matches = TableWriter(folder, name, MATCH)
        self._config, self._dedup, self._tokens = todo.rejects, todo.dedup, todo.tokens
        self._decontaminate = todo.decontaminate

    def part(
        self,
        batch: pa.RecordBatch,
        stage: str,
        source: str,
        counts: Counts,
        *,
        counted: bool = True,
    ) -> pa.RecordBatch:
        """Writes the rows that have a reason, counts all, returns the rows that are still in.

        What goes into ingest is `counted` by the reader, not here.
        """
        reasons = batch.column("drop_reason")
        add_stage(counts, stage, source, batch.num_rows if counted else 0, reasons.to_pylist())
        if "failed_rules" in batch.schema.names:
            add_beside(counts, stage, source, FAILED, batch.column("failed_rules").flatten())
        kept = pc.is_null(reasons)
        rejected = batch.filter(pc.invert(kept))
        if rejected.num_rows:
            self._keys.add(keys_batch(rejected, self._dedup))
            self._rejects.add(_shorten(rejected, self._config))
        return batch.filter(kept)

    def keep(self, batch: pa.RecordBatch, source: str, counts: Counts) -> None:
        """Writes the rows that passed every stage, and what was cut from them."""
        if batch.num_rows:
            scanner = Scanner(self._decontaminate) if self._decontaminate else None
            readers = [scanner] if scanner else []
            self._keys.add(keys_batch(batch, self._dedup, self._tokens, readers))
            self._documents.add(batch)
            if scanner:
                self._matches.add(scanner.found(batch))
        if batch.num_rows and "cuts" in batch.schema.names:
            cuts = cut_rows(batch)
            add_beside(counts, "heuristics", source, CUT_LINES, cuts.column("reason"))
            self._cuts.add(_shorten(cuts, self._config))

    def close(self) -> list[dict[str, object]]:
        """Writes what is held; returns the manifest rows."""
        written = (self._documents, self._rejects, self._cuts, self._keys, self._matches)
        return [file for table in written for file in table.close()]


def _shorten(batch: pa.RecordBatch, config: RejectsConfig) -> pa.RecordBatch:
    if config.text == "full":
        return batch
    texts = batch.column("text")
    short = (
        pa.nulls(len(texts), pa.string())
        if config.text == "none"
        else pc.utf8_slice_codeunits(texts, 0, _EXCERPT_CHARACTERS)
    )
    return with_columns(batch, {"text": short})
