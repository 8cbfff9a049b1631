"""Code that is imported from a zip, as in executors: bundled files, kernels, whole runs."""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from curation.kernels import cache_folder
from tests import runs
from tests.archive import zip_packages


@pytest.fixture(scope="module")
def archive(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return zip_packages(tmp_path_factory.mktemp("zip") / "winnow.zip")


def curate(archive: Path, *arguments: str | Path, home: Path) -> subprocess.CompletedProcess[str]:
    """`curate run` out of the zip, in a world where nobody has a home.

    Kernels are cached where this process has them: compiling them once more takes half a minute.
    """
    cache = cache_folder().parents[2]
    world = {
        "PYTHONPATH": str(archive),
        "HOME": str(home / "missing"),
        "XDG_CACHE_HOME": str(cache),
    }
    return subprocess.run(
        [sys.executable, "-P", "-m", "curation.cli", "run", *map(str, arguments)],
        env={**os.environ, **world},
        capture_output=True,
        text=True,
        check=False,
    )


def test_a_local_run_out_of_a_zip(
    archive: Path, small_input: Path, expected_shards: dict[str, bytes], tmp_path: Path
) -> None:
    given = ["--recipe", "default", "--input", str(small_input), "--output", str(tmp_path / "out")]
    small = [word for override in runs.SMALL for word in ("--set", override)]
    master = ["--spark-conf", "spark.master=local[2,4]"]
    done = curate(archive, *given, *small, *master, home=tmp_path)
    assert done.returncode == 0, done.stderr
    assert runs.shards(tmp_path / "out") == expected_shards
    assert "ERROR" not in done.stderr
    assert sorted(path.name for path in tmp_path.iterdir()) == ["out"]


def test_the_sample_cannot_be_read_out_of_a_zip(archive: Path, tmp_path: Path) -> None:
    refused = curate(archive, "--recipe", "sample", "--output", tmp_path / "out", home=tmp_path)
    assert refused.returncode == 2
    assert refused.stderr == f"curate: {archive}/curation/sample/*.warc.gz: no file matches\n"
