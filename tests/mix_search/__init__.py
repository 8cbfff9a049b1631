"""Tests of mix search, on planted worlds and tiny models."""
