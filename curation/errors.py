"""Errors that a user can cause and mend: shown as one line, without a traceback."""

from __future__ import annotations


class UserError(Exception):
    """What is wrong and what to do about it, in one or two lines."""
