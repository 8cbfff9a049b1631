"""Progress: receipts in, a line that lives on a terminal, or plain lines elsewhere.

What is shown is what is committed: splits with a receipt and the pages they counted, so a run
that goes on starts where it was.
"""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager

import pyarrow as pa
from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
from rich.progress import Progress as Bar

from curation import receipts
from curation.errors import UserError
from curation.receipts import IN, READ_PAGES

_TERMINAL_INTERVAL_S = 0.5
_PLAIN_INTERVAL_S = 10.0
_READ_AT_ONCE = 200


class Progress:
    """Shows the stages of a run on `console` (standard error)."""

    def __init__(self, console: Console | None = None) -> None:
        self._console = console or Console(stderr=True)

    @contextmanager
    def step(self, stage: str) -> Iterator[None]:
        """A stage without countable parts: says when it starts and how long it took."""
        started = time.monotonic()
        self._console.print(f"{stage} ...", highlight=False)
        yield
        self._console.print(f"{stage}: {time.monotonic() - started:.0f} s", highlight=False)

    def note(self, text: str) -> None:
        """A line about what is done, as it is: a name in it may have brackets."""
        self._console.print(text, markup=False, emoji=False, highlight=False, soft_wrap=True)

    @contextmanager
    def watch(self, stage: str, folder: str, work: Sequence[str], done: set[str]) -> Iterator[None]:
        """Shows how much of `work` has a receipt, until the context ends."""
        watcher = _Watcher(folder, set(work), done & set(work))
        stop = threading.Event()
        show = self._show_bar if self._console.is_terminal else self._show_lines
        thread = threading.Thread(target=show, args=(stage, watcher, stop), daemon=True)
        thread.start()
        try:
            yield
        finally:
            stop.set()
            thread.join()

    def _show_bar(self, stage: str, watcher: _Watcher, stop: threading.Event) -> None:
        columns = (
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("splits, {task.fields[pages_per_s]:.0f} pages/s,"),
            TimeRemainingColumn(),
            TextColumn("left"),
        )
        with Bar(*columns, console=self._console) as bar:
            task = bar.add_task(stage, total=len(watcher.work), pages_per_s=0.0)
            while True:
                stopped = stop.wait(max(_TERMINAL_INTERVAL_S, watcher.pause_s))
                watcher.look()
                bar.update(task, completed=len(watcher.done), pages_per_s=watcher.pages_per_s)
                if stopped:
                    return

    def _show_lines(self, stage: str, watcher: _Watcher, stop: threading.Event) -> None:
        stopped = False
        while not stopped:
            stopped = stop.wait(max(_PLAIN_INTERVAL_S, watcher.pause_s))
            watcher.look()
            self._console.print(f"{stage}: {watcher.line()}", highlight=False, soft_wrap=True)


class _Watcher:
    """Counts receipts as they appear."""

    def __init__(self, folder: str, work: set[str], done: set[str]) -> None:
        self._folder, self.work, self.done = folder, work, done
        self._started, self._at_start, self._pages = time.monotonic(), len(done), 0
        self.pause_s = 0.0

    def look(self) -> None:
        """Reads some of the receipts that are new; takes no more than a twentieth of the time."""
        started = time.monotonic()
        try:
            new = (receipts.done(self._folder) & self.work) - self.done
            seen = list(new)[:_READ_AT_ONCE]
            batch = receipts.read_many(self._folder, seen)
        except UserError:
            return  # a display must not end a run: the next look may do better
        finally:
            self.pause_s = 20 * (time.monotonic() - started)
        self.done |= new
        counts = receipts.counts(pa.Table.from_batches([batch]))
        pages = sum(n for (stage, _, outcome), n in counts.items() if (stage, outcome) in _PAGES)
        self._pages += pages * len(new) // max(1, len(seen))

    @property
    def pages_per_s(self) -> float:
        """Pages per second of wall time since this process started to watch."""
        return self._pages / max(1e-9, time.monotonic() - self._started)

    def line(self) -> str:
        """The state as one plain line."""
        elapsed = time.monotonic() - self._started
        finished = len(self.done) - self._at_start
        left = (len(self.work) - len(self.done)) * elapsed / finished if finished else None
        time_left = "" if left is None else f", {left:.0f} s left"
        splits = f"{len(self.done)} of {len(self.work)} splits"
        return f"{splits}, {self._pages} pages, {self.pages_per_s:.0f} pages/s{time_left}"


_PAGES = {("ingest", IN), ("encoder", READ_PAGES)}
