from __future__ import annotations

from pathlib import Path

import pytest

from curation.all_splits import split_pass
from curation.recipe import load
from curation.run import new_run
from curation.sample.hostile import Hostile, hostile_records
from curation.split_pass import run_split


def outcome(record: bytes, folder: Path) -> str:
    """Where the only record of a file ends: kept, a drop reason, or skipped."""
    path = folder / "one.warc.gz"
    path.write_bytes(record)
    recipe = load("default", paths=[str(path)])
    (split,) = new_run(recipe, str(folder / "run")).splits
    counts = run_split(split, split_pass(recipe), str(folder / "run")).counts
    if counts["ingest", "crawl", "in"] == 0:
        assert any(end.startswith("skipped:") for _, _, end in counts)
        return "skipped"
    dropped = [end for (_, _, end), pages in counts.items() if pages and end not in ("in", "kept")]
    return dropped[0] if dropped else "kept"


@pytest.mark.parametrize("hostile", hostile_records(), ids=lambda hostile: hostile.name)
def test_every_hostile_record_ends_where_it_should(hostile: Hostile, tmp_path: Path) -> None:
    assert outcome(hostile.record, tmp_path) == hostile.expect
