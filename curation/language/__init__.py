"""Language: text in, label and confidence out."""

from __future__ import annotations
