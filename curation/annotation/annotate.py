"""Annotation: pages in, a judge's scores of them out, and what is missing.

Some questions are under way at a time. What an answer costs is counted as it comes, and it is kept
at once, so whatever ends this process, the same command goes on from there. It ends early where a
cap is reached, or where many pages in a row get no answer; then the rest is `not_asked`.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import FIRST_EXCEPTION, Future, ThreadPoolExecutor, wait
from contextlib import closing
from dataclasses import dataclass
from threading import Lock
from typing import Any

import pyarrow as pa

from curation.annotation.budget import Budget, StoppedError, Usage
from curation.annotation.cache import Cache, Judgement
from curation.annotation.endpoint import Endpoint, Missing, NoReplyError, one_line
from curation.annotation.questions import Job, Question, chat_of, unanswered
from curation.annotation.rubric import read_answer
from curation.training.config import PARTS
from schemas.annotation import ANNOTATION

_OF_PAGES = ("doc_id", "url", "site", "language", "domain", "length", "score_class")
_TOLD_EVERY_S = 10.0
_SHOWN_CHARS = 300
_REMINDER = (
    "That is not the JSON object that was asked for. Answer with the object alone: a reason in a"
    " few words, then the score as a whole number of the scale."
)


@dataclass(frozen=True)
class Annotated:
    """`rows` are of `schemas.annotation.ANNOTATION`; `examples` has a failure of each kind.

    `stopped` is why not all was asked, if so; `spent` is of this time alone.
    """

    rows: pa.Table
    spent: Usage
    stopped: str
    examples: Mapping[str, str]


def annotate(
    job: Job, asked: Sequence[Question], *, cache: Cache, note: Callable[[str], None]
) -> Annotated:
    """Asks what the cache does not know; raises `UserError` where the endpoint takes no request."""
    budget = Budget(job.costs, most_out=job.judge.max_answer_tokens)
    left = unanswered(asked, cache.found, job.judge)
    with closing(Endpoint(job.judge, job.rubric.schema, budget)) as endpoint:
        asking = _Asking(job, cache, endpoint, budget)
        if left:
            _run(asking, left, note)
    rows = [_row(job, question, cache.found.get(question.key), asking.why) for question in asked]
    rows.sort(key=lambda row: (row["doc_id"], row["repeat"]))
    table = pa.Table.from_batches([ANNOTATION.batch(rows)])
    return Annotated(table, budget.spent, budget.stopped, asking.examples)


class _Asking:
    """Questions to answers, in several threads; `why` has those that got none."""

    def __init__(self, job: Job, cache: Cache, endpoint: Endpoint, budget: Budget) -> None:
        self.job, self.budget = job, budget
        self._cache, self._endpoint = cache, endpoint
        self._lock, self._in_a_row = Lock(), 0
        self.done = 0
        self.why: dict[str, Missing] = {}
        self.examples: dict[str, str] = {}

    def work(self, left: Iterator[Question]) -> None:
        """Answers one question after another, until there are no more or all is stopped."""
        while not self.budget.stopped:
            with self._lock:
                question = next(left, None)
            if question is None:
                return
            try:
                judgement = self._judge(question)
            except StoppedError:
                return
            except NoReplyError as error:
                self._count(question, error.why, error.detail)
            else:
                self._cache.add(judgement)
                missing = None if judgement.score is not None else Missing.NO_VALID_ANSWER
                self._count(question, missing, judgement.reason)

    def _judge(self, question: Question) -> Judgement:
        """Raises `NoReplyError` where the endpoint did not answer."""
        chat, tokens_in, tokens_out = chat_of(self.job, question.row), 0, 0
        more: list[dict[str, str]] = []
        for _ in range(self.job.judge.asks):
            reply = self._endpoint.ask([*chat, *more])
            tokens_in += reply.tokens_in or 0
            tokens_out += reply.tokens_out or 0
            answer = read_answer(reply.content, self.job.rubric)
            told = reply.content[-_SHOWN_CHARS:]
            if answer is not None:
                told = answer.reason
                break
            if told:
                more = [{"role": "assistant", "content": told}, _user(_REMINDER)]
        return Judgement(
            key=question.key,
            score=answer.score if answer else None,
            reason=told,
            tokens_in=tokens_in,
            tokens_out=tokens_out,
        )

    def _count(self, question: Question, missing: Missing | None, detail: str) -> None:
        with self._lock:
            self.done += 1
            self._in_a_row = self._in_a_row + 1 if missing else 0
            if missing is None:
                return
            self.why[question.key] = missing
            detail = one_line(detail)
            self.examples.setdefault(missing, detail)
            if self._in_a_row >= self.job.judge.failures_in_a_row:
                self.budget.stop(f"{self._in_a_row} pages in a row got no answer: {detail}")


def _user(content: str) -> dict[str, str]:
    return {"role": "user", "content": content}


def _run(asking: _Asking, left: Sequence[Question], note: Callable[[str], None]) -> None:
    """Until every thread is through; what is under way when it is stopped is waited for."""
    shared, workers = iter(left), min(len(left), asking.job.judge.concurrency)
    with ThreadPoolExecutor(workers, "judge") as pool:
        futures = [pool.submit(asking.work, shared) for _ in range(workers)]
        try:
            while wait(futures, _TOLD_EVERY_S, FIRST_EXCEPTION).not_done:
                note(_state(asking, len(left)))
                _raise_of(future for future in futures if future.done())
        except BaseException:
            asking.budget.stop("it was ended")
            raise
    _raise_of(futures)


def _raise_of(futures: Iterable[Future[None]]) -> None:
    for future in futures:
        future.result()


def _state(asking: _Asking, questions: int) -> str:
    missing = f", {len(asking.why):,} without an answer" if asking.why else ""
    cost = f", cost {asking.budget.spent.cost(asking.job.costs):,.2f}"
    return f"annotation: {asking.done:,} of {questions:,} questions{missing}{cost}"


def _row(
    job: Job, question: Question, found: Judgement | None, why: Mapping[str, Missing]
) -> dict[str, Any]:
    page = job.pages.slice(question.row, 1).to_pylist()[0]
    row = {name: page[name] for name in _OF_PAGES}
    row |= {"part": PARTS[page["part"]], "current_score": page["score"]}
    row |= {"rubric": job.rubric.says.name, "rubric_sha256": job.rubric.sha256}
    row |= {"judge": job.judge.model, "repeat": question.repeat, "tokens_in": 0, "tokens_out": 0}
    if found is None:
        return {**row, "missing": why.get(question.key, Missing.NOT_ASKED)}
    row |= {"tokens_in": found.tokens_in, "tokens_out": found.tokens_out}
    if found.score is None:
        return {**row, "missing": Missing.NO_VALID_ANSWER}
    return {**row, "score": found.score, "reason": found.reason}


def missing_counts(rows: pa.Table) -> dict[str, int]:
    """How many questions have no score, by reason."""
    counts = Counter(why for why in rows["missing"].to_pylist() if why is not None)
    return dict(sorted(counts.items()))
