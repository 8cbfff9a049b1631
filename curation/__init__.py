"""Winnow: raw web crawl in, text that language models are trained on out."""

from __future__ import annotations

__version__ = "0.1.0"
