"""`curate mix-search`: what a user sees, over a planted world with tiny models."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import yaml

from curation.cli import main
from tests.mix_search import worlds

JOB = Path(__file__).parents[2] / "jobs" / "mix_search.py"
GIVEN = (
    *("--default", "plain=0.8,rich=0.2", "--sizes", "1x32", "--candidates", "4", "--repeats", "3"),
    *("--tokens", "12288", "--context", "32", "--batch", "4", "--learning-rate", "0.02"),
    *("--held-out", "15", "--least-held-out", "5", "--held-out-bytes", "256", "--device", "cpu"),
)


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A world in which nothing is to be learned of `plain`."""
    folder = tmp_path_factory.mktemp("world")
    return worlds.write(folder, worlds.rows({"plain": 80, "rich": 80}, tokens=200))


def run(data: Path, output: Path, *given: str) -> int:
    return main(["mix-search", str(data), "--output", str(output), *GIVEN, *given])


@pytest.fixture(scope="module")
def searched(data: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    output = tmp_path_factory.mktemp("search") / "out"
    assert run(data, output, "--processes", "1") == 0
    return output


def told(output: Path) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((output / "report.json").read_text())
    return found


def test_the_domain_that_needs_more_gets_more(searched: Path) -> None:
    shares = yaml.safe_load((searched / "recipe.yaml").read_text())["mix"]["shares"]
    assert shares["rich"] > 0.35
    assert sum(shares.values()) == pytest.approx(1, abs=1e-6)
    (size,) = told(searched)["sizes"]
    assert size["best"] == shares
    assert size["difference"]["rich"]["mean"] < -0.1
    assert len(size["candidates"]) == 8
    assert [len(size[kind]) for kind in ("default_models", "best_models")] == [3, 3]


def test_people_are_told_what_it_can_tell(searched: Path) -> None:
    report = (searched / "report.md").read_text()
    assert "says little of a large one" in report
    assert "bits per byte, 95% interval" in report
    assert "noise of seeds" in report
    assert "One size says nothing about how the mix moves with size" in report
    assert (searched / "mix-1x32.png").read_bytes().startswith(b"\x89PNG")


def test_other_weights_take_the_models_that_are_there(
    data: Path, searched: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before = {path: path.stat().st_mtime_ns for path in (searched / "runs").iterdir()}
    first = {name: (searched / name).read_bytes() for name in ("report.json", "recipe.yaml")}
    assert run(data, searched, "--weights", "plain=1", "--processes", "1") == 0
    assert "candidates: 10 models, all there" in capsys.readouterr().err
    assert told(searched)["weights"] == {"plain": 1.0, "rich": 0.0}
    assert yaml.safe_load((searched / "recipe.yaml").read_text())["mix"]["shares"]["rich"] < 0.2
    assert run(data, searched) == 0
    assert {name: (searched / name).read_bytes() for name in first} == first
    assert (
        before.items() <= {p: p.stat().st_mtime_ns for p in (searched / "runs").iterdir()}.items()
    )


def test_a_stopped_search_goes_on_in_processes_and_comes_to_the_same(
    data: Path, searched: Path, tmp_path: Path
) -> None:
    output = tmp_path / "out"
    command = [sys.executable, str(JOB), str(data), "--output", str(output), *GIVEN]
    environment = {**os.environ, "PYTHONHASHSEED": "7"}
    with subprocess.Popen(
        [*command, "--processes", "2"], env=environment, stderr=subprocess.PIPE, text=True
    ) as process:
        while not list((output / "runs").glob("*.json")):
            assert process.poll() is None
            time.sleep(0.02)
        process.send_signal(signal.SIGINT)
        _, shown = process.communicate(timeout=60)
    assert process.returncode == 130
    assert shown.splitlines()[-1] == "curate: interrupted: the same command goes on where it was"
    assert "Traceback" not in shown
    assert not (output / "report.json").exists()
    kept = {path.name: path.read_bytes() for path in (output / "runs").iterdir()}
    assert kept
    assert run(data, output, "--processes", "1") == 0
    made = {path.name: path.read_bytes() for path in (output / "runs").iterdir()}
    assert kept.items() <= made.items()
    theirs = {path.name: path.read_bytes() for path in (searched / "runs").iterdir()}
    assert made.items() <= theirs.items()


@pytest.mark.parametrize(
    ("given", "message"),
    [
        (("--default", "plain=0.5,rich=0.2,code=0.3"), "domain code: no page of it"),
        (("--default", "plain=0.5,rich=0.6"), "--default: expected shares above 0 that add up"),
        (("--weights", "code=1"), "--weights code: expected one of plain, rich"),
        (("--at-least", "plain=0.7,rich=0.7"), "no mix has these shares"),
        (("--candidates", "1"), "--candidates: 2 at least for 2 domains"),
        (("--repeats", "1"), "--repeats: 2 at least"),
        (("--least-held-out", "50"), "add pages, or raise --held-out-share"),
        (("--device", "nowhere"), "--device: device nowhere"),
        (("--tokens", "100"), "--tokens: one batch at least"),
        (("--tokenizer", "/no/tokenizer.json"), "/no/tokenizer.json"),
    ],
)
def test_what_is_refused_is_one_line(
    data: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    given: tuple[str, ...],
    message: str,
) -> None:
    output = tmp_path / "out"
    assert run(data, output, *given) == 2
    shown = [
        line for line in capsys.readouterr().err.splitlines() if not line.startswith("reading")
    ]
    assert len(shown) == 1
    assert message in shown[0]
    assert not output.exists()


def test_a_folder_that_holds_something_else_is_refused_before_pages_are_read(
    data: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "notes.txt").write_text("mine")
    assert run(data, tmp_path) == 2
    told = f"{tmp_path} is not empty and holds no mix search: choose a new folder"
    assert capsys.readouterr().err == f"curate: {told}\n"
    assert [path.name for path in tmp_path.iterdir()] == ["notes.txt"]


def test_folders_that_are_no_data_sets_are_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    (tmp_path / "empty").mkdir()
    worlds.write(tmp_path / "bare", [{"doc_id": "a", "text": "x"}])
    worlds.write(tmp_path / "run" / "shards", worlds.rows({"plain": 1}))
    (tmp_path / "run" / "run.json").write_text("{}")
    (tmp_path / "damaged").mkdir()
    (tmp_path / "damaged" / "a.parquet").write_bytes(b"no")
    for name, message in {
        "empty": "no shards there",
        "bare": "has no column domain",
        "run": "is a whole run: give its shards/",
        "damaged": "is damaged, no Parquet file",
    }.items():
        assert run(tmp_path / name, tmp_path / "out") == 2
        assert message in capsys.readouterr().err


def test_a_folder_with_models_of_other_pages_is_refused(
    searched: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = worlds.write(tmp_path, worlds.rows({"plain": 90, "rich": 80}, tokens=200))
    assert run(other, searched) == 2
    assert "has models of another setting (pages differ)" in capsys.readouterr().err


def test_without_torch_one_line_says_what_to_install(
    data: Path,
    tmp_path: Path,
    capsys: pytest.CaptureFixture[str],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    def find(name: str) -> object:
        return None if name == "torch" else find_spec(name)

    monkeypatch.setattr("curation.commands.mix_search.find_spec", find)
    assert run(data, tmp_path / "out") == 2
    shown = capsys.readouterr().err
    assert shown.startswith("curate: mix search needs torch: install it with")
    assert shown.count("\n") == 1
