"""The cache: what came is there, whatever broke off; on a disk, and in a store."""

from __future__ import annotations

import threading
from pathlib import Path

import pytest

from curation.annotation.cache import Cache, Judgement, read_judgements
from curation.errors import UserError
from curation.storage import put, storage


def judgement(key: str, score: int | None = 3) -> Judgement:
    return Judgement(key=key, score=score, reason="so\u2028 it\n is", tokens_in=1, tokens_out=2)


@pytest.fixture(params=["disk", "store"])
def folder(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    if request.param == "disk":
        return str(tmp_path / "cache")
    return str(request.getfixturevalue("s3"))


def test_what_was_added_is_found(folder: str) -> None:
    assert read_judgements(folder) == {}
    for scores in ((None, 1), (4, 2)):
        cache = Cache(folder)
        cache.add(judgement("a", scores[0]))
        cache.add(judgement("b", scores[1]))
        cache.close()
    assert read_judgements(folder) == {"a": judgement("a", 4), "b": judgement("b", 2)}


def test_a_line_that_broke_off_does_not_count(tmp_path: Path) -> None:
    cache = Cache(str(tmp_path))
    cache.add(judgement("a"))
    cache.add(judgement("b"))
    cache.close()
    file = tmp_path / "answers.jsonl"
    whole = file.read_bytes()
    for end in range(len(whole) + 1):
        file.write_bytes(whole[:end])
        cache = Cache(str(tmp_path))
        cache.add(judgement("c"))
        cache.close()
        lines = whole[:end].count(b"\n") + (whole[end : end + 1] == b"\n")
        assert sorted(read_judgements(str(tmp_path))) == [*["a", "b"][:lines], "c"]


def test_one_process_asks_at_a_time(tmp_path: Path) -> None:
    first = Cache(str(tmp_path))
    with pytest.raises(UserError, match="another process is asking"):
        Cache(str(tmp_path))
    first.close()
    Cache(str(tmp_path)).close()


def test_threads_do_not_mix_lines(folder: str) -> None:
    cache = Cache(folder)

    def add(number: int) -> None:
        for line in range(40):
            cache.add(judgement(f"{number} {line}"))

    threads = [threading.Thread(target=add, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    cache.close()
    assert len(read_judgements(folder)) == 160
    put(f"{folder}/notes.txt", b"no answers")
    assert len(storage(folder).walk(folder)) == (2 if "://" not in folder else 5)
