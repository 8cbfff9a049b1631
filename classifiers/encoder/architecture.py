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
_ROBERTA_KIN = ("roberta", "xlm-roberta", "camembert")
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
    """That of a configuration; None where it is not of these families."""
    kind = config.get("model_type")
    if kind == "distilbert":
        found = _distilbert(config)
    elif kind == "bert" or kind in _ROBERTA_KIN:
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


def _bert(config: Mapping[str, Any], *, roberta: bool) -> Architecture:
    return Architecture(
        prefix="roberta." if roberta else "bert.",
        layer_prefix="encoder.layer.",
        names=_BERT,
        layers=config.get("num_hidden_layers", 12),
        width=config.get("hidden_size", 768),
        heads=config.get("num_attention_heads", 12),
        inner=config.get("intermediate_size", 3072),
        vocabulary=config.get("vocab_size", 50265 if roberta else 30522),
        positions=config.get("max_position_embeddings", 512),
        first_position=config.get("pad_token_id", 1) + 1 if roberta else 0,
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
        layers=config.get("n_layers", 6),
        width=config.get("dim", 768),
        heads=config.get("n_heads", 12),
        inner=config.get("hidden_dim", 3072),
        vocabulary=config.get("vocab_size", 30522),
        positions=config.get("max_position_embeddings", 512),
        first_position=0,
        epsilon=1e-12,
        activation=config.get("activation", "gelu"),
        token_types=False,
        head=("pre_classifier", "classifier", "relu"),
    )
