"""Tokens: text in, its lines and words out, once for every rule that reads them."""

from __future__ import annotations
