"""Code on a page: where it is, and its text as it is displayed."""

from __future__ import annotations

from curation.extract.code.find import find_code

__all__ = ["find_code"]
