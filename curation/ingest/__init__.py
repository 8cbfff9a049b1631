"""Ingest: a split in, batches of pages out, each with a body worth parsing or a drop reason."""

from __future__ import annotations
