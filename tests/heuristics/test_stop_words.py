from __future__ import annotations

import pytest

from classifiers.fasttext_model import lid176
from curation.heuristics.config import HeuristicsConfig
from curation.heuristics.stop_words import bundled_stop_words
from tests.heuristics.pages import judged, only
from tests.tokens.naive import words_of

LISTS = bundled_stop_words()


def test_forty_languages_have_lists_of_words_that_tokens_can_be() -> None:
    assert len(LISTS) >= 40
    assert set(LISTS) <= set(lid176().labels)
    for words in LISTS.values():
        assert len(words) >= 8
        assert len(set(words)) == len(words)
        for word in words:
            assert words_of(word) == [word]


@pytest.mark.parametrize(
    ("language", "text", "number"),
    [
        ("en", "The mill OF the town and the miller's wife", 3),
        ("de", "Die Mühle und DAS Rad in der Stadt", 5),
        ("zh", "我和他在河边。", 4),
        ("hr", "To je mlin i kolo na rijeci", 3),
        ("yue", "我和他在河邊。", 4),
    ],
)
def test_different_stop_words_count_once_each(language: str, text: str, number: int) -> None:
    assert judged(text, only(), language=language)["n_stop_words"] == number


@pytest.mark.parametrize("language", ["und", "ko", "eo"])
def test_a_language_without_a_list_passes(language: str) -> None:
    found = judged("one two three", only({"too_few_stop_words": 2}), language=language)
    assert found["n_stop_words"] is None
    assert found["drop_reason"] is None


def test_a_recipe_brings_lists_of_its_own() -> None:
    config = HeuristicsConfig(stop_words={"eo": ("la", "de", "kaj"), "en": ("mill",)})
    assert judged("La muelejo de la urbo", config, language="eo")["n_stop_words"] == 2
    assert judged("The mill of the town", config)["n_stop_words"] == 1
    assert judged("Die Mühle der Stadt", config, language="de")["n_stop_words"] == 2
