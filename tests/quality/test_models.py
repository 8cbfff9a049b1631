"""Models that recipes name: what is wrong with one is told in a line, before a run starts."""

from __future__ import annotations

import json
import pickle
from pathlib import Path

import pyarrow as pa
import pytest

from curation.errors import UserError
from curation.quality.config import ModelConfig, ScoresConfig
from curation.quality.models import load_model, pinned_model
from curation.recipe import load
from curation.run import new_run
from tests import runs
from tests.quality.small import BAD, GOOD, small_model, write_model

TEXTS = pa.array([GOOD.format(1), BAD.format(2), None, ""])
ENGLISH = pa.array(["en"] * 4)


def test_described_model(tmp_path: Path) -> None:
    model = load_model(ModelConfig(path=str(write_model(tmp_path))))
    good, bad, *others = model.score(TEXTS, ENGLISH).field("good").to_pylist()
    assert good > 0.8
    assert bad < 0.2
    assert others[0] is None


def test_published_model_reads_texts_as_they_are(tmp_path: Path) -> None:
    path = tmp_path / "published.bin"
    path.write_bytes(small_model())
    config = ModelConfig(path=str(path), label="bad", languages=("en",))
    model = load_model(pinned_model("quality", config))
    found = model.score(pa.array(["menu | login | cart"] * 2), pa.array(["en", "de"]))
    assert found.field("bad").to_pylist() == [pytest.approx(1, abs=0.1), None]


@pytest.mark.parametrize("name", ["quality", "code", "math", "topics"])
def test_bundled_model(name: str) -> None:
    config = getattr(ScoresConfig(), name)
    model = load_model(pinned_model(name, config))
    assert len(model.labels) >= (20 if name == "topics" else 1)


def _break(path: Path, what: str) -> None:
    file, content = path.with_suffix(".ftz"), small_model()
    description = json.loads(path.read_text())
    if what == "no file":
        file.unlink()
    elif what == "truncated":
        file.write_bytes(content[:-100])
    elif what == "other content":
        file.write_bytes(content[:-1] + b"x")
    elif what == "other path":
        path.write_text(json.dumps({**description, "file": "../small.ftz"}))
    elif what == "other label":
        path.write_text(json.dumps({**description, "labels": ["great"]}))
    elif what == "other kind":
        path.write_text(json.dumps({**description, "kind": "pickle"}))
    elif what == "no description":
        path.write_bytes(pickle.dumps(description))


@pytest.mark.parametrize(
    ("what", "told"),
    [
        ("no file", "no such file"),
        ("truncated", "expected another file"),
        ("other content", "expected another file"),
        ("other path", "no description of a model: file"),
        ("other label", "has no label 'great', but"),
        ("other kind", "no description of a model: kind"),
        ("no description", "no description of a model"),
    ],
)
def test_what_is_wrong_is_told_before_a_run_starts(tmp_path: Path, what: str, told: str) -> None:
    path = write_model(tmp_path)
    _break(path, what)
    with pytest.raises(UserError, match=told) as error:
        _open(tmp_path, f"scores.quality.path={path}")
    assert str(tmp_path) in str(error.value)
    assert "\n" not in str(error.value)


@pytest.mark.parametrize("content", [b"", b"\x80\x04pickle", b"PK\x03\x04", b"<html>", b"x" * 999])
def test_other_files(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "model.bin"
    path.write_bytes(content)
    with pytest.raises(UserError, match=r"model\.bin: ") as error:
        _open(tmp_path, f"scores.quality={{path: {path}, label: hq}}")
    assert "\n" not in str(error.value)


def test_a_truncated_published_model(tmp_path: Path) -> None:
    path = tmp_path / "model.bin"
    path.write_bytes(small_model()[:-50])
    with pytest.raises(UserError, match=r"model\.bin: "):
        _open(tmp_path, f"scores.quality={{path: {path}, label: good}}")


@pytest.mark.parametrize(
    ("override", "told"),
    [
        ("scores.quality={path: PATH.bin}", "has 2 labels: name the one whose probability counts"),
        ("scores.quality={path: PATH.json, label: good}", "leave them out"),
        ("scores.quality={path: nowhere.json}", "no such file"),
        ("scores.quality={path: 'bundled:nothing'}", "no such model comes with the package"),
        ("quality.general={keep: 0.5, min_score: 0.5}", "give one of them"),
        ("quality.general={keep: 1.5}", "'quality.general.keep' is 1.5"),
        ("quality.general={languages: {EN: {keep: 0.5}}}", "no page is in 'EN'"),
        ("quality.sport={keep: 0.5}", "unknown key 'quality.sport'"),
        ("quality.general.keep=0.5; scores.quality=null", "no page has a score"),
        ("mix.topics={mathmatics: 0.5}", "no 'mathmatics': did you mean 'mathematics'"),
        ("mix.topics={mathematics: 0.5}; scores.topics=null", "no 'mathematics': known: none"),
        ("quality.general.keep=0.5; inputs.0.stages=[extract]", "no input passes"),
    ],
)
def test_mistakes_in_recipes(tmp_path: Path, override: str, told: str) -> None:
    path = write_model(tmp_path)
    path.with_suffix(".bin").write_bytes(small_model())
    given = override.replace("PATH", str(path.with_suffix(""))).split("; ")
    with pytest.raises(UserError, match=told):
        _open(tmp_path, *given)


def _open(folder: Path, *overrides: str) -> None:
    paths = [str(runs.SAMPLE / "planted.warc.gz")]
    new_run(load("default", paths=paths, overrides=overrides), str(folder / "run"))
