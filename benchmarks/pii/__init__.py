"""The PII finder beside plain Presidio and datatrove: found, missed, wrongly found, speed."""

from __future__ import annotations
