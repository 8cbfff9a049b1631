"""Scoring on Ray Data: splits in; `scores/` and receipts out, from tasks and actors of a cluster.

A row of the data set is one split, with its documents' tokens as one piece, so nothing is cut and
whatever is done again is done for a whole split. Three steps overlap: tasks read and tokenise,
actors hold the model (one per GPU; without GPUs one per node, with all of its cores), tasks write.
Bytes do not depend on which worker did what.

A worker that dies is replaced, and its split is done again, a few times. A split that fails each
time is left out, and named at the end; its receipt is missing, so the next start tries it again.
What a user can mend comes back in the row, as a line, and ends the job.
"""

from __future__ import annotations

import logging
import os
import pickle
import time
import uuid
import warnings
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cache, cached_property, partial
from typing import Any

import pyarrow as pa
import ray
import ray.data
from ray.exceptions import RayError, RayTaskError

from classifiers.encoder.model import EncoderModel
from classifiers.encoder.tokenise import Tokeniser
from curation import receipts
from curation.encoder.config import EncoderConfig
from curation.encoder.models import languages_read, load_encoder, open_tokeniser
from curation.encoder.score import score
from curation.encoder.scored_with import prepare
from curation.encoder.tokenise import tokenise
from curation.encoder.work import ScoreWork, find_work
from curation.errors import UserError
from curation.progress import Progress
from curation.receipts import READ_PAGES, READ_TOKENS, Counts, Receipt
from curation.run import Run, made_with, require_made_with
from schemas.score import SCORE

Row = dict[str, Any]
_TRIES_AGAIN = 3
_MOST_RESTARTS = 20  # of an actor
_MOST_FAILED = 2  # splits, before the job ends
_SHARED_CPU = 0.5  # of a task, and of an actor without GPU: so a node with one core has room


@dataclass(frozen=True)
class Job:
    """What every task must know of a run."""

    folder: str
    encoder: EncoderConfig
    versions: Mapping[str, str]
    threads: int


def score_splits(run: Run, progress: Progress) -> None:
    """Scores what has no receipt yet, on the Ray that this process is connected to.

    Raises `UserError` where something is not as it should be, or where a split fails each time.
    """
    todo = find_work(run)
    if not todo or run.recipe.encoder is None:
        return
    if not (nodes := _nodes()):
        raise UserError("Ray: the cluster has no node with a CPU: nothing can run there")
    cores = int(min(node["Resources"]["CPU"] for node in nodes))
    job = Job(run.folder, run.recipe.encoder, made_with(), max(1, cores))
    done = receipts.done(run.folder)
    if job.encoder.share < 1:
        progress.note(f"score: {job.encoder.path} reads {job.encoder.share:.1%} of the documents")
    with progress.watch("score", run.folder, [work.name for work in todo], done):
        try:
            for row in _data_set(todo, job).iter_rows():
                if row["problem"]:
                    raise UserError(row["problem"])
        except RayTaskError:
            raise  # a fault of the program
        except RayError as error:
            if left := _left(run, todo):
                raise _failed(left, str(error).splitlines()[0].rstrip(".")) from error
    if left := _left(run, todo):
        raise _failed(left, "it failed each time")


def _data_set(todo: Sequence[ScoreWork], job: Job) -> ray.data.Dataset:
    context = ray.data.DataContext.get_current()
    context.enable_progress_bars = False
    context.max_errored_blocks = _MOST_FAILED
    there = ray.cluster_resources()
    gpus = int(there.get("GPU", 0))
    # Where GPUs have no core beside an actor's, tasks would wait for ever.
    cpu = 1 if gpus and there.get("CPU", 0) > gpus else _SHARED_CPU
    rows = [{"work": work.name, "data": pickle.dumps(work)} for work in todo]
    of_tasks: Any = {"num_cpus": cpu, "max_retries": _TRIES_AGAIN}
    scorer: Any = _Scorer  # an actor of it is called
    with warnings.catch_warnings():  # of names of arguments that there are no others for
        warnings.simplefilter("ignore")
        return (
            ray.data.from_items(rows, override_num_blocks=len(rows))
            .map(partial(_read, job=job), **of_tasks)
            .map(
                scorer,
                fn_constructor_args=(job,),
                concurrency=gpus or len(_nodes()),
                num_cpus=cpu,
                num_gpus=1 if gpus else 0,
                max_restarts=_MOST_RESTARTS,
                max_task_retries=_TRIES_AGAIN,
            )
            .map(partial(_write, job=job), **of_tasks)
        )


def _nodes() -> list[dict[str, Any]]:
    """Those that run something."""
    return [node for node in ray.nodes() if node["Alive"] and node["Resources"].get("CPU")]


def _read(row: Row, job: Job) -> Row:
    """The tokens of the documents of a split, as Arrow IPC; none of one that is done by now."""
    os.environ.setdefault("TOKENIZERS_PARALLELISM", "false")  # tasks are, instead
    work, started = pickle.loads(row["data"]), time.process_time()  # noqa: S301 - of this job
    try:
        require_made_with(job.versions)
        if receipts.is_done(job.folder, work.name):
            return _row(row)
        tokeniser, languages = _reading(pickle.dumps(job.encoder))
        tokens = tokenise(work.parts, job.encoder.share, languages, tokeniser)
    except UserError as error:
        return _row(row, problem=str(error))
    return _row(row, made=_packed(tokens), cpu_s=time.process_time() - started)


@cache
def _reading(encoder: bytes) -> tuple[Tokeniser, frozenset[str] | None]:
    """By which texts are read, and in which languages; once per process."""
    config = pickle.loads(encoder)  # noqa: S301 - of this job
    return open_tokeniser(config), languages_read(config)


def _row(row: Row, *, made: bytes = b"", cpu_s: float = 0.0, problem: str = "") -> Row:
    before = row.get("cpu_s", 0.0)
    return {
        **{name: row[name] for name in ("work", "data")},
        "made": made,
        "cpu_s": before + cpu_s,
        "problem": problem,
    }


class _Scorer:
    """An actor: the model, loaded when the first split comes."""

    def __init__(self, job: Job) -> None:
        self._job = job

    def __call__(self, row: Row) -> Row:
        """The rows of `scores/` for a split's tokens."""
        if not row["made"]:
            return row
        started, tokens = time.process_time(), _unpacked(row["made"])
        if not tokens.num_rows:
            return _row(row, made=_packed(SCORE.arrow.empty_table()))
        try:
            scores = score(tokens, self._model, self._job.encoder)
        except UserError as error:
            return _row(row, problem=str(error))
        return _row(row, made=_packed(scores), cpu_s=time.process_time() - started)

    @cached_property
    def _model(self) -> EncoderModel:
        require_made_with(self._job.versions)
        prepare(self._job.folder, threads=self._job.threads)
        return load_encoder(self._job.encoder)


def _write(row: Row, job: Job) -> Row:
    """Writes the scores of a split, and puts its receipt."""
    if row["made"]:
        work, scores = pickle.loads(row["data"]), _unpacked(row["made"])  # noqa: S301
        counts: Counts = Counts()
        counts["encoder", work.input, READ_PAGES] = scores.num_rows
        counts["encoder", work.input, READ_TOKENS] = sum(scores["n_tokens"].to_pylist())
        files = work.parts.write(0, SCORE, scores)
        attempt = uuid.uuid4().hex[:12]
        receipt = Receipt(work.name, attempt, files, counts, cpu_s=row["cpu_s"])
        receipts.commit(job.folder, receipt)
    return {"work": row["work"], "problem": row["problem"]}


def _packed(rows: pa.Table) -> bytes:
    sink = pa.BufferOutputStream()
    with pa.ipc.new_stream(sink, rows.schema) as stream:
        stream.write_table(rows)
    return sink.getvalue().to_pybytes()


def _unpacked(content: bytes) -> pa.Table:
    return pa.ipc.open_stream(content).read_all().combine_chunks()


def _left(run: Run, todo: Sequence[ScoreWork]) -> list[ScoreWork]:
    done = receipts.done(run.folder)
    return [work for work in todo if work.name not in done]


def _failed(left: Sequence[ScoreWork], why: str) -> UserError:
    more = f", nor those of {len(left) - 1} other splits" if len(left) > 1 else ""
    return UserError(
        f"{left[0].file}: its documents ({left[0].name}) could not be scored{more}: {why}: perhaps"
        " for want of memory; what is done counts, and the same command goes on with the rest"
    )


class _OfPrograms(logging.Filter):
    """What Ray Data says on the terminal: only faults of our own functions, with a traceback."""

    def filter(self, record: logging.LogRecord) -> bool:
        error = record.exc_info[1] if record.exc_info else None
        return error is not None and not isinstance(error, RayError)


def hush() -> None:
    """Ray Data is quiet from here on."""
    for handler in logging.getLogger("ray.data").handlers:
        handler.addFilter(_OfPrograms())
