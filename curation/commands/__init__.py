"""The commands of `curate`: each adds its options to a parser, and does what they say."""

from __future__ import annotations
