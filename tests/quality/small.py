"""A small model: what is written in whole sentences is good."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import cache
from pathlib import Path

from classifiers.calibrate import Curve
from classifiers.card import Card, describe, write
from classifiers.train import train

_SMALL = {"bucket": 2000, "minCount": 1, "dim": 4, "epoch": 20}
GOOD = "The river rises in the hills north of town {}, and flows to the sea."
BAD = "menu {} | login | cart"
CARD = Card(title="small", tells="Sentences.", made_by="a test", licence="none", sections={})


@cache
def small_model() -> bytes:
    """Labels `good` and `bad`, of normalised texts."""
    good = (("good", f"the river rises in the hills north of town {n} ⏎b.") for n in range(60))
    bad = (("bad", f"menu {n} | login | cart ⏎a") for n in range(60))
    return train([*good, *bad], parameters=_SMALL)


def write_model(
    folder: Path,
    name: str = "small",
    *,
    labels: Sequence[str] = ("good",),
    languages: Sequence[str] | None = None,
    calibration: Mapping[str, Curve] | None = None,
) -> Path:
    """Its three files; returns the description."""
    content = small_model()
    described = describe(
        name, content, labels=labels, languages=languages, calibration=calibration or {}
    )
    write(folder, name, content, described, CARD)
    return folder / f"{name}.json"
