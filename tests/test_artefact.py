from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from curation.artefact import Artefact
from curation.errors import UserError
from curation.storage import join, put


@pytest.fixture(params=["local", "s3"])
def path(request: pytest.FixtureRequest) -> str:
    """Of a file that holds 'words'."""
    path = join(request.getfixturevalue(request.param), "file")
    put(path, b"words")
    return path


def test_a_pinned_file_is_read_as_it_was_or_not_at_all(path: str) -> None:
    artefact = Artefact(path=path)
    assert artefact.read() == b"words"
    pinned = artefact.pinned()
    assert pinned == Artefact(path=path, sha256=hashlib.sha256(b"words").hexdigest())
    assert pinned.read() == b"words"
    put(path, b"other")
    with pytest.raises(UserError, match="file: is not the file that the recipe names"):
        pinned.read()
    with pytest.raises(UserError, match="is not the file"):
        pinned.pinned()
    assert artefact.read() == b"other"


def test_a_file_is_mapped_as_it_was_or_not_at_all(path: str) -> None:
    pinned = Artefact(path=path).pinned()
    assert pinned.mapped().to_pybytes() == b"words"
    put(path, b"other")
    assert Artefact(path=path).mapped().to_pybytes() == b"other"
    if "://" in path:  # this machine has it
        assert pinned.mapped().to_pybytes() == b"words"
    else:
        with pytest.raises(UserError, match="is not the file that the recipe names"):
            pinned.mapped()


def test_a_file_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(UserError, match="nowhere: no such file"):
        Artefact(path=str(tmp_path / "nowhere")).pinned()
