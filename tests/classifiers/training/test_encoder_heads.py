"""Which texts the bundled encoder's heads learn from, and that each is read once."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import numpy as np

from classifiers.encoder.train import Vectors
from classifiers.training.encoder_heads import capped
from classifiers.training.encoder_vectors import kept

TEXTS = [f"text {number} of source {number % 3}" for number in range(40)]


def _capped(texts: Sequence[str], most: int) -> list[str]:
    return capped(texts, text=lambda of: of, group=lambda of: of[-1], most=most)


def test_a_source_has_at_most_so_many_texts_in_any_order() -> None:
    found = _capped(TEXTS, 5)
    assert [sum(of.endswith(source) for of in found) for source in "012"] == [5, 5, 5]
    assert _capped(TEXTS[::-1], 5) == found


def test_more_texts_of_a_source_keep_the_fewer_ones() -> None:
    assert {*_capped(TEXTS, 5)} < {*_capped(TEXTS, 6)}


def test_a_text_is_read_by_the_encoder_once(tmp_path: Path) -> None:
    read: list[str] = []

    def embed(texts: Sequence[str]) -> Vectors:
        read.extend(texts)
        return np.array([[len(text), text.count("1")] for text in texts], np.float32)

    first = kept(embed, tmp_path, "lengths")(TEXTS[:10])
    both = kept(embed, tmp_path, "lengths")(TEXTS[::-1])
    assert sorted(read) == sorted(TEXTS)
    np.testing.assert_array_equal(both[::-1][:10], first)
    np.testing.assert_array_equal(both, embed(TEXTS[::-1]))


def test_another_encoder_reads_them_again(tmp_path: Path) -> None:
    ones = kept(lambda texts: np.ones((len(texts), 2), np.float32), tmp_path, "ones")(TEXTS)
    twos = kept(lambda texts: np.full((len(texts), 2), 2, np.float32), tmp_path, "twos")(TEXTS)
    assert (ones == 1).all()
    assert (twos == 2).all()
