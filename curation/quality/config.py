"""What a recipe says of the models that score each page, and of how good a page must be.

scores:
  quality: {path: models/ours.json}              # what training wrote
  quality: {path: s3://models/dclm.bin, label: hq, languages: [en]}     # or a fastText file
  topics: null                                   # not scored
quality:
  general: {keep: 0.6}                           # the best 60 % in each language
  multilingual: {keep: 0.5, languages: {de: {min_score: 0.3}}}
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, field, fields
from typing import Annotated

from pydantic import Field

from classifiers.fasttext_model import lid176
from curation.artefact import Artefact
from curation.language.identify import UNDETERMINED

BUNDLED = "bundled:"
"""How the path of a model begins that comes with the package."""
Share = Annotated[float, Field(ge=0, le=1)]


@dataclass(frozen=True, kw_only=True)
class ModelConfig(Artefact):
    """A description of a model, `NAME.json`, or a fastText file as others publish it.

    Of a fastText file `label` is the one whose probability is the score, without `__label__` (for
    topics: null, all of them), and `languages` those that it is for; null: any.
    """

    label: str | None = None
    languages: tuple[str, ...] | None = None


@dataclass(frozen=True, kw_only=True)
class ScoresConfig:
    """Which models score each page; null: none does. What the bundled ones are worth: their cards.

    `classifiers/models/quality.md` and so on.
    """

    quality: ModelConfig | None = ModelConfig(path=f"{BUNDLED}quality")
    code: ModelConfig | None = ModelConfig(path=f"{BUNDLED}code")
    math: ModelConfig | None = ModelConfig(path=f"{BUNDLED}math")
    topics: ModelConfig | None = ModelConfig(path=f"{BUNDLED}topics")

    def named(self) -> Iterator[tuple[str, ModelConfig]]:
        """Those that score, by name."""
        for one in fields(self):
            if model := getattr(self, one.name):
                yield one.name, model


@dataclass(frozen=True, kw_only=True)
class Cut:
    """Which pages stay: the best share of those with a score, or from a score on; else all."""

    keep: Share | None = None
    min_score: Share | None = None


@dataclass(frozen=True, kw_only=True)
class DomainCut(Cut):
    """For pages of a domain, in each language by itself; `languages` have cuts of their own."""

    languages: dict[str, Cut] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class QualityConfig:
    """By which quality pages stay, in each domain.

    Pages without a score stay, and so do pages of curated inputs.
    """

    general: DomainCut = DomainCut()
    math: DomainCut = DomainCut()
    code: DomainCut = DomainCut()
    multilingual: DomainCut = DomainCut()

    def cut(self, domain: str | None, language: str | None) -> Cut:
        """That of pages of a domain in a language."""
        if domain is None:
            return Cut()
        of_domain: DomainCut = getattr(self, domain)
        return of_domain.languages.get(language or "", of_domain)

    def cuts(self) -> Iterator[tuple[str, Cut]]:
        """All, by their keys in a recipe."""
        for one in fields(self):
            of_domain: DomainCut = getattr(self, one.name)
            yield f"quality.{one.name}", of_domain
            for language, cut in of_domain.languages.items():
                yield f"quality.{one.name}.languages.{language}", cut

    @property
    def is_set(self) -> bool:
        """Whether any page may go."""
        return any((cut.keep, cut.min_score) != (None, None) for _, cut in self.cuts())


def mistake_in(quality: QualityConfig, scores: ScoresConfig) -> str | None:
    """What is wrong with values that are each right by themselves; None where nothing is."""
    if problem := cut_mistake_in(quality):
        return problem
    for name, model in scores.named():
        if problem := languages_mistake_in(model.languages, f"scores.{name}.languages"):
            return problem
    if quality.is_set and scores.quality is None:
        return "'quality' says who stays, and 'scores.quality' is null: no page has a score"
    return None


def cut_mistake_in(quality: QualityConfig, within: str = "") -> str | None:
    """What is wrong with the cuts; their keys in a recipe stand `within` others."""
    for of, cut in quality.cuts():
        key = f"{within}{of}"
        if cut.keep is not None and cut.min_score is not None:
            return f"'{key}' has 'keep' and 'min_score': give one of them"
        language = key.rpartition(".languages.")[2] if ".languages." in key else None
        if language and _unknown((language,)):
            return f"'{key}': no page is in '{language}': use labels of lid.176, as 'de'"
    return None


def languages_mistake_in(languages: tuple[str, ...] | None, key: str) -> str | None:
    """What is wrong with the languages that a model is for, which stand at this key."""
    if languages is not None and (wrong := _unknown(languages)):
        return f"'{key}' {wrong}: use labels of lid.176, as 'de', or null for any"
    return None


def _unknown(languages: tuple[str, ...]) -> str | None:
    known = (*lid176().labels, UNDETERMINED)
    if wrong := [language for language in languages if language not in known]:
        return f"has '{wrong[0]}', which no page is in"
    return None if languages else "is empty"
