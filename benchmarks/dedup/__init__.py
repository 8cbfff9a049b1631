"""Deduplication of documents beside datatrove, text-dedup and distributed-curator."""

from __future__ import annotations
