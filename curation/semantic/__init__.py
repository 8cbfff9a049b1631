"""Semantic deduplication: pages of like meaning, by the vectors of an encoder."""
