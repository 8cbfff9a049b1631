"""How many tokens a text has: by a tokenizer, or as its language and length tell."""

from __future__ import annotations
