from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import curation

ASK = "import curation.kernels, os; print(os.environ['NUMBA_CACHE_DIR'])"


def cache_folder(package: Path, **environment: str) -> Path:
    """Where a fresh process that imports `package` keeps its kernels."""
    known = {name: value for name, value in os.environ.items() if name != "NUMBA_CACHE_DIR"}
    done = subprocess.run(
        [sys.executable, "-c", ASK],
        env={**known, "PYTHONPATH": str(package.parent), **environment},
        cwd=package.parent,
        capture_output=True,
        text=True,
        check=True,
    )
    return Path(done.stdout.strip())


def test_a_change_of_any_source_gives_another_folder(tmp_path: Path) -> None:
    package = tmp_path / "curation"
    package.mkdir()
    for name in ("__init__.py", "kernels.py", "arrow_text.py"):
        shutil.copy(Path(curation.__file__).with_name(name), package)
    cache = str(tmp_path / "cache")
    before = cache_folder(package, XDG_CACHE_HOME=cache)
    assert before == cache_folder(package, XDG_CACHE_HOME=cache)
    assert before.is_relative_to(cache)
    with (package / "arrow_text.py").open("a") as file:
        file.write("# changed\n")
    assert cache_folder(package, XDG_CACHE_HOME=cache) != before


def test_a_home_that_cannot_be_written_costs_the_cache_and_not_the_run(tmp_path: Path) -> None:
    package = Path(curation.__file__).parent
    (tmp_path / "file").write_text("")
    folder = cache_folder(package, XDG_CACHE_HOME=str(tmp_path / "file"))
    assert folder.is_dir()
    assert not folder.is_relative_to(tmp_path)
    folder.rmdir()
