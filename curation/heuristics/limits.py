"""The limits that hold for a page: those of its route's presets, then what the recipe changes.

In: the config, a route and a language. Out: a limit for each rule of pages and of lines; NaN where
a rule does not apply. Presets are YAML files in `presets/`, of the same form as a route's rules in
a recipe, and may stand on others.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from importlib import resources
from typing import Any

import numpy as np
import numpy.typing as npt
import yaml

from curation.heuristics.config import HeuristicsConfig, Limits, RuleSet
from curation.heuristics.rules import LINE_RULES, PAGE_RULES, Rule
from schemas.drop_reason import DropReason

LimitRow = npt.NDArray[np.float32]


class LimitTable:
    """The limits of one recipe, each pair of route and language looked up once."""

    def __init__(self, config: HeuristicsConfig) -> None:
        self._config = config
        self._found: dict[tuple[str, str | None], tuple[LimitRow, LimitRow]] = {}

    def of_pages(
        self, routes: Sequence[str], languages: Sequence[str | None]
    ) -> tuple[LimitRow, LimitRow]:
        """Of each page, shape (pages, rules): the limits for it, and for its lines."""
        rows = [self._of(*pair) for pair in zip(routes, languages, strict=True)]
        pages = np.array([row[0] for row in rows], np.float32).reshape(-1, len(PAGE_RULES))
        return pages, np.array([row[1] for row in rows], np.float32).reshape(-1, len(LINE_RULES))

    def _of(self, route: str, language: str | None) -> tuple[LimitRow, LimitRow]:
        if (route, language) not in self._found:
            rules = self._config.of_route(route)
            pages = resolve(rules, language, "pages")
            lines = resolve(rules, language, "lines")
            if any(limit is not None for limit in lines.values()):
                pages[DropReason.TOO_FEW_WORDS_LEFT] = _least_left(pages)
            self._found[route, language] = _row(PAGE_RULES, pages), _row(LINE_RULES, lines)
        return self._found[route, language]


def _least_left(pages: Limits) -> float:
    """How many words lines may leave: as many as a page must have; never none."""
    default = pages.get(DropReason.TOO_FEW_WORDS)
    return max(pages.get(DropReason.TOO_FEW_WORDS_LEFT, default) or 1, 1)


def _row(rules: Iterable[Rule], limits: Limits) -> LimitRow:
    found = [limits.get(rule.reason) for rule in rules]
    return np.array([np.nan if limit is None else limit for limit in found], np.float32)


def resolve(rules: RuleSet, language: str | None, unit: str) -> Limits:
    """The limits of `unit` (`pages` or `lines`) that a route's rules give pages in a language."""
    limits = _strictest([_of_preset(name, language, unit) for name in rules.presets])
    limits.update(getattr(rules, unit))
    if language in rules.languages:
        limits.update(getattr(rules.languages[language], unit))
    return limits


def _of_preset(name: str, language: str | None, unit: str) -> Limits:
    preset = _read_preset(name)
    limits = _strictest([_of_preset(base, language, unit) for base in preset.get("presets", ())])
    limits.update(preset.get(unit, {}))
    limits.update(preset.get("languages", {}).get(language, {}).get(unit, {}))
    return limits


def _strictest(sets: Iterable[Limits]) -> Limits:
    """Of each rule the limit that fewest pages meet."""
    strictest: Limits = {}
    for limits in sets:
        for name, limit in limits.items():
            there = strictest.get(name)
            if there is None or (limit is not None and _SIDES[name](limit, there) == limit):
                strictest[name] = limit
    return strictest


_SIDES = {
    str(rule.reason): max if rule.side == "min" else min for rule in (*PAGE_RULES, *LINE_RULES)
}


@cache
def _read_preset(name: str) -> Mapping[str, Any]:
    file = resources.files("curation.heuristics.presets").joinpath(f"{name}.yaml")
    preset: Mapping[str, Any] = yaml.safe_load(file.read_text("utf-8"))
    return preset
