"""The heuristics beside datatrove's filters: speed, and which pages each drops."""

from __future__ import annotations
