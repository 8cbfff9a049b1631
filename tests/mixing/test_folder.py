"""Data sets whose domains lie apart."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from curation.errors import UserError
from curation.mixing.loader import ShardDataset
from curation.mixing.loading.folder import open_folder
from tests.mixing.data_sets import describe, number_of, write_data_set

ROWS = {"general": (30, 30, 30, 30), "code": (20,), "math": (10, 10)}


@pytest.fixture(scope="module")
def apart(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("apart") / "shards"
    files = []
    for domain, rows in ROWS.items():
        write_data_set(folder / domain, rows)
        (folder / domain / "_manifest.json").unlink()
        paths = sorted((folder / domain).iterdir())
        for path, count in zip(paths, rows, strict=True):
            files.append(describe(folder, str(path.relative_to(folder)), count))
    (folder / "_manifest.json").write_text(json.dumps({"files": files}))
    return folder


def test_files_of_domains_take_turns(apart: Path) -> None:
    order = [file.path.split("/")[0] for file in open_folder(str(apart)).files]
    assert order == ["general", "math", "general", "code", "general", "math", "general"]
    paths = [file.path for file in open_folder(str(apart)).files]
    for domain in ROWS:
        assert [p for p in paths if p.startswith(domain)] == sorted(
            p for p in paths if p.startswith(domain)
        )


@pytest.mark.parametrize("domain", ROWS)
def test_a_domain_is_a_data_set_of_its_own(apart: Path, domain: str) -> None:
    data = ShardDataset(str(apart / domain), columns=("doc_id",), rank=0, world_size=1)
    assert [number_of(row) for row in data] == list(range(sum(ROWS[domain])))
    data.verify()


def test_another_folder_there_is_none(apart: Path) -> None:
    (apart / "news").mkdir()
    for folder in (apart / "news", apart.parent, Path("/"), apart / "math" / "more"):
        with pytest.raises(UserError, match=r"is no data set: no _manifest\.json there"):
            open_folder(str(folder))
    with pytest.raises(UserError, match="is no data set"):
        open_folder("s3:/")
