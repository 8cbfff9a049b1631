"""What the sample ships of curated sources, beside the list that says where it is from."""

from __future__ import annotations

import gzip
import json
import re
from collections import Counter
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

import pytest

from curation.sample.curated import CuratedSource, choose_texts, curated_sources, read_notice
from tests.runs import SAMPLE


def rows(domain: str) -> list[dict[str, Any]]:
    with gzip.open(SAMPLE / f"{domain}.jsonl.gz", "rt", encoding="utf-8") as lines:
        return [json.loads(line) for line in lines]


def package_of(row: dict[str, Any]) -> tuple[str, str]:
    """Name and version, of the invented URL."""
    parts = urlsplit(row["url"])
    assert parts.hostname
    return parts.hostname.removesuffix(".packages.example"), parts.path.split("/")[1]


@pytest.mark.parametrize("domain", ["code", "math"])
def test_every_row_is_of_a_package_that_is_listed_with_its_licence(domain: str) -> None:
    sources = [source for source in curated_sources() if source.domain == domain]
    found = Counter(package_of(row) for row in rows(domain))
    assert found.keys() == {(source.name, source.version) for source in sources}
    listed = (SAMPLE / "SOURCES.md").read_text(encoding="utf-8")
    licences = (SAMPLE / "LICENCES.md").read_text(encoding="utf-8")
    for source in sources:
        number = found[source.name, source.version]
        assert f"| {source.name} | {source.version} | {number} | {domain} |" in listed
        assert f"## {source.name} {source.version}: {source.package.licence}\n" in licences


@pytest.mark.parametrize("domain", ["code", "math"])
def test_rows_are_different_pages_without_addresses(domain: str) -> None:
    found = rows(domain)
    assert len({row["url"] for row in found}) == len(found) > 100
    assert len({row["text"] for row in found}) == len(found)
    assert [row["url"] for row in found if re.search(r"\w@\w+\.\w", row["text"])] == []


def test_displayed_formulas_are_whole() -> None:
    for row in rows("math"):
        lines = row["text"].splitlines()
        assert sum(line.strip() == "$$" for line in lines) % 2 == 0, row["url"]
        assert ":math:" not in row["text"], row["url"]


SOURCE_FILE = "def f():\n" + "    g()  # again\n" * 50


def made(folder: Path, source: CuratedSource) -> CuratedSource:
    """The package as though it had been fetched."""
    unpacked = folder / source.package.sha256[:16]
    for name, text in {
        "toolz/a.py": SOURCE_FILE,
        "toolz/b.py": f"# {SOURCE_FILE}",
        "toolz/short.py": "pass\n",
        "toolz/test_c.py": f"# c\n{SOURCE_FILE}",
        "toolz/mail.py": f"# someone@mail.example\n{SOURCE_FILE}",
        source.notice: "Copyright A. Person <someone@mail.example>\n",
    }.items():
        (unpacked / name).parent.mkdir(parents=True, exist_ok=True)
        (unpacked / name).write_text(text)
    return source


def test_files_are_chosen_whole_and_none_with_an_address(tmp_path: Path) -> None:
    (source,) = (source for source in curated_sources() if source.name == "toolz")
    source = made(tmp_path, source)
    chosen = choose_texts(source, tmp_path)
    assert [(text.path, text.text) for text in chosen] == [
        ("toolz/a.py", SOURCE_FILE),
        ("toolz/b.py", f"# {SOURCE_FILE}"),
    ]
    assert chosen[0].url == "https://toolz.packages.example/1.2.0/toolz/a.py"
    assert read_notice(source, tmp_path) == "Copyright A. Person\n"
