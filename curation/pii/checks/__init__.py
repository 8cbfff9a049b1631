"""What a candidate is: a function for each group, from a candidate to spans of its window."""

from __future__ import annotations
