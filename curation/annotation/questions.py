"""What is to be asked: pages in; questions, and what they will cost, out.

A question's key is a hash of all that its answer depends on, and of which time it is asked.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
import pyarrow as pa

from curation.annotation.budget import Usage
from curation.annotation.cache import Judgement
from curation.annotation.config import CostConfig, JudgeConfig
from curation.annotation.endpoint import estimated_tokens
from curation.annotation.prompt import Cut, Messages, messages
from curation.annotation.rubric import Rubric
from curation.errors import UserError
from curation.ingest.urls import hash64

_ANSWER_TOKENS = 80
"""Of a usual answer, to estimate by."""
_REPEAT_SEED = 1  # not that of ranks: pages of low rank are all here


@dataclass(frozen=True)
class Job:
    """Pages to be judged, by what, by whom, and for how much."""

    pages: pa.Table
    rubric: Rubric
    judge: JudgeConfig
    costs: CostConfig


@dataclass(frozen=True)
class Question:
    """The `repeat`-th judgement of the page in a row of the table of pages."""

    row: int
    repeat: int
    key: str
    tokens_in: int


def questions(job: Job) -> list[Question]:
    """All of them: pages in order of rank, so that the first ones are a fair sample of all."""
    pages, rubric, config = job.pages, job.rubric, job.judge
    order = np.argsort(pages["rank"].to_numpy(), kind="stable").tolist()
    found = []
    for row in order:
        chat = chat_of(job, row)
        said = json.dumps([chat, rubric.sha256, config.model, config.temperature], sort_keys=True)
        tokens = estimated_tokens(chat)
        place = hash64(pages["doc_id"][row].as_py(), seed=_REPEAT_SEED) / 2**64 + 0.5
        for repeat in range(config.repeats if place < config.repeat_share else 1):
            of = f"{config.max_answer_tokens} {repeat} {said}".encode()
            found.append(Question(row, repeat, hashlib.sha256(of).hexdigest(), tokens))
    return found


def chat_of(job: Job, row: int) -> Messages:
    """What is asked of the page in that row."""
    text, chars = (job.pages[name][row].as_py() for name in ("text", "chars"))
    return messages(job.rubric, Cut(text, chars))


def unanswered(
    asked: Iterable[Question], known: Mapping[str, Judgement], judge: JudgeConfig
) -> list[Question]:
    """Those that must be asked; one that got no valid answer only if the config says so."""
    return [question for question in asked if _is_open(known.get(question.key), judge)]


def _is_open(known: Judgement | None, judge: JudgeConfig) -> bool:
    return known is None or (known.score is None and judge.ask_invalid_again)


def estimate(asked: Iterable[Question]) -> Usage:
    """What asking will take if every first answer is valid."""
    tokens = [question.tokens_in for question in asked]
    return Usage(len(tokens), sum(tokens), _ANSWER_TOKENS * len(tokens))


def require_within(expected: Usage, costs: CostConfig) -> None:
    """Raises `UserError` where more than a cap is to be expected."""
    cost = expected.cost(costs)
    if costs.max_cost is not None and cost > costs.max_cost:
        raise UserError(
            f"it will cost about {cost:,.2f}, more than the cap: ask for fewer --pages, or raise"
            f" --max-cost {costs.max_cost:g}"
        )
    if costs.max_requests is not None and expected.requests > costs.max_requests:
        raise UserError(
            f"it takes {expected.requests:,} requests, more than the cap: ask for fewer --pages, or"
            f" raise --max-requests {costs.max_requests}"
        )
