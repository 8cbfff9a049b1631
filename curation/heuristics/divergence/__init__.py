"""Token outliers: how far the words of a page are from those of its language."""

from __future__ import annotations
