"""The order of the pipeline, written once; and the driver's side of each part.

    extract   splits in; documents, rejects, keys out      a Python pass per split, `all_splits.py`
    take_down lists and keys in; removals, verdicts out    only by `curate remove`, of a whole run
    hosts     keys in; verdicts out                        sums by part, then Spark SQL
    dedup     keys and verdicts in; verdicts, hosts out    Spark SQL
    quality   keys and verdicts in; verdicts out           sums by part, then Spark SQL
    score     documents, verdicts in; scores out           no Spark: Ray, `encoder/ray_job.py`
    encoder   keys, verdicts, scores in; verdicts out      sums by part, then Spark SQL
    decontaminate  verdicts, matches in; verdicts out      by part; shortened texts are read
    count          keys, verdicts in; token_counts out     by split; what is not counted is read
    mix            keys, verdicts in; shards, left_out out sums by part, then a task per shard
    finish    receipts in; ledger and manifest out         the check that everything adds up

`score` and `encoder` are only of a recipe with an encoder, `decontaminate` of one with benchmarks.
Scoring is a process of its own, so that models and the JVM do not hold memory at once: what comes
before it is `before_scores`, what comes after it `after_scores`.

Each part does only the work that has no receipt yet, so a run that was killed goes on where it
was. The manifest is written last: a run without one is not finished. A take-down is a receipt,
after which the parts from hosts on have none of theirs: what they do again is what they do of a run
that never had the pages.
"""

from __future__ import annotations

import uuid
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import pyarrow as pa
from pyspark.sql import SparkSession

from curation import ledger, receipts
from curation.all_splits import extract
from curation.decontaminate.index import notes
from curation.decontaminate.stage import judge_matches, told
from curation.dedup.config import DedupConfig
from curation.dedup.losses import Loss, find_losses, is_alarming
from curation.dedup.lsh import candidate_probability
from curation.dedup.minhash import MinHashParams
from curation.dedup.stage import deduplicate
from curation.driver import (
    JUDGES,
    count_pages,
    delete_manifest,
    judges,
    layout_after,
    mix_after,
    mixing_of,
    parts_of,
    raise_undone,
    require_done,
    rows_in,
    score_works,
    shuffles_of,
    split_receipts,
    step,
)
from curation.encoder.stage import judge_encoder
from curation.encoder.work import is_scored
from curation.errors import UserError
from curation.finish import Outcome
from curation.finish import finish as finish_run
from curation.hosts.stage import judge_hosts
from curation.hosts.tables import write_hosts
from curation.ingest.config import InputConfig
from curation.mixing.stage import make_mix
from curation.progress import Progress
from curation.quality.stage import judge_quality
from curation.receipts import IN, KEPT, Receipt
from curation.removal.take_down import returned
from curation.run import Run, select_work, stage_work
from curation.spark_tables import (
    listed,
    read_receipts,
    read_table,
)
from curation.tables import write_file
from curation.token_counts.stage import count_tokens
from schemas.alarm import ALARM
from schemas.document import DOCUMENT
from schemas.keys import KEYS
from schemas.verdict import VERDICT

STAGES = (
    *("ingest", "extract", "language", "pii", "safety", "heuristics", "scores"),
    *("take_down", "hosts", "dedup", "quality", "encoder", "decontaminate", "mix"),
)


def run(run: Run, spark: SparkSession, progress: Progress) -> Outcome:
    """All parts, one after another, in one session; of a run that is scored, or has no encoder."""
    before_scores(run, spark, progress)
    return after_scores(run, spark, progress)


def before_scores(run: Run, spark: SparkSession, progress: Progress) -> None:
    """The parts up to what an encoder reads."""
    extract(run, spark, progress)
    judge(run, spark, progress)


def judge(run: Run, spark: SparkSession, progress: Progress) -> None:
    """The parts that judge documents by others: of their host, like them, or better ones."""
    hosts_and_dedup(run, spark, progress)
    quality(run, spark, progress)


def hosts_and_dedup(run: Run, spark: SparkSession, progress: Progress) -> None:
    """The parts that judge documents by those of their host, and those like them."""
    hosts(run, spark, progress)
    dedup(run, spark, progress)


def after_scores(run: Run, spark: SparkSession, progress: Progress) -> Outcome:
    """The last parts together: what an encoder's scores decide, shards, ledger and manifest."""
    encoder(run, spark, progress)
    decontaminate(run, spark, progress)
    count(run, spark, progress)
    mix(run, spark, progress)
    return finish(run, spark)


def take_back_quarantined(run: Run, spark: SparkSession) -> int:
    """Makes the run as it was before the quarantined splits were given up; returns their number.

    What was made without them goes first and from the end, so that a run that is killed in between
    is still a whole run without them. Raises `UserError` where pages were taken down.
    """
    if not run.selected:
        return 0
    done = receipts.done(run.folder)
    extracted = read_receipts(spark, run.folder, sorted(done & {s.work for s in run.splits}))
    quarantined = set(receipts.quarantined(extracted)["work"].to_pylist())
    if quarantined:
        if run.take_downs:
            raise UserError(
                f"{run.folder}: pages were taken down from it, which what could not be read may"
                " hold again: make a new run, and take them down there"
            )
        delete_manifest(run)
        scored = score_works(run).keys() & done
        for works in (
            *({"mix"}, {"count"}, {"decontaminate"}, {"encoder"}, scored),
            *({"quality"}, {"dedup"}, {"hosts"}, quarantined),
        ):
            receipts.take_back(run.folder, works)
    return len(quarantined)


def hosts(run: Run, spark: SparkSession, progress: Progress) -> None:
    """Finds the hosts that are full of personal data or unsafe; verdicts on all their documents."""
    work = run.work_of("hosts")
    if receipts.is_done(run.folder, work):
        return
    delete_manifest(run)  # of before a take-down
    with progress.step("hosts"), step(spark, "hosts"):
        extracted = split_receipts(run, spark)
        with shuffles_of(spark, rows_in(receipts.files(extracted, KEYS))):
            receipt = judge_hosts(spark, parts_of(run, extracted), run.recipe.hosts)
        receipts.commit(run.folder, replace(receipt, work=work))


def dedup(run: Run, spark: SparkSession, progress: Progress) -> None:
    """Finds the documents that give way to another one; then all is known of each host.

    Writes verdicts, `clusters/`, `line_audit/`, `hosts/` and `sites/`.
    """
    work = run.work_of("dedup")
    if receipts.is_done(run.folder, work):
        return
    with progress.step("dedup"), step(spark, "dedup"):
        _note_reach(run.recipe.dedup.near, progress)
        extracted = split_receipts(run, spark)
        config, before = _dedup_config(run), parts_of(run, extracted, "hosts")
        pages, documents = (rows_in(receipts.files(extracted, table)) for table in (KEYS, DOCUMENT))
        found = deduplicate(spark, before, config, pages=pages, documents=documents)
        verdicts = [file for file in found.files if file["table"] == VERDICT.name]
        losses = find_losses(spark, before, verdicts, config.alarm)
        judged = read_table(spark, run.folder, VERDICT, listed(verdicts))
        counts = count_pages(judged.where("drop_reason is not null"), "dedup", None)
        counts.update(found.counts)
        counts.update({("dedup", ledger.ALL, name): pages for name, pages in found.checks.items()})
        for loss in losses:
            if loss.kind == "input":
                counts["dedup", loss.name, IN] = loss.pages
                counts["dedup", loss.name, KEPT] = loss.pages - loss.gone
        counts["dedup", ledger.ALL, "rounds:near_duplicates"] = found.rounds
        counts["dedup", ledger.ALL, "pairs:verified"] = found.pairs
        with shuffles_of(spark, pages):
            of_hosts = write_hosts(spark, replace(before, verdicts=verdicts), run.recipe.hosts)
        files = [*found.files, *of_hosts, *_write_alarms(run, losses)]
        receipts.commit(run.folder, Receipt(work, "driver", files, counts))


def _dedup_config(run: Run) -> DedupConfig:
    """After a take-down earlier runs count as they are by then: pages may be gone from them too."""
    return run.recipe.dedup.as_it_is_now() if run.take_downs else run.recipe.dedup


def _note_reach(near: MinHashParams | None, progress: Progress) -> None:
    if near:
        share = candidate_probability(near.threshold, near.bands, near.rows)
        where = f"pairs at the threshold {near.threshold:g}"
        progress.note(f"dedup: {near.bands} bands of {near.rows} find {share:.0%} of {where}")


def _write_alarms(run: Run, losses: Sequence[Loss]) -> list[dict[str, Any]]:
    alarms = [vars(loss) for loss in losses if is_alarming(loss, run.recipe.dedup.alarm)]
    if not alarms:
        return []
    rows = pa.Table.from_batches([ALARM.batch(alarms)])
    return [write_file(run.folder, uuid.uuid4().hex, ALARM, rows)]


def quality(run: Run, spark: SparkSession, progress: Progress) -> None:
    """Finds the documents that are not as good as the recipe wants, in their domain and language.

    Which domain each document is of is counted too.
    """
    work = run.work_of("quality")
    if receipts.is_done(run.folder, work):
        return
    require_done(run, "dedup")
    with progress.step("quality"), step(spark, "quality"):
        parts = parts_of(run, split_receipts(run, spark), "hosts", "dedup")
        receipt = judge_quality(spark, parts, run.recipe.quality, run.recipe.domains)
        receipts.commit(run.folder, replace(receipt, work=work))


def encoder(run: Run, spark: SparkSession, progress: Progress) -> None:
    """Finds the documents that are not as good as the recipe wants by an encoder's scores."""
    config, work = run.recipe.encoder, run.work_of("encoder")
    if config is None or receipts.is_done(run.folder, work):
        return
    require_done(run, "dedup", "quality")
    if lacks_scores(run):
        raise_undone(run, "scored", "score_quality.py")
    with progress.step("encoder"), step(spark, "encoder"):
        parts = parts_of(run, split_receipts(run, spark, scored=True), *JUDGES)
        receipt = judge_encoder(spark, parts, config, run.recipe.domains, seed=run.recipe.seed)
        receipts.commit(run.folder, replace(receipt, work=work))


def decontaminate(run: Run, spark: SparkSession, progress: Progress) -> None:
    """Finds the documents that hold items of benchmarks; verdicts on them, or on their lines."""
    config, work = run.recipe.decontaminate, run.work_of("decontaminate")
    if config is None or receipts.is_done(run.folder, work):
        return
    require_done(run, "dedup", "quality")
    before = (stage for stage in judges(run) if stage != "decontaminate")
    with progress.step("decontaminate"), step(spark, "decontaminate"):
        parts = parts_of(run, split_receipts(run, spark, scored=True), *before)
        for note in notes(config):
            progress.note(f"decontaminate: {note}")
        receipt = judge_matches(spark, parts, config, run.recipe.domains)
        receipts.commit(run.folder, replace(receipt, work=work))
        progress.note(told(receipt.counts))


def count(run: Run, spark: SparkSession, progress: Progress) -> None:
    """Counts the tokens of documents that the pass over the splits has not counted as they are."""
    number, config = run.take_downs, run.recipe.tokens
    work = stage_work("count", number)
    if config.tokenizer is None or receipts.is_done(run.folder, work):
        return
    with progress.step("count"), step(spark, "count"):
        parts = parts_of(run, split_receipts(run, spark), *judges(run))
        new = count_tokens(spark, parts, config)
        before = parts.counts.files if parts.counts else ()
        receipts.commit(run.folder, Receipt(work, "driver", [*map(dict, (*before, *new))]))


def lacks_scores(run: Run) -> bool:
    """Whether an encoder has to read documents before the run can go on."""
    return run.recipe.encoder is not None and not is_scored(run)


def mix(run: Run, spark: SparkSession, progress: Progress) -> None:
    """Draws documents that are still in, puts them into one order, and writes the shards.

    After a take-down it draws by the same border, and the shards' borders stay; those whose content
    is the same are not written.
    """
    number = run.take_downs
    work = stage_work("mix", number)
    if receipts.is_done(run.folder, work):
        return
    require_done(run, "dedup", "quality")
    with progress.step("mix"), step(spark, "mix"):
        extracted = split_receipts(run, spark, scored=True)
        parts = spark.sparkContext.broadcast(parts_of(run, extracted, *judges(run)))
        before = mix_after(run, number - 1) if number else None
        with shuffles_of(spark, rows_in(receipts.files(extracted, KEYS))):
            receipt = make_mix(spark, parts, mixing_of(run), before=before, take_down=number)
        files = [*receipt.files]
        files += returned(run, spark, extracted, parts.value) if number else ()
        receipts.commit(run.folder, replace(receipt, work=work, files=files))


def finish(run: Run, spark: SparkSession) -> Outcome:
    """The check that everything adds up, the ledger and the manifest."""
    number = run.take_downs
    work = {*(split.work for split in run.splits), *map(select_work, run.indexes)}
    work |= {stage_work(stage, number) for stage in ("take_down", *judges(run), "count", "mix")}
    work |= score_works(run).keys() if run.recipe.encoder else set()
    of_shards = layout_after(run, number)["name"].drop_null().to_pylist()
    done = receipts.done(run.folder)
    counted = done & {*work, *of_shards}
    earlier = {stage_work("take_down", n) for n in range(1, number)}
    # A receipt must not outlive its files: a shard may have the same content again some day.
    receipts.take_back(run.folder, sorted(done - counted - earlier))
    with step(spark, "finish"):
        every = read_receipts(spark, run.folder, sorted(counted))
    stages = {source.name: _stages(run, source) for source in run.recipe.inputs}
    return finish_run(run, every, stages)


def _stages(run: Run, source: InputConfig) -> list[str]:
    optional = {"extract", "language", "pii", "safety", "heuristics", "scores"} - set(source.stages)
    if not run.take_downs:
        optional.add("take_down")
    if run.recipe.encoder is None:
        optional.add("encoder")
    if run.recipe.decontaminate is None:
        optional.add("decontaminate")
    return [stage for stage in STAGES if stage not in optional]
