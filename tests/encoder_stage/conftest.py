"""Shared fixtures: one Ray of this machine."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from curation.encoder.cluster import connected


@pytest.fixture(scope="package")
def ray_here() -> Iterator[None]:
    """A Ray that ends with these tests."""
    with connected(None):
        yield
