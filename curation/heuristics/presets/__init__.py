"""The presets: limits of rules as they were published."""

from __future__ import annotations
