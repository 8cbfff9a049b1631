"""Our encoder as the stage runs it: processes tokenise lots of pages ahead of the model."""

from __future__ import annotations

import os
import time
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import dataclass
from multiprocessing import get_context
from pathlib import Path

import numpy as np
import numpy.typing as npt

from classifiers.encoder.checkpoint import Checkpoint
from classifiers.encoder.encoder import Encoder
from classifiers.encoder.tokenise import Tokeniser
from classifiers.encoder.tokens import Tokens

_OPEN: dict[str, Tokeniser] = {}  # of a process: opened once


@dataclass(frozen=True)
class OurOutcome:
    """Of all pages: a row each, NaN where there is none; how many tokens; how long it took.

    `first_s` went by until the first batch came, `waited_s` while the model stood still for input.
    """

    outputs: npt.NDArray[np.float32]
    tokens: int
    token_pairs: int
    seconds: float
    cpu_s: float
    first_s: float
    waited_s: float


class Lots:
    """Workers that tokenise lots of pages, in order, some ahead."""

    def __init__(self, folder: Path, *, max_tokens: int, processes: int) -> None:
        self._ahead = 2 * max(1, processes) + 2
        self._pool: Executor
        if processes:
            self._pool = ProcessPoolExecutor(
                processes, get_context("spawn"), _open, (str(folder), max_tokens)
            )
            list(self._pool.map(_tokenise, [["warm"]] * processes * 4))  # all have started
        else:
            self._pool = ThreadPoolExecutor(
                1, initializer=_open, initargs=(str(folder), max_tokens)
            )

    def tokens(self, texts: list[str], pages_per_lot: int) -> Iterator[Tokens]:
        """Of each lot."""
        waiting: deque[Future[Tokens]] = deque()
        for first in range(0, len(texts), pages_per_lot):
            waiting.append(self._pool.submit(_tokenise, texts[first : first + pages_per_lot]))
            if len(waiting) >= self._ahead:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()

    def close(self) -> None:
        """Ends the workers."""
        self._pool.shutdown()


def run(encoder: Encoder, lots: Lots, texts: list[str], pages_per_lot: int) -> OurOutcome:
    """Every page once."""
    made = np.full((len(texts), encoder.width), np.nan, np.float32)
    seen: deque[Tokens] = deque()
    tokens = pairs = page = 0

    def noted() -> Iterator[Tokens]:
        for lot in lots.tokens(texts, pages_per_lot):
            seen.append(lot)
            yield lot

    start, cpu = time.perf_counter(), time.process_time()
    for outputs in encoder.stream(noted()):
        lot = seen.popleft()
        made[page + lot.page] = outputs
        page += lot.pages
        tokens += int(lot.lengths.sum())
        pairs += int((lot.lengths.astype(np.int64) ** 2).sum())
    seconds, cpu_s = time.perf_counter() - start, time.process_time() - cpu
    times = encoder.times
    return OurOutcome(made, tokens, pairs, seconds, cpu_s, times.first_s, times.waited_s)


def alone(encoder: Encoder, lots: list[Tokens]) -> float:
    """Seconds of the model where all tokens are there already."""
    start = time.perf_counter()
    for _ in encoder.stream(lots):
        pass
    return time.perf_counter() - start


def _open(folder: str, max_tokens: int) -> None:
    os.environ["TOKENIZERS_PARALLELISM"] = "false"  # a process is a thread
    _OPEN["tokeniser"] = Tokeniser(Checkpoint(Path(folder)), max_tokens=max_tokens)


def _tokenise(texts: list[str]) -> Tokens:
    return _OPEN["tokeniser"].tokens(texts)
