from __future__ import annotations

import pytest

from curation.safety.dirty_words import languages_with_lists
from tests.heuristics.pages import judged, only

RULE = only({"too_many_dirty_words": 0.015})


def counts(text: str, language: str = "en") -> tuple[int, int]:
    found = judged(text, RULE, language=language)
    return found["n_dirty_words"], found["n_distinct_dirty_words"]


def test_twenty_seven_labels_have_lists_and_one_of_them_two() -> None:
    """LDNOOBW has 28; lid.176 knows no Klingon, and one label for two kinds of French."""
    assert len(languages_with_lists()) == 27


@pytest.mark.parametrize(
    ("language", "text", "found"),
    [
        ("en", "That BASTARD of a bitch, a bastard!", (3, 2)),
        ("en", "A blow  job is not a blow to the job", (1, 1)),
        ("en", "The assassin of Scunthorpe, in classes", (0, 0)),
        ("en", "Penistone and Middlesex", (0, 0)),
        ("de", "So eine Scheiße, du ARSCHLOCH", (2, 2)),
        ("ru", "Какая БЛЯДЬ", (1, 1)),
        ("zh", "他是个王八蛋吗", (1, 1)),
        ("th", "ไอ้หมาเหี้ยมาก", (1, 1)),
        ("fr", "la chatte", (1, 1)),
    ],
)
def test_words_match_on_borders_where_there_are_some(
    language: str, text: str, found: tuple[int, int]
) -> None:
    assert counts(text, language) == found


def test_a_language_without_a_list_is_not_judged() -> None:
    found = judged("bastard bitch blowjob cunt", RULE, language="la")
    assert found["n_dirty_words"] is None
    assert found["drop_reason"] is None


def test_three_words_however_frequent_are_no_reason() -> None:
    assert judged("bastard bitch cunt " * 9, RULE)["drop_reason"] is None
    dropped = judged("bastard bitch cunt blowjob", RULE)
    assert dropped["drop_reason"] == "too_many_dirty_words"
    assert dropped["dirty_words_ratio"] == 1
