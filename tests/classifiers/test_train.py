"""Training: the same bytes for the same examples, in whatever order."""

from __future__ import annotations

from pathlib import Path

import fasttext
import pytest

from classifiers.train import train

EXAMPLES = [
    *(("good", f"the river flows past town number {n} . ⏎b.") for n in range(40)),
    *(("bad", f"add to cart {n} | menu | login ⏎a") for n in range(40)),
]
_SMALL = {"bucket": 1000, "minCount": 1, "dim": 4}


def test_same_bytes_in_any_order_and_tells_labels_apart(tmp_path: Path) -> None:
    content = train(EXAMPLES, parameters=_SMALL, features=500)
    assert train(reversed(EXAMPLES), parameters=_SMALL, features=500) == content
    path = tmp_path / "model.ftz"
    path.write_bytes(content)
    model = fasttext.load_model(str(path))
    labels, _ = model.predict(["the river flows ⏎b.", "menu | add to cart"])
    assert [found[0] for found in labels] == ["__label__good", "__label__bad"]


def test_one_label_is_not_enough() -> None:
    with pytest.raises(ValueError, match="two labels"):
        train(EXAMPLES[:40], parameters=_SMALL)
