"""Deduplication: relational stages over `keys/`; verdicts out, no text moves."""

from __future__ import annotations
