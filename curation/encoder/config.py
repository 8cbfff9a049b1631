"""What a recipe says of the encoder, which reads the documents that are still in.

encoder:
  path: models/student.json                      # what training wrote
  path: s3://models/fineweb-edu                  # or a checkpoint with a head of its own
  bounds: [0, 5]                                 # whose regression is 0 and 1 there
  share: 0.1                                     # of documents, by a seeded hash
  quality:
    general: {keep: 0.6}                         # as in 'quality', by the encoder's score
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field, FiniteFloat

from classifiers.encoder.choices import LongPages, Precision
from curation.artefact import Artefact
from curation.quality.config import QualityConfig, cut_mistake_in, languages_mistake_in
from curation.semantic.config import SemanticConfig


@dataclass(frozen=True, kw_only=True)
class EncoderConfig(Artefact):
    """A description of a model, `NAME.json`, or a checkpoint: a folder, or a hub's id.

    The hash is that of the description, or of the checkpoint (`Checkpoint.sha256`). Of a checkpoint
    with a head of its own `label` is the one whose probability is the quality, or `bounds` are the
    values of its regression that are 0 and 1 (`[5, 0]` where low is good). Pages longer than
    `max_tokens` (null: what the model is for) are read by their first tokens, or in windows whose
    scores are combined. `share` is that of documents which are read. `tokens_per_batch` null: what
    suits the device.
    """

    label: str | None = None
    bounds: tuple[FiniteFloat, FiniteFloat] | None = None
    languages: tuple[str, ...] | None = None
    max_tokens: Annotated[int, Field(ge=8, le=8192)] | None = None
    long_pages: LongPages = "first"
    max_windows: Annotated[int, Field(ge=1, le=1000)] = 8
    precision: Precision = "auto"
    tokens_per_batch: Annotated[int, Field(ge=512)] | None = None
    share: Annotated[float, Field(gt=0, le=1)] = 1.0
    quality: QualityConfig = QualityConfig()
    semantic: SemanticConfig | None = None


def mistake_in(encoder: EncoderConfig | None) -> str | None:
    """What is wrong with values that are each right by themselves; None where nothing is."""
    if encoder is None:
        return None
    if encoder.bounds and encoder.bounds[0] == encoder.bounds[1]:
        return "'encoder.bounds' are two numbers: where the scores are 0 and 1"
    return languages_mistake_in(encoder.languages, "encoder.languages") or cut_mistake_in(
        encoder.quality, "encoder."
    )
