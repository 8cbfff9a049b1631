"""A plain checkpoint with a head of its own in; the description of a model out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from classifiers.encoder.checkpoint import Checkpoint
from classifiers.encoder.model import EncoderDescription, HeadDescription

_MOST_TOKENS = 512


def described_checkpoint(
    checkpoint: Checkpoint,
    *,
    label: str | None = None,
    bounds: tuple[float, float] | None = None,
    languages: Sequence[str] | None = None,
    head: str = "quality",
) -> EncoderDescription:
    """The description of a checkpoint with a head of its own.

    Of several labels `label` is the one whose probability is the score; with one label it is a
    regression, 0 and 1 at `bounds`. Raises `ValueError`, in one line, where they are not given.
    """
    name, labels = str(checkpoint.folder), _labels(checkpoint.config)
    names = ", ".join(labels)
    if len(labels) == 1 and bounds is None:
        raise ValueError(f"{name}: a regression: say where it is 0 and 1 (bounds)")
    if len(labels) > 1 and (label not in labels or bounds is not None):
        raise ValueError(f"{name}: say which label is the score, and no bounds: {names}")
    if len(labels) == 1 and label not in (None, *labels):
        raise ValueError(f"{name}: has no label '{label}', but {names}")
    return EncoderDescription(
        encoder=name,
        encoder_sha256=checkpoint.sha256,
        pooling="own",
        max_tokens=min(_MOST_TOKENS, checkpoint.max_tokens or _MOST_TOKENS),
        heads={
            head: HeadDescription(
                labels=labels,
                scored=labels if label is None else (label,),
                bounds=bounds,
                languages=None if languages is None else tuple(languages),
            )
        },
    )


def _labels(config: Mapping[str, object]) -> tuple[str, ...]:
    """In their order; a configuration that names none has two, as Hugging Face reads it."""
    named = config.get("id2label")
    if not isinstance(named, dict):
        return ("LABEL_0", "LABEL_1")
    return tuple(str(named[number]) for number in sorted(named, key=int))
