"""The end of a run: receipts in; ledger and manifest out, and the check that everything adds up."""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from curation import ledger, receipts
from curation.dedup.certificate.rates import rates
from curation.dedup.take_downs import LISTS
from curation.encoder.scored_with import noted
from curation.ledger import LedgerError
from curation.mixing.data_set import DataSet, benchmarks_of, write_data_set
from curation.mixing.loading.folder import MANIFEST as DATA_MANIFEST
from curation.receipts import Counts
from curation.retries import take_retries
from curation.run import MANIFEST, Run
from curation.storage import join, put, storage
from curation.tables import read_file, read_here, write_file
from schemas.alarm import ALARM
from schemas.arrow import Table
from schemas.cluster import CLUSTER
from schemas.cut import CUT
from schemas.document import DOCUMENT
from schemas.host import HOST, SITE
from schemas.keys import KEYS
from schemas.layout import LAYOUT
from schemas.ledger import FAULT, LEDGER
from schemas.line_audit import CANDIDATE, LINE_AUDIT
from schemas.match import MATCH
from schemas.mix import COMPOSITION, LEFT_OUT, MIX
from schemas.pair import BUCKET, MEMBER, MET, PAIR
from schemas.reject import REJECT
from schemas.removal import REMOVAL, RETURNED
from schemas.score import SCORE
from schemas.shard import SHARD
from schemas.token_count import TOKEN_COUNT
from schemas.verdict import VERDICT

_ALWAYS = (DOCUMENT, REJECT, CUT, KEYS, VERDICT, CLUSTER, LINE_AUDIT, ALARM, HOST, SITE)
_SWEPT = (  # also where none counts
    *(PAIR, MEMBER, BUCKET, MET, CANDIDATE, SCORE),
    *(MATCH, TOKEN_COUNT, REMOVAL, RETURNED, MIX, COMPOSITION, LEFT_OUT, SHARD),
)
_OUTCOME = (
    *(
        "skipped",
        "cut_lines",
        "domains",
        "alarms",
        "mix",
        "take_downs",
        "certificate",
        "shards",
        "faults",
        "retries",
    ),
    "quarantined",
)


@dataclass(frozen=True)
class Outcome:
    """What a finished run counted, and what it had to do without.

    A funnel for each input; beside it what was `skipped` of each, by kind, how many lines were cut,
    by rule, and how many pages of each domain stay. `alarms` and `mix` are rows of those tables;
    `take_downs` are pages of earlier runs that gave way, by the file that lists them; the
    `certificate` has a `Rate` in each row.
    """

    funnels: dict[str, list[ledger.Step]]
    skipped: dict[str, dict[str, int]]
    cut_lines: dict[str, dict[str, int]]
    domains: dict[str, dict[str, int]]
    alarms: Sequence[Mapping[str, Any]]
    mix: Sequence[Mapping[str, Any]]
    take_downs: Mapping[str, int]
    certificate: Sequence[Mapping[str, Any]]
    shards: int
    faults: int
    retries: int
    quarantined: Sequence[Mapping[str, Any]]


def finish(run: Run, every: pa.Table, stages: Mapping[str, Sequence[str]]) -> Outcome:
    """Adds up the receipts, `every` that counts; checks the sums, writes ledger and manifest.

    `stages` are those of each input, in order. Raises `LedgerError` when a page was lost or counted
    twice.
    """
    counts, times = receipts.counts(every), receipts.stage_times(every)
    files = receipts.files(every).drop_columns("work").to_pylist()
    faults = receipts.faults(every).drop_columns("work").to_pylist()
    ledger.check(counts, files, stages)
    rows = receipts.count_rows(counts, times)
    always = (*_ALWAYS, RETURNED) if run.take_downs else _ALWAYS
    written = {file["table"] for file in files}
    without = [table for table in always if table.name not in written]
    files += _write_ends(run, rows, faults, without)
    _require_files(run, files)
    funnels = {name: ledger.funnel(counts, times, name, names) for name, names in stages.items()}
    quarantined = receipts.quarantined(every).to_pylist()
    outcome = Outcome(
        funnels=funnels,
        skipped={name: ledger.skipped(counts, name) for name in stages},
        cut_lines={name: ledger.cut_lines(counts, name) for name in stages},
        domains={name: ledger.domains(counts, name, of) for name, of in stages.items()},
        alarms=_read_small(run, files, ALARM),
        mix=_read_small(run, files, MIX),
        take_downs={file["path"]: file["rows"] for file in files if file["table"] == LISTS},
        certificate=_certificate(run, counts),
        shards=sum(file["table"] == "shards" for file in files),
        faults=len(faults) - len(quarantined),
        retries=pc.sum(every["retries"]).as_py() + take_retries(),
        quarantined=quarantined,
    )
    _write_data_set(run, files, outcome)
    _put_manifest(run, files, outcome, pc.sum(every["cpu_s"]).as_py())
    return outcome


def _write_data_set(run: Run, files: Sequence[Mapping[str, Any]], outcome: Outcome) -> None:
    tables = {
        table: pa.Table.from_batches([table.batch(_read_small(run, files, table))])
        for table in (LAYOUT, MIX, COMPOSITION)
    }
    data = DataSet(
        folder=run.folder,
        run=run.id,
        recipe=run.recipe,
        benchmarks=benchmarks_of(run.recipe),
        scored_with=noted(run.folder),
        files=files,
        layout=tables[LAYOUT].sort_by("shard"),
        mix=tables[MIX],
        composition=tables[COMPOSITION],
        funnels=outcome.funnels,
    )
    write_data_set(data)


def _certificate(run: Run, counts: Counts) -> list[dict[str, Any]]:
    config = run.recipe.dedup.certificate
    if config is None:
        return []
    of_all = {o: n for (s, i, o), n in counts.items() if (s, i) == ("dedup", ledger.ALL)}
    return [vars(rate) for rate in rates(of_all, config.confidence)]


def _write_ends(
    run: Run,
    counts: Sequence[dict[str, Any]],
    faults: Sequence[dict[str, Any]],
    without: Iterable[Table],
) -> list[dict[str, Any]]:
    """The ledger, the faults, and a file without rows for each table that is `without` any."""
    ends: list[tuple[Table, str, Sequence[dict[str, Any]]]] = [
        (LEDGER, LEDGER.name, counts),
        (FAULT, FAULT.name, faults),
    ]
    ends += [(table, "empty", ()) for table in without]
    return [
        write_file(run.folder, name, table, pa.Table.from_batches([table.batch(content)]))
        for table, name, content in ends
    ]


def _read_small(run: Run, files: Sequence[Mapping[str, Any]], table: Table) -> list[dict[str, Any]]:
    found = (read_file(run.folder, f, here=True) for f in files if f["table"] == table.name)
    return [row for file in found for row in read_here(file).to_pylist()]


def _require_files(run: Run, files: Sequence[dict[str, Any]]) -> None:
    """Every file that counts is there and as long as it was; what does not count is deleted."""
    named = {join(run.folder, file["path"]): file["bytes"] for file in files}
    of_shards = join(run.folder, SHARD.name, DATA_MANIFEST)  # written over, further on
    kept = {*named, of_shards}
    for table in sorted({*(file["table"] for file in files), *(t.name for t in _SWEPT)}):
        folder = join(run.folder, table)
        storage(folder).sweep(folder, kept)
        for file in storage(folder).walk(folder):
            # What is not named does not count: a late attempt may still write some.
            if named.pop(file.uri, file.size) != file.size:
                raise LedgerError(f"{file.uri} is not as long as when it was written")
    if named:
        raise LedgerError(f"{min(named)} is gone, and {len(named) - 1} other files")


def read_outcome(run: Run) -> Outcome:
    """What a finished run counted, from its manifest."""
    manifest = run.manifest()
    funnels = {
        name: [ledger.Step(**step) for step in steps] for name, steps in manifest["funnel"].items()
    }
    counted = {key: manifest[key] for key in _OUTCOME}
    return Outcome(funnels=funnels, **counted)


def _put_manifest(run: Run, files: list[dict[str, Any]], outcome: Outcome, cpu_s: float) -> None:
    manifest = {
        "run": run.id,
        "python_cpu_s": round(cpu_s, 3),
        "funnel": {name: [vars(s) for s in steps] for name, steps in outcome.funnels.items()},
        **{key: getattr(outcome, key) for key in _OUTCOME},
        "files": files,
    }
    put(join(run.folder, MANIFEST), json.dumps(manifest, indent=1).encode())
