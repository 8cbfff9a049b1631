"""Heuristics: measures of the text, and the rules that turn them into drop reasons."""

from __future__ import annotations

from curation.heuristics.batch import measure

__all__ = ["measure"]
