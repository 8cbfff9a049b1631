"""Models of quality and domains on pages that people judged."""

from __future__ import annotations
