"""An iterator that a thread runs ahead of who reads it, so that reading seldom waits."""

from __future__ import annotations

import threading
from collections.abc import Iterable, Iterator
from queue import Full, Queue
from typing import TypeVar

T = TypeVar("T")
_LOOK_S = 0.1  # how soon the thread notices that nobody reads any more
_END = object()


class _Failed:
    def __init__(self, error: BaseException) -> None:
        self.error = error


def ahead(source: Iterable[T], depth: int) -> Iterator[T]:
    """The same elements in the same order; `depth` at most are made before they are asked for.

    What the source raises is raised here, in its place.
    """
    queue: Queue[object] = Queue(depth)
    stop = threading.Event()
    thread = threading.Thread(target=_fill, args=(source, queue, stop), daemon=True)
    thread.start()
    try:
        while (found := queue.get()) is not _END:
            if isinstance(found, _Failed):
                raise found.error
            yield found  # type: ignore[misc]
    finally:
        stop.set()
        thread.join()


def _fill(source: Iterable[object], queue: Queue[object], stop: threading.Event) -> None:
    try:
        for made in source:
            if not _put(queue, made, stop):
                return
        _put(queue, _END, stop)
    except BaseException as error:  # noqa: BLE001 - raised again by the reader
        _put(queue, _Failed(error), stop)


def _put(queue: Queue[object], made: object, stop: threading.Event) -> bool:
    while not stop.is_set():
        try:
            queue.put(made, timeout=_LOOK_S)
        except Full:
            continue
        return True
    return False
