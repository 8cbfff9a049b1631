"""Labels by rule, and the examples that are made of them."""

from __future__ import annotations

import numpy as np
import pytest

from classifiers.training import topics
from classifiers.training.topics_texts import Word

_WORDS = [Word("goal", 3.0), Word("judge", 3.0), Word("the", 0.0)]
_NEARNESS = np.array([[2, -1], [-1, 2], [0, 0]], np.float32)


def test_a_word_tells_of_its_topic_as_much_as_it_is_rare() -> None:
    vectors = topics.word_vectors(_WORDS, _NEARNESS)
    assert vectors[0, 0] > 0 > vectors[0, 1]
    assert vectors[0].tolist() == pytest.approx(vectors[1, ::-1].tolist())
    assert not vectors[2].any()
    rarer = topics.word_vectors([Word("goal", 6.0), *_WORDS[1:]], _NEARNESS)
    assert rarer[0].tolist() == pytest.approx((2 * vectors[0]).tolist())


def test_a_text_is_the_mean_of_the_words_that_are_known() -> None:
    vectors = topics.word_vectors(_WORDS, _NEARNESS)
    found = topics.means_of_words(["goal the unknown", "unknown"], _WORDS, vectors)
    assert found[0].tolist() == pytest.approx((vectors[0] / 2).tolist())
    assert not found[1].any()


def test_only_texts_that_both_place_alike_are_placed() -> None:
    one = np.array([[1, 0], [1, 0], [0, 1]], np.float32)
    other = np.array([[5, 4], [0, 1], [0, 3]], np.float32)
    assert topics.agreed(one, other) == [0, None, 1]


def test_documents_are_the_same_each_time_and_of_every_topic() -> None:
    texts = ["a goal", "a judge", "neither"]
    made = list(topics.documents(texts, [0, 1, None], ["sport", "law"]))
    assert made == list(topics.documents(texts, [0, 1, None], ["sport", "law"]))
    assert made[0] == ("sport", "a goal")
    of_law = [text for label, text in made if label == "law"]
    assert all("judge" in text for text in of_law)
    assert any("neither" in text for text in of_law)
    assert len(of_law) == len(made) / 2


def test_the_curve_is_the_logistic_one_and_the_identity_where_told_so() -> None:
    same = topics.curve_of(1.0, 0.0)
    assert same.apply(np.array([0.1, 0.5, 0.9], np.float32)) == pytest.approx(
        [0.1, 0.5, 0.9], abs=0.01
    )
    lower = topics.curve_of(0.5, -1.0)
    assert lower.apply(np.array([0.5], np.float32)) == pytest.approx([1 / (1 + np.e)], abs=0.01)
    assert 0.99 < lower.apply(np.array([1.0], np.float32))[0] < 1


def test_the_recipe_names_24_topics_with_a_definition_and_ten_descriptions_or_more() -> None:
    recipe = topics.read_recipe()
    assert len(recipe.topics) == len(recipe.definitions) == 24
    assert list(recipe.topics) == sorted(recipe.topics)
    assert min(map(len, recipe.topics.values())) >= 10
