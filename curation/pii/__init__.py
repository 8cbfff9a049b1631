"""Personal data and secrets: found by a scan and checks, redacted, measured."""

from __future__ import annotations

from curation.pii.find import find, find_batch
from curation.pii.kinds import PiiType, Span

__all__ = ["PiiType", "Span", "find", "find_batch"]
