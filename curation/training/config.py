"""What training takes of the pages that it is given."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field

TRAIN, CALIBRATE, TEST = 0, 1, 2
"""The parts that hosts are divided into; all hosts of a site are in one."""
PARTS = ("training", "calibration", "test")


@dataclass(frozen=True, kw_only=True)
class TrainConfig:
    """`max_pages` are of each class; a host has `pages_per_host` of these at most.

    A page is read up to `max_chars`. A language has `language_pages` of each class for training at
    least, or is left out, and `curve_pages` for a curve of its own. `test_share` of the sites are
    for evaluation, and as many for calibration. `features` are those that the model keeps, and
    `parameters` fastText's in place of the usual.
    """

    text: str = "text"
    language: str = "language"
    max_pages: int = 25_000
    pages_per_host: int = 20
    min_chars: int = 200
    max_chars: int = 10_000
    min_sites: int = 30
    language_pages: int = 50
    curve_pages: int = 100
    test_share: float = 0.15
    seed: int = 0
    features: int | None = 50_000
    parameters: Mapping[str, object] = field(default_factory=dict)
