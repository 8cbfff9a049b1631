"""PII: found by a scan and checks, redacted, measured."""

from __future__ import annotations
