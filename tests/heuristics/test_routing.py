from __future__ import annotations

import random
from dataclasses import replace

import pytest

from curation.heuristics.config import HeuristicsConfig, RoutingConfig
from tests.heuristics.pages import PROSE, judged

CONFIG = HeuristicsConfig()
LISTING = "\n".join(f"    wheel[{i}] = turn(stone_{i}, {i} + pond.level);" for i in range(12))
PROOF = "\n".join(
    f"{sentence} ${' + '.join(str((i + 3) ** n % 997) for n in range(3, 12))} = {i}$"
    for i, sentence in enumerate(PROSE)
)


@pytest.mark.parametrize(
    ("text", "kinds", "route"),
    [
        ("\n".join(PROSE), None, "prose"),
        (LISTING, None, "code"),
        ("\n".join([*PROSE, LISTING]), "p" * len(PROSE) + "c" * 12, "code"),
        (PROOF, None, "math"),
        ("\n".join([*PROSE, "E = mc^2 + h"]), "p" * len(PROSE) + "m", "prose"),
        ("\n".join([*PROSE[:1], "E = mc^2 + h"]), "pm", "math"),
        ("It costs $5 to $7 a sack. " * 9, None, "prose"),
        ("", None, "prose"),
    ],
)
def test_pages_go_where_most_of_their_kind_is(text: str, kinds: str | None, route: str) -> None:
    assert judged(text, CONFIG, kinds=kinds)["route"] == route


def test_code_and_mathematics_are_not_judged_by_the_rules_for_prose() -> None:
    never = RoutingConfig(min_code_ratio=None, min_mathematics_ratio=None)
    as_prose = replace(CONFIG, routing=never)
    manual = "\n".join([PROSE[0], PROSE[1], LISTING])
    assert judged(manual, CONFIG)["drop_reason"] is None
    assert judged(manual, as_prose)["route"] == "prose"
    assert judged(manual, as_prose)["drop_reason"] is not None
    assert judged(PROOF, CONFIG)["drop_reason"] is None
    assert judged(PROOF, as_prose)["drop_reason"] is not None


def test_a_little_code_does_not_save_what_is_no_language() -> None:
    rng = random.Random(0)
    words = ["".join(rng.choices("bcdfghjklmnpqrstvwxz", k=7)) for _ in range(300)]
    gibberish = "\n".join(" ".join(words[n : n + 10]) for n in range(0, 300, 10))
    page = "\n".join([gibberish, *["a1(b1);"] * 40])
    found = judged(page, CONFIG)
    assert (found["route"], found["drop_reason"]) == ("code", "too_many_outlier_words")


def test_nothing_is_cut_from_code() -> None:
    assert judged(LISTING + "\n" + LISTING, CONFIG)["cuts"] is None
