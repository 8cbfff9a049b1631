"""An encoder: tokens in; a vector, or the logits of its own head, for each piece out.

BERT and its kin run by our own forward pass, without padding, in batches of one shape: what a piece
gets depends on nothing else, to the last bit, on one device with one build and as many threads.
Other families run by Hugging Face's code. No code that comes with a checkpoint runs.
"""

from __future__ import annotations

import time
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
import numpy.typing as npt
import torch

from classifiers.encoder.ahead import ahead
from classifiers.encoder.architecture import own_architecture
from classifiers.encoder.checkpoint import Checkpoint
from classifiers.encoder.choices import Pooling, Precision
from classifiers.encoder.device import place
from classifiers.encoder.packed import Packed
from classifiers.encoder.padded import Padded
from classifiers.encoder.tokens import Tokens

Vectors = npt.NDArray[np.float32]
_BATCHES_AHEAD = 4
_IN_FLIGHT = 2  # batches that a GPU has before it: it finds the next when it is done with one


class _Batch(Protocol):
    @property
    def pieces(self) -> npt.NDArray[np.int64]: ...


class _Model(Protocol):
    width: int
    longest: int

    def plan(self, tokens: Tokens) -> Iterator[Any]: ...

    def launch(self, batch: Any) -> torch.Tensor: ...


@dataclass
class Times:
    """Seconds of a stream: until the first batch came; then the model stood still for input."""

    first_s: float = 0.0
    waited_s: float = 0.0


@dataclass(frozen=True)
class _Step:
    """A batch of a lot, none where it has no pieces; `made` has the rows of the whole lot."""

    batch: _Batch | None
    made: Vectors
    last: bool


@dataclass(frozen=True)
class _Flight:
    """A step whose output is on its way; a GPU's marks say when it began and ended."""

    step: _Step
    output: torch.Tensor | None
    marks: tuple[torch.cuda.Event, torch.cuda.Event] | None


class Encoder:
    """A checkpoint on a device. `width` is that of what it gives: of vectors, or labels.

    `tokens_per_batch` is taken as the longest piece where it is less. `times` are those of the
    last stream.
    """

    def __init__(
        self,
        checkpoint: Checkpoint,
        *,
        pooling: Pooling,
        device: str = "auto",
        precision: Precision = "auto",
        tokens_per_batch: int | None = None,
    ) -> None:
        placement = place(device, precision, tokens_per_batch)
        self.device, self.dtype = placement.device, placement.dtype
        own = own_architecture(checkpoint.config)
        self._model: _Model = (
            Padded(checkpoint, pooling=pooling, placement=placement)
            if own is None
            else Packed(checkpoint, own, pooling=pooling, placement=placement)
        )
        self.width: int = self._model.width
        self.times = Times()

    def outputs(self, tokens: Tokens) -> Vectors:
        """A row per piece: its vector (of length 1 if it is a mean), or its logits; float32."""
        return next(self.stream([tokens]))

    def stream(self, source: Iterable[Tokens]) -> Iterator[Vectors]:
        """The outputs of each lot of tokens, in order; a thread takes lots ahead of the model."""
        self.times = Times()
        flying: deque[_Flight] = deque()
        most = _IN_FLIGHT if self.device.type == "cuda" else 0
        previous: _Flight | None = None
        for step in self._timed(ahead(self._steps(source), _BATCHES_AHEAD)):
            flying.append(self._launch(step))
            while len(flying) > most:
                previous = self._land(flying.popleft(), previous)
                if previous.step.last:
                    yield previous.step.made
        while flying:
            previous = self._land(flying.popleft(), previous)
            if previous.step.last:
                yield previous.step.made

    def _steps(self, source: Iterable[Tokens]) -> Iterator[_Step]:
        for tokens in source:
            longest = int(tokens.lengths.max(initial=0))
            if longest > self._model.longest:
                most = self._model.longest
                raise ValueError(
                    f"a piece of {longest} tokens: the checkpoint has {most} positions"
                )
            made = np.empty((len(tokens.lengths), self.width), np.float32)
            before: _Batch | None = None
            for batch in self._model.plan(tokens):
                if before is not None:
                    yield _Step(before, made, last=False)
                before = batch
            yield _Step(before, made, last=True)

    def _timed(self, steps: Iterator[_Step]) -> Iterator[_Step]:
        """Notes how long each is waited for; of a GPU, which works meanwhile, the first alone."""
        start = time.perf_counter()
        first = True
        for step in steps:
            waited = time.perf_counter() - start
            if first:
                self.times.first_s = waited
            elif self.device.type != "cuda":
                self.times.waited_s += waited
            first = False
            yield step
            start = time.perf_counter()

    def _launch(self, step: _Step) -> _Flight:
        if step.batch is None:
            return _Flight(step, None, None)
        if self.device.type != "cuda":
            return _Flight(step, self._model.launch(step.batch), None)
        marks = (torch.cuda.Event(enable_timing=True), torch.cuda.Event(enable_timing=True))
        marks[0].record()
        made = self._model.launch(step.batch)
        output = torch.empty(made.shape, dtype=torch.float32, pin_memory=True)
        output.copy_(made, non_blocking=True)
        marks[1].record()
        return _Flight(step, output, marks)

    def _land(self, flight: _Flight, before: _Flight | None) -> _Flight:
        """Puts the output in its rows, once it is there."""
        if flight.marks is not None:
            flight.marks[1].synchronize()
            if before is not None and before.marks is not None:
                self.times.waited_s += before.marks[1].elapsed_time(flight.marks[0]) / 1000
        if flight.output is not None and flight.step.batch is not None:
            pieces = flight.step.batch.pieces
            flight.step.made[pieces] = flight.output[: len(pieces)].numpy()
        return flight
