"""Texts of shards as packed sequences of tokens: cutting, files, and reading them back."""
