from pathlib import Path

import numpy as np
import pytest
import torch

from classifiers.encoder.checkpoint import MINILM, open_checkpoint
from classifiers.encoder.choices import Pooling
from classifiers.encoder.encoder import Encoder
from classifiers.encoder.forward import mean, mean_piecewise
from classifiers.encoder.tokenise import Tokeniser
from classifiers.encoder.tokens import Tokens
from tests.encoder.models import CONFIGS, write_checkpoint


def random_tokens(seed: int = 0, pieces: int = 9) -> Tokens:
    draw = np.random.default_rng(seed)
    lengths = draw.integers(1, 65, pieces).astype(np.int32)
    ids = draw.integers(4, 300, lengths.sum()).astype(np.int32)
    return Tokens(ids, lengths, np.arange(pieces, dtype=np.int32), pieces)


@torch.inference_mode()
def hugging_face(model: torch.nn.Module, tokens: Tokens, pooling: Pooling) -> np.ndarray:
    rows = []
    for start, length in zip(tokens.starts, tokens.lengths, strict=True):
        ids = torch.from_numpy(tokens.ids[start : start + length]).long()[None]
        made = model(input_ids=ids, attention_mask=torch.ones_like(ids))
        if pooling == "own":
            rows.append(made.logits[0])
        elif pooling == "first":
            rows.append(made.last_hidden_state[0, 0])
        else:
            rows.append(torch.nn.functional.normalize(made.last_hidden_state[0].sum(0), dim=0))
    return torch.stack(rows).numpy()


@pytest.mark.parametrize("pooling", ["own", "mean", "first"])
@pytest.mark.parametrize("family", CONFIGS)
def test_as_hugging_faces_forward(tmp_path: Path, family: str, pooling: Pooling) -> None:
    checkpoint, model = write_checkpoint(tmp_path, family, own=pooling == "own")
    tokens = random_tokens()
    made = Encoder(checkpoint, pooling=pooling, device="cpu", precision="fp32").outputs(tokens)
    expected = hugging_face(model, tokens, pooling)
    assert np.abs(made - expected).max() <= 1e-4 * np.abs(expected).max()


def test_minilm_as_hugging_faces_forward() -> None:
    from transformers import AutoModel

    checkpoint = open_checkpoint(MINILM)
    tokens = Tokeniser(checkpoint, max_tokens=64).tokens(["Ships go up the river.", "Water! " * 50])
    made = Encoder(checkpoint, pooling="mean", device="cpu", precision="fp32").outputs(tokens)
    expected = hugging_face(AutoModel.from_pretrained(checkpoint.folder), tokens, "mean")
    np.testing.assert_allclose(made, expected, atol=1e-5)


def test_means_of_pieces_agree() -> None:
    hidden = torch.randn(20, 8)
    ends = torch.tensor([0, 3, 10, 18, 18, 18], dtype=torch.int32)
    hidden[18:] = torch.nan  # rows behind the last piece may hold anything
    np.testing.assert_allclose(mean(hidden, ends)[:3], mean_piecewise(hidden, [3, 7, 8]), atol=1e-6)
    assert not mean(hidden, ends)[3:].any()
