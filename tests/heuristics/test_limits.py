from __future__ import annotations

from typing import get_args

import pytest

from curation.heuristics.config import (
    CodeRules,
    HeuristicsConfig,
    LanguageLimits,
    MathRules,
    PresetName,
    ProseRules,
    RuleSet,
    mistake_in,
)
from curation.heuristics.limits import LimitTable, resolve
from curation.heuristics.rules import LINE_RULES, PAGE_RULES
from tests.heuristics.pages import PROSE, judged


@pytest.mark.parametrize("preset", get_args(PresetName))
@pytest.mark.parametrize("unit", ["pages", "lines"])
def test_presets_name_rules_that_there_are(preset: PresetName, unit: str) -> None:
    known = {str(rule.reason) for rule in (PAGE_RULES if unit == "pages" else LINE_RULES)}
    for language in ("en", "de", "zh", "ta", None):
        limits = resolve(RuleSet(presets=(preset,)), language, unit)
        assert set(limits) <= known
    assert resolve(RuleSet(presets=(preset,)), "en", "pages")


def test_of_two_presets_the_stricter_limit_holds() -> None:
    limits = resolve(RuleSet(presets=("gopher", "fineweb")), "en", "pages")
    assert limits["too_many_duplicate_line_characters"] == 0.01
    assert limits["too_few_words"] == 50
    swapped = resolve(RuleSet(presets=("sft", "gopher")), "en", "pages")
    assert swapped["too_few_words"] == 50


def test_what_a_recipe_says_goes_before_its_presets_and_languages_before_all() -> None:
    german = LanguageLimits(pages={"words_too_long": 14, "too_few_words": None})
    rules = RuleSet(presets=("gopher",), pages={"too_few_words": 20}, languages={"de": german})
    assert resolve(rules, "en", "pages")["too_few_words"] == 20
    assert resolve(rules, "de", "pages")["too_few_words"] is None
    assert resolve(rules, "de", "pages")["words_too_long"] == 14
    assert resolve(RuleSet(presets=("gopher",)), "de", "pages")["words_too_long"] == 12
    assert resolve(RuleSet(presets=("gopher",)), "ja", "pages")["words_too_long"] is None


@pytest.mark.parametrize(
    ("pages", "least"),
    [
        ({}, 50),
        ({"too_few_words": 20}, 20),
        ({"too_few_words_left": 30}, 30),
        ({"too_few_words_left": None}, 1),
        ({"too_few_words": None}, 1),
    ],
)
def test_lines_leave_as_many_words_as_a_page_must_have(
    pages: dict[str, float | None], least: float
) -> None:
    config = HeuristicsConfig(prose=ProseRules(presets=("llama3",), pages=pages))
    limits, _ = LimitTable(config).of_pages(["prose"], ["en"])
    reasons = [str(rule.reason) for rule in PAGE_RULES]
    assert limits[0, reasons.index("too_few_words_left")] == least


@pytest.mark.parametrize(
    ("config", "said"),
    [
        (
            HeuristicsConfig(prose=ProseRules(pages={"too_few_word": 3})),
            "unknown rule 'heuristics.prose.pages.too_few_word': did you mean 'too_few_words'?",
        ),
        (
            HeuristicsConfig(math=MathRules(languages={"de": LanguageLimits(lines={"x": 3})})),
            "unknown rule 'heuristics.math.languages.de.lines.x': known: counter, javascript, ",
        ),
        (
            HeuristicsConfig(code=CodeRules(languages={"german": LanguageLimits()})),
            "'heuristics.code.languages.german': no page is in 'german'",
        ),
        (HeuristicsConfig(stop_words={"xx": ("a",)}), "'heuristics.stop_words.xx': no page"),
        (HeuristicsConfig(stop_words={"de": ("so was",)}), "has 'so was': one word each"),
    ],
)
def test_names_that_do_not_exist_are_mistakes(config: HeuristicsConfig, said: str) -> None:
    mistake = mistake_in(config)
    assert mistake is not None
    assert said in mistake


def test_the_default_has_no_mistake_and_keeps_prose() -> None:
    assert mistake_in(HeuristicsConfig()) is None
    assert judged("\n".join(PROSE), HeuristicsConfig())["failed_rules"] is None
