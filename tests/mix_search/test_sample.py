"""Which pages are read, and on which side each is."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from curation.errors import UserError
from curation.mix_search.corpus import make_corpus
from curation.mix_search.sample import DomainPages, read_sample
from curation.mix_search.tokens import open_reader
from tests.mix_search import worlds
from tests.mixing.data_sets import describe
from tests.threads import left_by

DOMAINS = ("plain", "rich")


def names(pages: dict[str, DomainPages], side: str) -> set[str]:
    return {page.doc_id for of in pages.values() for page in getattr(of, side)}


def test_a_page_counts_once_and_is_on_one_side(tmp_path: Path) -> None:
    pages = worlds.rows({"plain": 80, "rich": 80, "other": 10})
    whole = worlds.write(tmp_path / "whole", pages)
    first = worlds.write(tmp_path / "a", pages[::2] + pages[:20])
    again = worlds.write(tmp_path / "b", pages[1::2] + pages[::-1])
    config = replace(worlds.SAMPLE, held_out=80)
    expected = read_sample([str(whole)], DOMAINS, config)
    assert read_sample([str(again), str(first)], DOMAINS, config) == expected
    train, held_out = names(expected, "train"), names(expected, "held_out")
    assert not train & held_out
    assert len(train) + len(held_out) == expected["plain"].found + expected["rich"].found == 160
    assert 16 < len(held_out) < 60


def test_so_many_pages_are_read_and_so_much_of_each(tmp_path: Path) -> None:
    folder = worlds.write(tmp_path, worlds.rows({"plain": 200, "rich": 200}))
    config = replace(worlds.SAMPLE, documents=30, document_bytes=100, held_out_bytes=50)
    for of in read_sample([str(folder)], DOMAINS, config).values():
        assert (len(of.train), len(of.held_out), of.found) == (30, 15, 200)
        assert {len(page.text) for page in of.train} == {100}
        assert {len(page.text) for page in of.held_out} == {50}


def test_sides_do_not_move_when_pages_or_folders_are_added(tmp_path: Path) -> None:
    pages = worlds.rows({"plain": 60, "rich": 60})
    small = read_sample([str(worlds.write(tmp_path / "a", pages))], DOMAINS, worlds.SAMPLE)
    more = worlds.rows({"plain": 120, "rich": 120})
    large = read_sample([str(worlds.write(tmp_path / "b", more))], DOMAINS, worlds.SAMPLE)
    assert not names(small, "held_out") & names(large, "train")


def test_shares_of_tokens_are_converted_to_what_models_read(tmp_path: Path) -> None:
    pages = worlds.rows({"plain": 80}, tokens=401) + worlds.rows({"rich": 80}, tokens=100)
    folder = worlds.write(tmp_path, pages)
    corpus = make_corpus(read_sample([str(folder)], DOMAINS, worlds.SAMPLE), open_reader(None))
    assert corpus.counted
    assert corpus.domains["plain"].per_token == pytest.approx(1.0)
    assert 3.5 < corpus.domains["rich"].per_token < 5


@pytest.mark.parametrize(
    ("pages", "message"),
    [
        ({"plain": 80}, "domain rich: no page of it"),
        ({"plain": 80, "rich": 3}, "domain rich: 3 pages held out of 3, expected 5"),
    ],
)
def test_a_domain_with_too_few_pages_is_refused(
    tmp_path: Path, pages: dict[str, int], message: str
) -> None:
    folder = worlds.write(tmp_path, worlds.rows(pages))
    with pytest.raises(UserError, match=message):
        read_sample([str(folder)], DOMAINS, worlds.SAMPLE)


def test_no_thread_of_arrows_is_left_with_what_was_read(tmp_path: Path) -> None:
    """It would let go of it later, and abort the process if that ends at that moment."""
    folder = worlds.write(tmp_path, worlds.rows({"plain": 80, "rich": 80}))
    imports = (
        "from curation.mix_search.sample import read_sample\nfrom tests.mix_search import worlds"
    )
    assert left_by(imports, f"read_sample([{str(folder)!r}], {DOMAINS}, worlds.SAMPLE)") == 0


def test_only_shards_that_a_manifest_names_count(tmp_path: Path) -> None:
    folder = worlds.write(tmp_path, worlds.rows({"plain": 80, "rich": 80}))
    worlds.write(folder / "old", worlds.rows({"plain": 500}), "shard.parquet")
    named = describe(folder, "shard-000000.parquet", 160)
    (folder / "_manifest.json").write_text(json.dumps({"files": [named]}))
    assert read_sample([str(folder)], DOMAINS, worlds.SAMPLE)["plain"].found == 80
    (folder / "_manifest.json").write_text(
        json.dumps({"files": [named | {"path": "gone.parquet"}]})
    )
    with pytest.raises(
        UserError, match=r"gone\.parquet: is missing, though _manifest\.json names it"
    ):
        read_sample([str(folder)], DOMAINS, worlds.SAMPLE)
