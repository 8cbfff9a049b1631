"""The bundled encoder with heads."""

from __future__ import annotations

from importlib import resources

import numpy as np
import pytest

from classifiers.encoder.checkpoint import open_checkpoint
from classifiers.encoder.model import EncoderModel, read_encoder_description
from classifiers.training.topics import read_recipe

PROSE = (
    "The river had carried silt down from the mountains for thousands of years, and the delta "
    "that it built became the most fertile land of the region. Historians believe that the first "
    "towns were founded there because farmers could store more grain than they needed themselves."
)
SHOP = (
    "Add to cart\nBuy now!!!\nFree shipping\nYou may also like\nSign in\nPrice: $9.99\nAdd to cart"
)
CODE = (
    "The function takes a pointer to a struct and returns an error code.\n\n"
    'int read_config(struct config *out, const char *path) {\n    FILE *f = fopen(path, "r");\n'
    "    if (!f) return -1;\n    return parse(f, out);\n}\n"
)


@pytest.fixture(scope="module")
def model() -> EncoderModel:
    folder = resources.files("classifiers.models")
    described = read_encoder_description(folder.joinpath("minilm.json").read_bytes())
    content = folder.joinpath("minilm.safetensors").read_bytes()
    return EncoderModel(described, open_checkpoint(described.encoder), content, device="cpu")


def test_it_puts_plain_cases_in_order(model: EncoderModel) -> None:
    found = model.probabilities([PROSE, SHOP, CODE], ["en"] * 3)
    assert found["quality"][0, 0] > found["quality"][1, 0]
    assert found["code"][:, 0].argmax() == 2


def test_its_topics_are_those_of_the_recipe(model: EncoderModel) -> None:
    assert model.heads == ("quality", "code", "math", "topics")
    assert list(model.labels("topics")) == list(read_recipe().topics)
    text = "The jury convicted the defendant of burglary; the judge passed sentence."
    found = model.probabilities([text], ["en"])["topics"][0]
    assert model.labels("topics")[int(found.argmax())] == "crime_and_law"


def test_other_languages_have_no_quality(model: EncoderModel) -> None:
    found = model.probabilities(["Der Richter las das Urteil."], ["de"])
    assert np.isnan(found["quality"]).all()
    assert np.isnan(found["topics"]).all()
