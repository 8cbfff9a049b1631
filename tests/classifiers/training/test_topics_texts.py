"""Words and definitions out of packages."""

from __future__ import annotations

from pathlib import Path

import pytest

from classifiers.training.topics_texts import Word, read_definitions

_HEAD = "  1 This software and database is being provided to you\n"
_DOG = (
    "02084071 05 n 02 dog 0 domestic_dog 0 001 @ 02083346 n 0000 | a member of the genus Canis; "
    '"the dog barked all night"\n'
)
_SHIP = (
    "04194289 06 n 01 ship 0 001 @ 04530566 n 0000 | a vessel that carries passengers or freight\n"
)
_SHORT = "00000001 06 n 01 ship 0 000 | a vessel\n"
_RARE = "00000002 06 n 01 xebec 0 000 | a small vessel with three masts of the Mediterranean\n"


@pytest.fixture
def wordnet(tmp_path: Path) -> Path:
    """The parts of WordNet that are read."""
    folder = tmp_path / "usr/share/wordnet"
    folder.mkdir(parents=True)
    (folder / "data.noun").write_text(_HEAD + _DOG + _SHIP + _SHORT + _RARE, encoding="utf-8")
    (folder / "data.verb").write_text(_HEAD, encoding="utf-8")
    (folder / "data.adj").write_text(_HEAD, encoding="utf-8")
    return tmp_path


def test_a_definition_has_its_lemmas_and_those_that_say_too_little_are_left_out(
    wordnet: Path,
) -> None:
    words = [Word("dog", 2.0), Word("domestic", 2.0), Word("ship", 2.0)]
    found = read_definitions(wordnet, words, 10)
    assert found == ["ship: a vessel that carries passengers or freight"]
    more = [*words, Word("xebec", 4.0)]
    assert len(read_definitions(wordnet, more, 10)) == 2
    assert len(read_definitions(wordnet, more, 1)) == 1
