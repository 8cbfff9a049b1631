"""What is wrong with an encoder is told, in one line, before a run starts."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from classifiers.encoder.checkpoint import MINILM
from curation.encoder.config import EncoderConfig
from curation.encoder.models import languages_read, load_encoder, open_tokeniser, pinned_encoder
from curation.errors import UserError
from curation.quality.config import DomainCut, QualityConfig
from curation.recipe import load
from curation.semantic.config import SemanticConfig
from tests.encoder_stage.small import make_checkpoint, make_model

WORDS = {"the", "words", "of", "a", "test"}


def config(path: Path, **more: object) -> EncoderConfig:
    return EncoderConfig(path=str(path), **more)  # type: ignore[arg-type]


def test_a_description_is_pinned_and_loads(tmp_path: Path) -> None:
    pinned = pinned_encoder(config(make_model(tmp_path / "model", WORDS)))
    assert pinned.sha256 is not None
    model = load_encoder(pinned)
    assert model.heads == ("quality", "topics")
    tokens = open_tokeniser(pinned).tokens(["the words", None, "unheardof"])
    assert tokens.page.tolist() == [0]


def test_another_description_than_when_the_run_was_opened(tmp_path: Path) -> None:
    path = make_model(tmp_path / "model", WORDS)
    pinned = pinned_encoder(config(path))
    path.write_bytes(path.read_bytes() + b"\n")
    with pytest.raises(UserError, match="is not the file that the recipe names"):
        load_encoder(pinned)


@pytest.mark.parametrize(
    ("changed", "told"),
    [
        ({"encoder_sha256": "0" * 64}, "encoder: its sha256 is not as described"),
        ({"sha256": "0" * 64}, r"heads\.safetensors: its sha256 is not as described"),
        (
            {"heads": {"mood": {"labels": ["a"], "scored": ["a"]}}},
            "has a head 'mood'; heads are quality, code, math, topics",
        ),
        ({"encoder": "nowhere/at-all"}, "nowhere/at-all"),
        ({"max_tokens": 4}, "max_tokens"),
        ({"max_tokens": 4096}, "max_tokens 4096"),
    ],
)
def test_descriptions_that_are_wrong(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, changed: dict[str, object], told: str
) -> None:
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    path = make_model(tmp_path / "model", WORDS)
    path.write_text(json.dumps({**json.loads(path.read_text()), **changed}))
    with pytest.raises(UserError, match=told) as raised:
        pinned_encoder(config(path))
    assert "\n" not in str(raised.value)


def test_a_model_of_another_head_scores_but_does_not_judge(tmp_path: Path) -> None:
    path = make_model(tmp_path / "model", WORDS)
    described = json.loads(path.read_text())
    described["heads"]["math"] = described["heads"].pop("quality")
    path.write_text(json.dumps(described))
    assert pinned_encoder(config(path)).sha256
    judged = QualityConfig(general=DomainCut(keep=0.5))
    with pytest.raises(UserError, match=r"has no head 'quality', by which 'encoder\.quality'"):
        pinned_encoder(replace(config(path), quality=judged))


def test_only_languages_that_a_head_knows_are_read(tmp_path: Path) -> None:
    path = make_model(tmp_path / "model", WORDS)
    described = json.loads(path.read_text())
    described["heads"]["quality"]["languages"] = ["en"]
    described["heads"]["topics"]["languages"] = ["de", "en"]
    path.write_text(json.dumps(described))
    assert languages_read(config(path)) == {"de", "en"}
    assert languages_read(replace(config(path), semantic=SemanticConfig())) is None
    described["heads"]["topics"]["languages"] = None
    path.write_text(json.dumps(described))
    assert languages_read(config(path)) is None


def test_a_checkpoint_without_safetensors(tmp_path: Path) -> None:
    folder = make_checkpoint(tmp_path / "encoder", WORDS)
    (folder / "model.safetensors").rename(folder / "pytorch_model.bin")
    with pytest.raises(UserError, match=r"has no model\.safetensors; other formats are not read"):
        pinned_encoder(config(folder))


def test_a_checkpoint_with_a_head_of_its_own(tmp_path: Path) -> None:
    folder = make_checkpoint(tmp_path / "encoder", WORDS, labels=3)
    with pytest.raises(UserError, match=r"has 3 labels: name the one .*: LABEL_0, LABEL_1"):
        pinned_encoder(config(folder))
    with pytest.raises(UserError, match="gives scores of its own, no vectors"):
        pinned_encoder(config(folder, label="LABEL_2", semantic=SemanticConfig()))
    pinned = pinned_encoder(config(folder, label="LABEL_2"))
    assert pinned.sha256 is not None
    found = load_encoder(pinned).probabilities(["the words of a test"], [None])["quality"]
    assert found.shape == (1, 1)
    assert 0 < found[0, 0] < 1


def test_a_bundled_model_has_no_values_of_its_own() -> None:
    with pytest.raises(UserError, match="no such model comes with the package"):
        pinned_encoder(EncoderConfig(path="bundled:nothing"))
    with pytest.raises(UserError, match="tells labels, bounds and languages itself"):
        pinned_encoder(EncoderConfig(path="bundled:nothing", label="good"))


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ("encoder.bounds=[1, 1]", "'encoder.bounds' are two numbers"),
        ("encoder.languages=[xx]", "'encoder.languages' has 'xx'"),
        ("encoder.quality={code: {keep: 1, min_score: 0}}", "'encoder.quality.code' has 'keep'"),
        ("encoder.share=0", "'encoder.share' is 0: expected a number above 0, at most 1"),
    ],
)
def test_recipes_that_are_wrong(given: str, told: str) -> None:
    with pytest.raises(UserError, match=told.replace("[", r"\[")):
        load("default", paths=["x.jsonl"], overrides=[f"encoder.path={MINILM}", given])


def test_where_a_path_counts_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)

    def path(given: str) -> str:
        recipe = load("default", paths=["x.jsonl"], overrides=[f"encoder.path={given}"])
        assert recipe.encoder is not None
        return recipe.encoder.path

    assert path("models/student.json") == str(tmp_path / "models" / "student.json")
    assert path("owner/name") == "owner/name"
    (tmp_path / "owner" / "name").mkdir(parents=True)
    assert path("owner/name") == str(tmp_path / "owner" / "name")
    assert path(MINILM) == MINILM
