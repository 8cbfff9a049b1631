"""What a recipe says of the heuristics: for each route, which presets, and what differs from them.

heuristics:
  prose:
    presets: [gopher, fineweb]             # of two limits for one rule, the stricter one
    pages: {too_few_words: 20}             # in place of the presets'; null: no such rule
    lines: {repeated_ngrams: 0.9}
    languages: {de: {pages: {words_too_long: 12}}}
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from difflib import get_close_matches
from typing import Annotated, Literal

from pydantic import Field

from classifiers.fasttext_model import lid176
from curation.artefact import Artefact
from curation.heuristics.rules import LINE_RULES, PAGE_RULES, Rule
from curation.language.identify import UNDETERMINED
from curation.tokens.tokenise import is_one_word

PresetName = Literal[
    "c4", "code", "fineweb", "gopher", "llama3", "math", "nemo", "refinedweb", "sft"
]
Limits = dict[str, float | None]
"""A limit for each rule, by the name of its reason; null where a rule does not apply."""


@dataclass(frozen=True, kw_only=True)
class LanguageLimits:
    """What differs for pages in one language."""

    pages: Limits = field(default_factory=dict)
    lines: Limits = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class RuleSet:
    """The rules of one route."""

    presets: tuple[PresetName, ...] = ()
    pages: Limits = field(default_factory=dict)
    lines: Limits = field(default_factory=dict)
    languages: dict[str, LanguageLimits] = field(default_factory=dict)


@dataclass(frozen=True, kw_only=True)
class ProseRules(RuleSet):
    """A recipe that names no presets differs from this one."""

    presets: tuple[PresetName, ...] = ("llama3",)


@dataclass(frozen=True, kw_only=True)
class CodeRules(RuleSet):
    """As `ProseRules`."""

    presets: tuple[PresetName, ...] = ("code",)


@dataclass(frozen=True, kw_only=True)
class MathRules(RuleSet):
    """As `ProseRules`."""

    presets: tuple[PresetName, ...] = ("math",)


@dataclass(frozen=True, kw_only=True)
class RoutingConfig:
    """From which share of a page on its code or mathematics decides whose rules judge it.

    Null: it never does.
    """

    min_code_ratio: Annotated[float, Field(ge=0, le=1)] | None = 0.1
    min_mathematics_ratio: Annotated[float, Field(ge=0, le=1)] | None = 0.05


@dataclass(frozen=True, kw_only=True)
class HeuristicsConfig:
    """`stop_words` and `reference` replace what is bundled.

    Lists of words by language, each in place of the bundled one, and a file that `curate fit` made.
    """

    routing: RoutingConfig = RoutingConfig()
    prose: ProseRules = ProseRules()
    code: CodeRules = CodeRules()
    math: MathRules = MathRules()
    stop_words: dict[str, Annotated[tuple[str, ...], Field(min_length=1)]] = field(
        default_factory=dict
    )
    reference: Artefact | None = None

    def of_route(self, route: str) -> RuleSet:
        """The rules of a route."""
        rules: RuleSet = getattr(self, route)
        return rules


ROUTES = ("prose", "code", "math")
_KNOWN = {
    "pages": {str(rule.reason): rule for rule in PAGE_RULES},
    "lines": {str(rule.reason): rule for rule in LINE_RULES},
}


def mistake_in(config: HeuristicsConfig) -> str | None:
    """What is wrong with names of rules or languages, or with stop words; None where nothing is."""
    if mistake := _unknown_language(config):
        return mistake
    for language, words in config.stop_words.items():
        if wrong := [word for word in words if not is_one_word(word)]:
            return f"'heuristics.stop_words.{language}' has '{wrong[0]}': one word each"
    for route in ROUTES:
        for where, unit, limits in _limits(config.of_route(route)):
            for name, limit in limits.items():
                key = f"heuristics.{route}.{where}.{name}"
                if name not in _KNOWN[unit]:
                    return f"unknown rule '{key}': {_hint(name, unit)}"
                if limit is not None and (expected := _out_of_range(_KNOWN[unit][name], limit)):
                    return f"'{key}' is {limit:g}: expected {expected}"
    return None


def _hint(name: str, unit: str) -> str:
    for other in {"pages", "lines"} - {unit}:
        if name in _KNOWN[other]:
            return f"it is a rule for {other}"
    near = get_close_matches(name, _KNOWN[unit], n=1)
    return f"did you mean '{near[0]}'?" if near else f"known: {', '.join(sorted(_KNOWN[unit]))}"


def _out_of_range(rule: Rule, limit: float) -> str:
    """What is expected instead; nothing where the limit can be one."""
    if rule.measure.endswith("_ratio"):
        return "" if 0 <= limit <= 1 else "a share from 0 to 1"
    return "" if limit >= 0 or rule.measure == "divergence_excess" else "a number of at least 0"


def _unknown_language(config: HeuristicsConfig) -> str | None:
    named = [(f"stop_words.{label}", label) for label in config.stop_words]
    for route in ROUTES:
        labels = config.of_route(route).languages
        named += [(f"{route}.languages.{label}", label) for label in labels]
    known = (*lid176().labels, UNDETERMINED) if named else ()
    for where, label in named:
        if label not in known:
            lower = label.lower()
            hint = (
                f"did you mean '{lower}'?" if lower in known else "use labels of lid.176, as 'de'"
            )
            return f"'heuristics.{where}': no page is in '{label}': {hint}"
    return None


def _limits(rules: RuleSet) -> Iterator[tuple[str, str, Mapping[str, float | None]]]:
    yield "pages", "pages", rules.pages
    yield "lines", "lines", rules.lines
    for language, limits in rules.languages.items():
        yield f"languages.{language}.pages", "pages", limits.pages
        yield f"languages.{language}.lines", "lines", limits.lines
