"""A plain checkpoint with a head of its own in; the description of a model out."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from classifiers.encoder.checkpoint import Checkpoint
from classifiers.encoder.model import EncoderDescription, HeadDescription

_MOST_TOKENS = 512


def described_checkpoint(  # noqa: PLR0913 - all that a recipe says of it
    checkpoint: Checkpoint,
    *,
    label: str | None = None,
    bounds: tuple[float, float] | None = None,
    languages: Sequence[str] | None = None,
    head: str = "quality",
    sha256: str | None = None,
) -> EncoderDescription:
    """The description of a checkpoint with a head of its own; `sha256` is its, where that is known.

    Of several labels `label` is the one whose probability is the score; with one label it is a
    regression, 0 and 1 at `bounds`. Raises `ValueError`, in one line, where they are not given.
    """
    labels = _labels(checkpoint.config)
    names = ", ".join(labels[:8])
    if len(labels) == 1 and bounds is None:
        raise ValueError("has a regression: name the values that are 0 and 1, as 'bounds: [0, 5]'")
    if len(labels) > 1 and bounds is not None:
        raise ValueError("has labels, and 'bounds' are of a regression: leave them out")
    if label not in (None, *labels):
        raise ValueError(f"has no label '{label}', but {names}")
    if len(labels) > 1 and label is None:
        raise ValueError(
            f"has {len(labels)} labels: name the one whose probability counts, as 'label': {names}"
        )
    return EncoderDescription(
        encoder=str(checkpoint.folder),
        encoder_sha256=sha256 or checkpoint.sha256,
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
    named = config.get("id2label") or {"0": "LABEL_0", "1": "LABEL_1"}
    if not isinstance(named, dict):
        raise ValueError("config.json: id2label names no labels by number")  # noqa: TRY004
    return tuple(str(named[number]) for number in sorted(named, key=int))
