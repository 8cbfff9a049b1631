"""What asking may cost, and what it has: requests are let through as long as the caps allow.

A request reserves what it could cost before it is made, so that many at a time do not pass a cap
together; it is billed what the server says that it took. Prices are per million tokens.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Condition

from curation.annotation.config import CostConfig

_MILLION = 1_000_000


class StoppedError(Exception):
    """No further request is made."""


@dataclass
class Usage:
    """Requests and tokens."""

    requests: int = 0
    tokens_in: int = 0
    tokens_out: int = 0

    def add(self, requests: int, tokens_in: int, tokens_out: int) -> None:
        """More of each."""
        self.requests += requests
        self.tokens_in += tokens_in
        self.tokens_out += tokens_out

    def cost(self, config: CostConfig) -> float:
        """At these prices."""
        cost = self.tokens_in * config.price_in + self.tokens_out * config.price_out
        return cost / _MILLION


class Bill:
    """What one request turned out to take: nothing until something is said."""

    def __init__(self, tokens_in: int, most_out: int) -> None:
        self._estimated = tokens_in, most_out
        self.tokens_in, self.tokens_out = 0, 0

    def as_estimated(self) -> None:
        """As was reserved."""
        self.tokens_in, self.tokens_out = self._estimated

    def as_told(self, tokens_in: int | None, tokens_out: int | None) -> None:
        """As the server counts; what it does not tell stays as it was."""
        self.tokens_in = self.tokens_in if tokens_in is None else tokens_in
        self.tokens_out = self.tokens_out if tokens_out is None else tokens_out


class Budget:
    """Safe to use from several threads. `stopped` is why no request is made any more."""

    def __init__(self, config: CostConfig, *, most_out: int) -> None:
        self._config, self._most_out = config, most_out
        self._changed = Condition()
        self._reserved = Usage()  # whole numbers, which come back to 0
        self.spent, self.stopped = Usage(), ""

    def stop(self, why: str) -> None:
        """From now on; the first reason stays."""
        with self._changed:
            self.stopped = self.stopped or why
            self._changed.notify_all()

    def wait(self, seconds: float) -> None:
        """Raises `StoppedError` as soon as all is stopped."""
        with self._changed:
            if self._changed.wait_for(lambda: self.stopped, seconds):
                raise StoppedError(self.stopped)

    @contextmanager
    def request(self, tokens_in: int) -> Iterator[Bill]:
        """One request of about so many tokens; raises `StoppedError` where it must not be made."""
        bill = Bill(tokens_in, self._most_out)
        with self._changed:
            self._changed.wait_for(
                lambda: self.stopped or not self._reserved.requests or self._fits(tokens_in)
            )
            if not self.stopped and not self._fits(tokens_in):
                self.stopped = f"the cap of {self._config.max_cost:g} is reached"
            if not self.stopped and self.spent.requests == self._config.max_requests:
                self.stopped = f"the cap of {self._config.max_requests:,} requests is reached"
            if self.stopped:
                self._changed.notify_all()
                raise StoppedError(self.stopped)
            self.spent.add(1, 0, 0)
            self._reserved.add(1, tokens_in, self._most_out)
        try:
            yield bill
        finally:
            with self._changed:
                self._reserved.add(-1, -tokens_in, -self._most_out)
                self.spent.add(0, bill.tokens_in, bill.tokens_out)
                self._changed.notify_all()

    def _fits(self, tokens_in: int) -> bool:
        cap, whole = self._config.max_cost, Usage(1, tokens_in, self._most_out)
        for used in (self.spent, self._reserved):
            whole.add(used.requests, used.tokens_in, used.tokens_out)
        return cap is None or whole.cost(self._config) <= cap
