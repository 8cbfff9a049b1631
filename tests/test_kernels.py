from __future__ import annotations

import os
import shutil
import stat
import subprocess
import sys
import tempfile
from collections.abc import Callable
from pathlib import Path

import pytest

import curation
from curation import kernels
from tests.archive import ROOT, zip_packages

ASK = "from curation.kernels import cache_folder; print(cache_folder())"
CALL = """
import numpy as np
from curation.arrow_text import copy_spans as copy
data, place = np.zeros(3, np.uint8), np.arange(3)
copy(data, place, place + 1, data)
hits, misses = copy.stats.cache_hits, copy.stats.cache_misses
print(copy.__module__, sum(hits.values()), sum(misses.values()))
"""


def fresh(code: str, path: Path, **environment: str) -> str:
    """What a process of its own prints, with modules from `path` and nothing of ours set."""
    known = {name: value for name, value in os.environ.items() if name != "NUMBA_CACHE_DIR"}
    done = subprocess.run(
        [sys.executable, "-P", "-c", code],
        env={**known, "PYTHONPATH": str(path), **environment},
        capture_output=True,
        text=True,
        check=True,
    )
    return done.stdout.strip()


@pytest.mark.parametrize("name", ["curation", "classifiers"])
def test_a_change_of_any_source_gives_another_folder(tmp_path: Path, name: str) -> None:
    package = tmp_path / "curation"
    (tmp_path / name / "deep").mkdir(parents=True)
    package.mkdir(exist_ok=True)
    (tmp_path / name / "__init__.py").touch()
    for source in ("__init__.py", "kernels.py"):
        shutil.copy(Path(curation.__file__).with_name(source), package)
    (tmp_path / name / "deep" / "constants.py").write_text("LIMIT = 1\n")
    cache = str(tmp_path / "cache")
    before = fresh(ASK, tmp_path, XDG_CACHE_HOME=cache)
    assert before == fresh(ASK, tmp_path, XDG_CACHE_HOME=cache)
    assert Path(before).is_relative_to(cache)
    (tmp_path / name / "deep" / "constants.py").write_text("LIMIT = 2\n")
    assert fresh(ASK, tmp_path, XDG_CACHE_HOME=cache) != before


def test_zips_and_folders_share_a_cache_though_there_is_no_home(tmp_path: Path) -> None:
    """Each executor has a copy of the zip, at a path of its own."""
    home, temporary = tmp_path / "missing", tmp_path / "tmp"
    temporary.mkdir()
    world = {"HOME": str(home), "XDG_CACHE_HOME": "", "TMPDIR": str(temporary)}
    places = [zip_packages(tmp_path / name / "code.zip") for name in ("first", "second")]
    before = set(tmp_path.rglob("*"))
    assert fresh(CALL, places[0], **world) == "curation.arrow_text 0 1"
    for place in (places[1], ROOT):
        assert fresh(CALL, place, **world) == "curation.arrow_text 1 0"
    made = set(tmp_path.rglob("*")) - before
    folders = {path for path in made if path.parent == temporary}
    assert len(folders) == 1
    assert all(path.is_relative_to(*folders) for path in made)
    assert any(path.suffix == ".nbc" for path in made)


choose = kernels.cache_folder.__wrapped__


@pytest.fixture
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """An empty home, beside an empty folder `tmp` for temporary files."""
    for name in ("home", "tmp"):
        (tmp_path / name).mkdir()
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.delenv("XDG_CACHE_HOME", raising=False)
    monkeypatch.delenv("NUMBA_CACHE_DIR", raising=False)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "tmp"))
    return tmp_path / "home"


def test_kernels_are_cached_in_the_home(home: Path) -> None:
    folder = choose()
    assert folder.parent == home / ".cache" / "winnow" / "numba"
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700


def test_what_the_user_names_goes_before_the_home(
    home: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    assert choose().is_relative_to(tmp_path / "cache")
    monkeypatch.setenv("NUMBA_CACHE_DIR", str(tmp_path / "given" / "here"))
    assert choose().is_relative_to(tmp_path / "given" / "here")
    assert list(home.iterdir()) == []


def make_home_missing(home: Path) -> None:
    home.rmdir()


def make_home_read_only(home: Path) -> None:
    if os.geteuid() == 0:
        pytest.skip("root writes everywhere")
    home.chmod(0o500)


def make_home_unusable(home: Path) -> None:
    (home / ".cache").write_text("no folder")


@pytest.mark.parametrize("spoil", [make_home_missing, make_home_read_only, make_home_unusable])
def test_without_a_home_processes_of_a_user_share_a_temporary_folder(
    home: Path, spoil: Callable[[Path], None]
) -> None:
    spoil(home)
    before = sorted(home.rglob("*"))
    folder = choose()
    assert folder == choose()
    assert folder.parent == home.with_name("tmp")
    assert folder.name.startswith(f"winnow-numba-{os.geteuid()}-")
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert sorted(home.rglob("*")) == before


def swap_for_a_link(folder: Path) -> None:
    elsewhere = folder.with_name("elsewhere")
    folder.rename(elsewhere)
    folder.symlink_to(elsewhere)


def open_to_others(folder: Path) -> None:
    folder.chmod(0o777)


def give_away(folder: Path) -> None:
    if os.geteuid() != 0:
        pytest.skip("only root gives files away")
    os.chown(folder, 65534, 65534)


@pytest.mark.parametrize("spoil", [swap_for_a_link, open_to_others, give_away])
def test_a_temporary_folder_that_others_may_write_to_is_not_trusted(
    home: Path, spoil: Callable[[Path], None]
) -> None:
    make_home_missing(home)
    trap = choose()
    spoil(trap)
    instead = choose()
    assert instead not in (trap, trap.with_name("elsewhere"))
    assert instead.parent == home.with_name("tmp")
    assert stat.S_IMODE(instead.stat().st_mode) == 0o700


COMPILE = """
import sys, time
from pathlib import Path
from curation.kernels import compile_once
with open(sys.argv[1], "a") as log:
    def call():
        log.write("in "); log.flush()
        time.sleep(0.5)
        log.write("out "); log.flush()
    compile_once("these", call)
"""


def test_processes_that_start_at_once_compile_one_after_the_other(tmp_path: Path) -> None:
    """What the first one compiles, the others load; so they wait for it."""
    log = tmp_path / "log"
    environment = {**os.environ, "NUMBA_CACHE_DIR": str(tmp_path), "PYTHONPATH": str(ROOT)}
    command = [sys.executable, "-c", COMPILE, str(log)]
    started = [subprocess.Popen(command, env=environment) for _ in range(3)]
    assert [process.wait() for process in started] == [0, 0, 0]
    first, *rest = log.read_text().split()
    assert (first, rest[0], len(rest)) == ("in", "out", 5)
