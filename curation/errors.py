"""Errors that people who use Winnow can cause and mend."""

from __future__ import annotations

import re


class UserError(Exception):
    """One or two lines: what is wrong and what to do. Shown without a traceback."""


class ReportedError(Exception):
    """Another process of ours has failed and said why: only its exit status is left to pass on."""

    def __init__(self, status: int) -> None:
        super().__init__(f"exit status {status}")
        self.status = status


class UnreadableError(UserError):
    """A file that cannot be read now: gone, changed, denied, or its store does not answer.

    Other files may well be read: a run goes on without this one.
    """

    def __init__(self, uri: str, why: str) -> None:
        super().__init__(f"{uri}: {why}")
        self.uri, self.why = uri, why


def told_by(error: Exception) -> str | None:
    """What a `UserError` said that Spark brings back from a task as text; None for other errors."""
    found = re.search(r"curation\.[\w.]+Error: (.+)", str(error))
    return found[1] if found else None
