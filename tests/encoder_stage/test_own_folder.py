"""The folder of a Ray that is started here."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

import pytest

from curation.encoder.own_folder import own_folder


@pytest.fixture
def temporary(monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Where folders are made; its own name is short enough."""
    with tempfile.TemporaryDirectory(dir="/tmp") as folder:
        monkeypatch.setattr(tempfile, "tempdir", folder)
        yield Path(folder)


def of_yesterday(folder: Path) -> Path:
    folder.mkdir(exist_ok=True)
    (folder / "session").write_text("")
    os.utime(folder, (1e9, 1e9))
    return folder


def test_a_folder_goes_when_it_is_done_with(temporary: Path) -> None:
    with own_folder() as folder:
        (Path(folder) / "session").mkdir()
        assert Path(folder).parent == temporary
    assert not [*temporary.iterdir()]


def test_what_a_killed_process_left_goes(temporary: Path) -> None:
    left, other = (of_yesterday(temporary / name) for name in ("winnow-ray-left", "winnow-other"))
    new = temporary / "winnow-ray-new"
    new.mkdir()
    (temporary / "winnow-ray-link").symlink_to(other)
    with own_folder() as first:
        assert not left.exists()
        of_yesterday(Path(first))
        with own_folder():
            assert (Path(first) / "session").exists()
    assert (other / "session").exists()
    assert new.exists()


def test_sockets_behind_a_long_name_would_not_fit(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    long = tmp_path / ("x" * 30)
    long.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(long))
    with own_folder() as folder:
        assert Path(folder).parent == Path("/tmp")
