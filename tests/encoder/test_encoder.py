from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from classifiers.encoder.choices import Precision
from classifiers.encoder.encoder import Encoder
from classifiers.encoder.tokens import Tokens
from tests.encoder.models import OWN, write_checkpoint
from tests.encoder.test_forward import random_tokens


def _chosen(tokens: Tokens, order: np.ndarray) -> Tokens:
    parts = [tokens.ids[tokens.starts[n] : tokens.starts[n] + tokens.lengths[n]] for n in order]
    page = np.arange(len(order), dtype=np.int32)
    return Tokens(np.concatenate(parts), tokens.lengths[order], page, len(order))


@pytest.mark.parametrize("precision", ["fp32", "bf16"])
@pytest.mark.parametrize("family", OWN)
def test_a_piece_gets_the_same_bits_in_any_company(
    tmp_path: Path, family: str, precision: Precision
) -> None:
    checkpoint, _ = write_checkpoint(tmp_path, family, own=False)
    encoder = Encoder(
        checkpoint, pooling="mean", device="cpu", precision=precision, tokens_per_batch=256
    )
    tokens = random_tokens(pieces=40)
    made = encoder.outputs(tokens)
    order = np.random.default_rng(1).permutation(40)
    np.testing.assert_array_equal(encoder.outputs(_chosen(tokens, order)), made[order])
    for number in (0, 17, 39):
        alone = encoder.outputs(_chosen(tokens, np.array([number])))
        np.testing.assert_array_equal(alone[0], made[number])


def test_a_stream_gives_each_lot_in_its_order(tmp_path: Path) -> None:
    checkpoint, _ = write_checkpoint(tmp_path, "bert", own=True)
    encoder = Encoder(checkpoint, pooling="own", device="cpu")
    nothing = np.empty(0, np.int32)
    lots = [random_tokens(1), Tokens(nothing, nothing, nothing, 2), random_tokens(2, pieces=70)]
    made = list(encoder.stream(lots))
    assert [len(part) for part in made] == [9, 0, 70]
    for lot, part in zip(lots, made, strict=True):
        np.testing.assert_array_equal(part, encoder.outputs(lot))


def test_what_a_source_raises_arrives(tmp_path: Path) -> None:
    checkpoint, _ = write_checkpoint(tmp_path, "bert", own=True)
    encoder = Encoder(checkpoint, pooling="own", device="cpu")

    def source() -> Iterator[Tokens]:
        yield random_tokens()
        raise OSError("gone")

    stream = encoder.stream(source())
    assert len(next(stream)) == 9
    with pytest.raises(OSError, match="gone"):
        next(stream)


def test_bf16_scores_are_near_fp32(tmp_path: Path) -> None:
    checkpoint, _ = write_checkpoint(tmp_path, "roberta", own=True)
    tokens = random_tokens(pieces=30)
    exact, rough = (
        Encoder(checkpoint, pooling="own", device="cpu", precision=precision).outputs(tokens)
        for precision in ("fp32", "bf16")
    )
    assert 0 < np.abs(exact - rough).mean() < 0.05 * exact.std()


def test_a_piece_with_more_tokens_than_positions_is_refused(tmp_path: Path) -> None:
    checkpoint, _ = write_checkpoint(tmp_path, "bert", own=True)
    ids = np.full(65, 5, np.int32)
    tokens = Tokens(ids, np.array([65], np.int32), np.zeros(1, np.int32), 1)
    with pytest.raises(ValueError, match="the checkpoint has 64 positions"):
        Encoder(checkpoint, pooling="own", device="cpu").outputs(tokens)


def test_a_checkpoint_without_a_head_has_no_own_scores(tmp_path: Path) -> None:
    checkpoint, _ = write_checkpoint(tmp_path, "roberta", own=False)
    with pytest.raises(ValueError, match="no head of its own"):
        Encoder(checkpoint, pooling="own", device="cpu")


def test_a_gpu_that_is_missing_is_one_line(tmp_path: Path) -> None:
    checkpoint, _ = write_checkpoint(tmp_path, "bert", own=True)
    with pytest.raises(ValueError, match="no such GPU"):
        Encoder(checkpoint, pooling="own", device="cuda:63")
