from __future__ import annotations

import pytest

from curation.heuristics.config import Limits, ProseRules
from curation.heuristics.limits import resolve
from curation.heuristics.rules import LINE_RULES, PAGE_RULES
from schemas.cut_reason import CutReason
from schemas.drop_reason import DropReason
from tests.heuristics.pages import judged, only
from tests.heuristics.planted import LINES, PAGES, Planted


def limit_of(planted: Planted, unit: str) -> float:
    """The limit that the preset has for English; a page must keep as many words as it must have."""
    rules = ProseRules(presets=(planted.preset,))  # type: ignore[arg-type]
    limits = resolve(rules, "en", unit)
    limit = limits.get(planted.reason, limits.get(DropReason.TOO_FEW_WORDS))
    assert limit is not None
    return limit


def name(planted: Planted) -> str:
    return f"{planted.preset}-{planted.reason}"


@pytest.mark.parametrize("planted", PAGES, ids=name)
def test_a_page_fails_a_rule_just_beyond_its_limit(planted: Planted) -> None:
    limits: Limits = {str(planted.reason): limit_of(planted, "pages")}
    config = only(limits, {str(reason): 0 for reason in planted.lines})
    assert judged(planted.passes, config, kinds=planted.kinds)["drop_reason"] is None
    failed = judged(planted.fails, config, kinds=planted.kinds)
    assert failed["drop_reason"] == planted.reason
    assert failed["failed_rules"] == [planted.reason]
    assert failed["text"] == planted.fails


@pytest.mark.parametrize("planted", LINES, ids=name)
def test_a_line_is_cut_just_beyond_its_limit(planted: Planted) -> None:
    end = "\nAnd that was that for the mill of the town."  # a page does not lose all its lines
    config = only(lines={str(planted.reason): limit_of(planted, "lines")})
    assert judged(planted.passes + end, config)["cuts"] is None
    found = judged(planted.fails + end, config)
    assert [cut["reason"] for cut in found["cuts"]] == [planted.reason]
    assert found["n_cut_lines"] == 1
    assert found["text"] != planted.fails + end


def test_every_rule_has_texts_on_both_sides() -> None:
    """But for outliers, whose limit is fitted: see test_divergence.py."""
    tested = {planted.reason for planted in (*PAGES, *LINES)}
    rules = {rule.reason for rule in (*PAGE_RULES, *LINE_RULES)}
    assert rules - tested == {DropReason.TOO_MANY_OUTLIER_WORDS}


def test_reasons_are_those_of_the_stage_in_their_order() -> None:
    names = list(DropReason)
    of_stage = names[names.index(DropReason.TOO_FEW_WORDS) : names.index(DropReason.TAKEN_DOWN)]
    assert [rule.reason for rule in PAGE_RULES] == of_stage
    assert [rule.reason for rule in LINE_RULES] == list(CutReason)


def test_the_first_rule_that_fails_is_the_reason_and_all_are_listed() -> None:
    config = only({"too_few_words": 50, "words_too_short": 3, "too_few_stop_words": 2})
    found = judged("a b c", config)
    assert found["drop_reason"] == "too_few_words"
    assert found["detail"] == "n_words 3 under 50"
    assert found["failed_rules"] == ["too_few_words", "words_too_short", "too_few_stop_words"]
    assert judged("the mill of stone " * 20, config)["failed_rules"] is None
