"""The bundled model of topics."""

from __future__ import annotations

import csv
from importlib import resources

import pyarrow as pa
import pytest

from classifiers.model import Model, Texts, read_description
from classifiers.training.topics import read_recipe


@pytest.fixture(scope="module")
def model() -> Model:
    """As a run loads it."""
    folder = resources.files("classifiers.models")
    described = read_description(folder.joinpath("topics.json").read_bytes())
    return Model(described, folder.joinpath(described.file).read_bytes())


@pytest.mark.parametrize(
    ("topic", "text"),
    [
        ("sports_and_fitness", "The striker scored twice as the visitors won the cup match."),
        ("health", "Patients with diabetes take insulin; doctors check their blood sugar."),
        ("food_and_drink", "Whisk the eggs with sugar, add flour and bake the cake in the oven."),
        (
            "crime_and_law",
            "The jury convicted the defendant of burglary; the judge passed sentence.",
        ),
        ("politics", "Voters elect the parliament in May, and the minister seeks a coalition."),
        ("religion", "The priest prayed, read the gospel and blessed the congregation."),
        (
            "software_development",
            "The compiler infers types; functions return a pointer to a struct.",
        ),
    ],
)
def test_it_names_the_topic_of_plain_cases(model: Model, topic: str, text: str) -> None:
    found = model.probabilities(Texts(pa.array([text])), pa.array(["en"]))[0]
    assert model.labels[int(found.argmax())] == topic
    assert 0.5 < found.max() < 1


def test_its_labels_are_those_of_the_recipe_and_of_the_judged_pages(model: Model) -> None:
    judged = resources.files("benchmarks.quality").joinpath("topics.tsv").read_text("utf-8")
    rows = csv.DictReader(judged.splitlines(), delimiter="\t")
    named = {label for row in rows for label in row["topic"].split("|")}
    assert list(model.labels) == list(read_recipe().topics)
    assert named <= {*model.labels}


def test_pages_in_other_languages_have_no_topic(model: Model) -> None:
    found = model.score(pa.array(["Der Richter las das Urteil."]), pa.array(["de"]))
    assert found.field("crime_and_law").to_pylist() == [None]
