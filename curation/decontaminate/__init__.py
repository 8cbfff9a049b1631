"""Decontaminate: which documents hold items of benchmarks, and where; and what is done about it."""

from __future__ import annotations
