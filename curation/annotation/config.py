"""What annotation is told: of pages, of the judge, of what it may cost, and of a student."""

from __future__ import annotations

from dataclasses import dataclass

from curation.annotation.quotas import Quotas

LEAST_PAGES = 10
"""Positive ones, and others, that a student takes in each part; of a language, for training."""


@dataclass(frozen=True, kw_only=True)
class SampleConfig:
    """Which pages are judged.

    `pages` are drawn by strata: language, domain, class of length, and class of current score, of
    which there are `score_classes` per language. A site has `site_pages` of them at most.
    `languages` empty: all that are known. `test_share` of the sites are for evaluation, and as many
    for calibration. `candidates` is how many pages of the run are looked at; of more, a sample is.
    """

    pages: int = 2000
    quotas: Quotas = "equal"
    site_pages: int = 5
    min_bytes: int = 200
    languages: tuple[str, ...] = ()
    score_classes: int = 4
    test_share: float = 0.15
    candidates: int = 1_000_000
    seed: int = 0


@dataclass(frozen=True, kw_only=True)
class JudgeConfig:
    """Who judges, and how it is asked.

    `repeat_share` of the pages are judged `repeats` times, to know the judge's own noise. An answer
    that does not fit is asked for `asks` times in all, and a request that fails is made `attempts`
    times, with waits of up to `max_wait_s`; after `failures_in_a_row` of pages annotation stops.
    """

    endpoint: str
    model: str
    api_key_env: str | None = None
    temperature: float = 0.5
    max_answer_tokens: int = 300
    max_chars: int = 10_000
    repeat_share: float = 0.1
    repeats: int = 3
    concurrency: int = 16
    timeout_s: float = 120.0
    attempts: int = 6
    max_wait_s: float = 60.0
    asks: int = 3
    failures_in_a_row: int = 20
    ask_invalid_again: bool = False


@dataclass(frozen=True, kw_only=True)
class CostConfig:
    """Prices per million tokens, and caps (None: no cap); cost has the unit of the prices."""

    price_in: float = 0.0
    price_out: float = 0.0
    max_cost: float | None = None
    max_requests: int | None = None


@dataclass(frozen=True, kw_only=True)
class StudentConfig:
    """`student` is `minilm`, or a checkpoint's folder or id.

    With `fine_tune` all its weights are trained, in so many `epochs` at this `learning_rate`;
    without it only a head over its vectors is, the means over a page's tokens. Pages are read up to
    `max_tokens`.
    """

    student: str = "minilm"
    fine_tune: bool = False
    max_tokens: int = 512
    epochs: int = 3
    learning_rate: float = 5e-5
    device: str = "auto"
