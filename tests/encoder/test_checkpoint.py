import hashlib
import json
from pathlib import Path

import pytest
import torch
from safetensors.torch import load_file, save_file

from classifiers.encoder.checkpoint import MINILM, open_checkpoint
from classifiers.encoder.encoder import Encoder
from tests.encoder.models import write_checkpoint


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    write_checkpoint(tmp_path, "bert", own=True)
    return tmp_path


def _refused(folder: Path) -> str:
    with pytest.raises(ValueError, match=r"[a-z]") as caught:
        Encoder(open_checkpoint(str(folder)), pooling="own", device="cpu")
    assert "\n" not in str(caught.value)
    return str(caught.value)


def test_a_packages_checkpoint_has_its_files() -> None:
    assert open_checkpoint(MINILM).config["hidden_size"] == 384


def test_a_package_that_is_missing_is_named() -> None:
    with pytest.raises(ValueError, match="the package no-such is not installed"):
        open_checkpoint("package:no_such/model")


def test_a_hub_id_without_the_hub_is_one_line(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("huggingface_hub.constants.HF_HUB_OFFLINE", True)
    with pytest.raises(ValueError, match="cannot be had from the hub") as caught:
        open_checkpoint("nobody/no-such-model")
    assert "\n" not in str(caught.value)


@pytest.mark.parametrize("file", ["config.json", "tokenizer.json", "model.safetensors"])
def test_a_missing_file_is_named(folder: Path, file: str) -> None:
    (folder / file).unlink()
    assert file in _refused(folder)


def test_a_pickle_is_not_read(folder: Path) -> None:
    weights = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    torch.save(weights, folder / "pytorch_model.bin")
    assert "other formats are not read" in _refused(folder)


def test_a_clipped_file_is_refused(folder: Path) -> None:
    file = folder / "model.safetensors"
    file.write_bytes(file.read_bytes()[:-100])
    assert "cannot be read as safetensors" in _refused(folder)


@pytest.mark.parametrize(
    ("change", "said"),
    [("missing", "is missing"), ("shape", "as configured"), ("nan", "not finite")],
)
def test_weights_that_are_wrong_are_named(folder: Path, change: str, said: str) -> None:
    weights = load_file(folder / "model.safetensors")
    name = "bert.encoder.layer.1.output.dense.weight"
    if change == "missing":
        del weights[name]
    elif change == "shape":
        weights[name] = weights[name][:, :-1].contiguous()
    else:
        weights[name][3, 3] = torch.nan
    save_file(weights, folder / "model.safetensors")
    found = _refused(folder)
    assert said in found
    assert name in found


def test_code_of_a_checkpoint_never_runs(folder: Path) -> None:
    (folder / "evil.py").write_text("raise SystemExit('it ran')\n")
    config = json.loads((folder / "config.json").read_text())
    config |= {"model_type": "strange", "auto_map": {"AutoConfig": "evil.Config"}}
    (folder / "config.json").write_text(json.dumps(config))
    assert "evil" not in _refused(folder)


@pytest.mark.parametrize("name", ["config.json", "tokenizer.json", "model.safetensors"])
def test_the_hash_is_of_all_that_decides(folder: Path, name: str) -> None:
    before = open_checkpoint(str(folder)).sha256
    (folder / name).write_bytes((folder / name).read_bytes() + b"\n")
    assert open_checkpoint(str(folder)).sha256 != before


def test_the_hash_is_of_all_shards(folder: Path) -> None:
    weights = load_file(folder / "model.safetensors")
    (folder / "model.safetensors").unlink()
    names = sorted(weights)
    parts = {"b.safetensors": names[::2], "a.safetensors": names[1::2]}
    for file, some in parts.items():
        save_file({name: weights[name] for name in some}, folder / file)
    index = {"weight_map": {name: file for file, some in parts.items() for name in some}}
    (folder / "model.safetensors.index.json").write_text(json.dumps(index))
    found = open_checkpoint(str(folder))
    files = ("config.json", "tokenizer.json", "a.safetensors", "b.safetensors")
    digests = [hashlib.sha256((folder / file).read_bytes()).digest() for file in files]
    assert found.sha256 == hashlib.sha256(b"".join(digests)).hexdigest()
    assert Encoder(found, pooling="own", device="cpu").width == 3


@pytest.mark.parametrize(
    ("config", "message"),
    [
        ("[" * 100_000, "cannot be read as JSON"),
        ('{"model_type": "roberta", "pad_token_id": null}', "pad_token_id is None"),
        ('{"model_type": "bert", "num_attention_heads": 0}', "num_attention_heads is 0"),
        ('{"model_type": "bert", "hidden_size": "768"}', "hidden_size is '768'"),
        ('{"model_type": ["bert"]}', "no model_type"),
    ],
)
def test_a_configuration_that_is_none(tmp_path: Path, config: str, message: str) -> None:
    for name in ("tokenizer.json", "model.safetensors"):
        (tmp_path / name).touch()
    (tmp_path / "config.json").write_text(config)
    with pytest.raises(ValueError, match=message):
        open_checkpoint(str(tmp_path))
