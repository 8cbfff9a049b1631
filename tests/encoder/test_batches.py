import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from classifiers.encoder.batches import Shape, batches
from classifiers.encoder.tokens import Tokens


def _tokens(lengths: list[int]) -> Tokens:
    ids = np.arange(sum(lengths), dtype=np.int32)
    return Tokens(
        ids, np.array(lengths, np.int32), np.arange(len(lengths), dtype=np.int32), len(lengths)
    )


@given(st.lists(st.integers(1, 64), max_size=60))
def test_each_piece_is_in_one_batch_whole(lengths: list[int]) -> None:
    tokens = _tokens(lengths)
    seen = {}
    for batch in batches(tokens, Shape(128)):
        assert len(batch.ids) == len(batch.positions) == 128
        assert len(batch.ends) == 5
        for at, piece in enumerate(batch.pieces):
            rows = slice(batch.ends[at], batch.ends[at + 1])
            assert batch.positions[rows].tolist() == list(range(lengths[piece]))
            seen[int(piece)] = batch.ids[rows].tolist()
    starts = tokens.starts
    assert seen == {
        number: list(range(starts[number], starts[number] + length))
        for number, length in enumerate(lengths)
    }


def test_a_batch_takes_the_longest_that_fit() -> None:
    made = [batch.lengths.tolist() for batch in batches(_tokens([10, 60, 100, 28, 64]), Shape(128))]
    assert made == [[100, 28], [64, 60], [10]]
