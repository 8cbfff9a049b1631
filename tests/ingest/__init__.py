"""Tests of ingest: hostile input, literal output."""
