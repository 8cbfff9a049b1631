"""How many requests to stores this process has made again: what a run tells of its network."""

from __future__ import annotations

from threading import Lock

_lock = Lock()
_count = 0


def count_retry() -> None:
    """One request is made again."""
    global _count  # noqa: PLW0603 - a fact about the process, like its CPU time
    with _lock:
        _count += 1


def take_retries() -> int:
    """How many were made again since this was last asked: each is told once."""
    global _count
    with _lock:
        taken, _count = _count, 0
    return taken
