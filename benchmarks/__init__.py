"""Measurements; their results are in BENCHMARKS.md."""
