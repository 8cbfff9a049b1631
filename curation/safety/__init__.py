"""Safety: what says that a page is not fit for a model to read."""

from __future__ import annotations
