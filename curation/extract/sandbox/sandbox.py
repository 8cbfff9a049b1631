"""A function called in a child process, which hostile pages may break without breaking ours.

In: a page, as bytes, and the function's other arguments. Out: what the function returns or, where
it may, raises; or a `SandboxError` for a page on which it took too much CPU time or memory, or
broke the process. Invariant: each page has exactly one outcome; one page is in the child at a time,
so the page that broke it is known, and no other is lost or computed again. An error that the
function may not raise is a fault of ours and comes out as `RuntimeError`, with its traceback.

Limits are of CPU time, not of time: load, a stopped child and a suspended machine reject no page.
Even so CPU time and memory differ between runs and machines, by some per cent on one machine and
by factors between two: a page near a limit may be rejected in one run and not in the next. What
must not differ is bounded by counts (bytes, tags) before it comes here; these limits are for what
no count foresees. Memory counts what earlier pages left in the child, up to half of the limit.

The child is started afresh, not forked: a worker has threads, sockets and compiled kernels. It ends
with its parent, on Linux in whatever it is doing, elsewhere when it next answers or has used some
times the CPU time of its page. It is no jail: it has our rights, and its answers are believed.
"""

from __future__ import annotations

import pickle
import threading
from collections.abc import Callable
from dataclasses import dataclass
from typing import Annotated, Concatenate, Generic, ParamSpec, TypeVar, cast

from pydantic import Field

from curation.extract.sandbox.child import Outcome
from curation.extract.sandbox.process import (
    Child,
    Failure,
    KilledError,
    Limits,
    SandboxError,
    take_cpu_s,
)

__all__ = ["Failure", "Sandbox", "SandboxConfig", "SandboxError", "take_cpu_s"]

_Arguments = ParamSpec("_Arguments")
_Result = TypeVar("_Result")

_FULL_BUDGET_BYTES = 1 << 20
# For a child whose parent is stopped or gone; far from the limit, for its clock is a coarse one.
_TIMER_S, _TIMER_FACTOR = 10.0, 4.0
# Beyond resident memory, for what is reserved and not touched. It holds while nobody looks.
_ADDRESS_SPACE_BYTES = 4 << 30


@dataclass(frozen=True, kw_only=True)
class SandboxConfig:
    """What a page may cost. `cpu_s` is for a page of up to 1 MiB; larger ones have more, in step.

    A child has `pages_per_child` pages: engines in C leak.
    """

    cpu_s: Annotated[float, Field(gt=0, le=86_400)] = 5.0
    rss_bytes: Annotated[int, Field(ge=200_000_000, le=1 << 40)] = 1_000_000_000
    pages_per_child: Annotated[int, Field(ge=1)] = 5_000


class Sandbox(threading.local, Generic[_Arguments, _Result]):
    """Calls `function(page, ...)` in a child, which is started when first needed and then kept.

    `function` and `raises`, the error that it may raise, are imported in the child by their names.
    Each thread that uses a sandbox has a child of its own, and so has each process after a fork.
    """

    def __init__(
        self,
        function: Callable[Concatenate[bytes, _Arguments], _Result],
        *,
        raises: type[Exception],
        config: SandboxConfig,
    ) -> None:
        self._config = config
        self._start = pickle.dumps((function, raises, config.rss_bytes + _ADDRESS_SPACE_BYTES))
        self._child: Child | None = None

    def run(self, page: bytes, *args: _Arguments.args, **kwargs: _Arguments.kwargs) -> _Result:
        """What the function makes of `page`, which may be any object that gives bytes.

        Raises `SandboxError`, or what the function may raise; `RuntimeError` for any other error.
        """
        cpu_s = self._config.cpu_s * max(1.0, len(page) / _FULL_BUDGET_BYTES)
        request = [pickle.dumps((args, kwargs, _TIMER_S + _TIMER_FACTOR * cpu_s)), page]
        limits = Limits(cpu_s, self._config.rss_bytes)
        try:
            outcome, value = self._fit_child().ask(request, limits)
        except KilledError:  # the page may be good, and gets a second child, but no third
            outcome, value = self._fit_child().ask(request, limits)
        if outcome == Outcome.RETURNED:
            return cast(_Result, value)
        if outcome == Outcome.RAISED:
            raise value
        if outcome == Outcome.OVERFLOWED:
            raise SandboxError(Failure.CRASHED, value)
        raise RuntimeError(f"in the sandbox:\n{value}")

    def close(self) -> None:
        """Ends the child of this thread; a page after this gets another one."""
        if self._child:
            self._child.end()
            self._child = None

    def _fit_child(self) -> Child:
        config = self._config
        if self._child and self._child.is_fit(config.pages_per_child, config.rss_bytes // 2):
            return self._child
        self.close()
        self._child = Child(self._start)
        return self._child
