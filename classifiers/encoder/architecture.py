"""What the families of encoders that have our own forward pass look like: BERT and its kin.

All are post-norm transformers with learnt absolute positions; they differ in the names of their
weights, in where positions begin and in their heads. Others are read by Hugging Face's code.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

_BERT = {
    "qkv": ("attention.self.query", "attention.self.key", "attention.self.value"),
    "joined": "attention.output.dense",
    "norm": "attention.output.LayerNorm",
    "wide": "intermediate.dense",
    "narrow": "output.dense",
    "last_norm": "output.LayerNorm",
}
_DISTILBERT = {
    "qkv": ("attention.q_lin", "attention.k_lin", "attention.v_lin"),
    "joined": "attention.out_lin",
    "norm": "sa_layer_norm",
    "wide": "ffn.lin1",
    "narrow": "ffn.lin2",
    "last_norm": "output_layer_norm",
}
ROBERTA_KIN = ("roberta", "xlm-roberta", "camembert")
"""Whose positions begin behind that of padding."""
_ACTIVATIONS = ("gelu", "gelu_new", "gelu_pytorch_tanh", "relu")


@dataclass(frozen=True, kw_only=True)
class Architecture:
    """Sizes, and names of weights below a layer's; `prefix` may be missing in a checkpoint."""

    prefix: str
    layer_prefix: str
    names: Mapping[str, Any]
    layers: int
    width: int
    heads: int
    inner: int
    vocabulary: int
    positions: int
    first_position: int
    epsilon: float
    activation: str
    token_types: bool
    head: tuple[str, str, str]
    """Names of its two layers, where it has its own, and what is between them."""

    @property
    def max_tokens(self) -> int:
        """How many tokens a piece can have."""
        return self.positions - self.first_position


def own_architecture(config: Mapping[str, Any]) -> Architecture | None:
    """That of a configuration; None where it is not of these families.

    Raises `ValueError` for sizes that are none.
    """
    kind = config.get("model_type")
    if kind == "distilbert":
        found = _distilbert(config)
    elif kind == "bert" or kind in ROBERTA_KIN:
        found = _bert(config, roberta=kind != "bert")
    else:
        return None
    plain = (
        found.activation in _ACTIVATIONS
        and config.get("position_embedding_type", "absolute") == "absolute"
        and not config.get("is_decoder", False)
        and not config.get("sinusoidal_pos_embds", False)
    )
    return found if plain and found.width % found.heads == 0 else None


def whole(config: Mapping[str, Any], name: str, default: int, *, least: int = 1) -> int:
    """A number of a configuration; `ValueError` where it is no whole one of at least `least`."""
    found = config.get(name, default)
    if type(found) is not int or found < least:
        raise ValueError(f"{name} is {found!r}, not a whole number of at least {least}")
    return found


def _bert(config: Mapping[str, Any], *, roberta: bool) -> Architecture:
    return Architecture(
        prefix="roberta." if roberta else "bert.",
        layer_prefix="encoder.layer.",
        names=_BERT,
        layers=whole(config, "num_hidden_layers", 12),
        width=whole(config, "hidden_size", 768),
        heads=whole(config, "num_attention_heads", 12),
        inner=whole(config, "intermediate_size", 3072),
        vocabulary=whole(config, "vocab_size", 50265 if roberta else 30522),
        positions=whole(config, "max_position_embeddings", 512),
        first_position=whole(config, "pad_token_id", 1, least=0) + 1 if roberta else 0,
        epsilon=config.get("layer_norm_eps", 1e-12),
        activation=config.get("hidden_act", "gelu"),
        token_types=True,
        head=(
            ("classifier.dense", "classifier.out_proj", "tanh")
            if roberta
            else ("bert.pooler.dense", "classifier", "tanh")
        ),
    )


def _distilbert(config: Mapping[str, Any]) -> Architecture:
    return Architecture(
        prefix="distilbert.",
        layer_prefix="transformer.layer.",
        names=_DISTILBERT,
        layers=whole(config, "n_layers", 6),
        width=whole(config, "dim", 768),
        heads=whole(config, "n_heads", 12),
        inner=whole(config, "hidden_dim", 3072),
        vocabulary=whole(config, "vocab_size", 30522),
        positions=whole(config, "max_position_embeddings", 512),
        first_position=0,
        epsilon=1e-12,
        activation=config.get("activation", "gelu"),
        token_types=False,
        head=("pre_classifier", "classifier", "relu"),
    )
