"""Models: load one, score a batch of texts. No Spark and no Ray in here."""

from __future__ import annotations
