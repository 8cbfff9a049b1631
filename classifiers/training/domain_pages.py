"""What the models of domains learn from: packages in, labelled stretches of text out.

Invariant: the same packages give the same stretches in the same order. A stretch is some hundred to
some thousand characters, as pages are long and short; no package has more than `pieces` of them, so
that none is learnt by its manner.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from importlib import resources
from pathlib import Path
from typing import Literal

import pyarrow as pa
import yaml

from classifiers.normalise import normalise
from classifiers.training.domain_texts import hash_of, read_documents
from classifiers.training.fetch import Package, fetch
from classifiers.training.texts import pieces

_SIZES = (500, 1500, 4000, 1000, 2500, 250)
_LEAST_CHARS, _MOST_CHARS = 100, 8000
FOLDS = 3
_FILES_PER_PIECE = 0.4
_LEAST_FILES = 20


@dataclass(frozen=True, kw_only=True)
class Source:
    """A package, which of its files are read, and what their pages are: null where it is open."""

    package: Package
    name: str
    paths: tuple[str, ...]
    pieces: int
    code: bool | None
    math: bool | Literal["formulas"] | None


@dataclass(frozen=True)
class Stretch:
    """A stretch of text of a source, and whether it is of a domain."""

    text: str
    source: str
    code: bool | None
    math: bool | None

    @property
    def fold(self) -> int:
        """One of three; a source is in one of them."""
        return hash_of(self.source) % FOLDS


def read_sources() -> list[Source]:
    """Those of `domains.yaml`, as they stand there."""
    listed = resources.files("classifiers.training").joinpath("domains.yaml").read_text("utf-8")
    return [
        Source(
            package=Package(url=of["url"], sha256=of["sha256"], licence=of["licence"]),
            name=name,
            paths=tuple(of["paths"]),
            pieces=of["pieces"],
            code=of.get("code"),
            math=of.get("math"),
        )
        for name, of in yaml.safe_load(listed)["packages"].items()
    ]


def read_stretches(source: Source, cache: Path) -> list[Stretch]:
    """Of one source, drawn by a hash of what they are from."""
    return normalised(read_plain(source, cache))


def normalised(stretches: Sequence[Stretch]) -> list[Stretch]:
    """The same with their texts as fastText models read them."""
    texts = normalise(pa.array([of.text for of in stretches], pa.string())).to_pylist()
    return [replace(of, text=text) for of, text in zip(stretches, texts, strict=True)]


def read_plain(source: Source, cache: Path) -> list[Stretch]:
    """As `read_stretches`, with texts as they are."""
    most_files = max(_LEAST_FILES, round(source.pieces * _FILES_PER_PIECE))
    found = []
    for name, text in read_documents(fetch(source.package, cache), source.paths, most_files):
        found += [(f"{source.name}/{name}/{number}", piece) for number, piece in _cut(name, text)]
    found.sort(key=lambda of: (hash_of(of[0]), of[0]))
    return [
        Stretch(piece, source.name, source.code, _is_math(source, place))
        for place, piece in found[: source.pieces]
    ]


def _cut(name: str, text: str) -> Iterator[tuple[int, str]]:
    """Of all sizes, from another one on in each document."""
    start = hash_of(name) % len(_SIZES)
    sizes = (_SIZES[(start + number) % len(_SIZES)] for number in range(len(text) // 250 + 1))
    for number, piece in enumerate(pieces(text, sizes)):
        if len(piece) >= _LEAST_CHARS:
            yield number, piece[:_MOST_CHARS]  # a line may be a book


def _is_math(source: Source, place: str) -> bool | None:
    if source.math != "formulas":
        return source.math
    return place.startswith(f"{source.name}/formulas/")
