"""A model on disk: its file, a description for programs, and a card for people.

In: what training made and evaluation found. Out: `NAME.ftz`, `NAME.json`, `NAME.md` in a folder.
"""

from __future__ import annotations

import hashlib
from collections.abc import Container, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from classifiers.calibrate import Curve
from classifiers.model import Description, write_description


@dataclass(frozen=True, kw_only=True)
class Card:
    """What people must know of a model: one paragraph of what it tells, and sections below it."""

    title: str
    tells: str
    made_by: str
    licence: str
    sections: Mapping[str, str]


def describe(
    name: str,
    content: bytes,
    *,
    labels: Sequence[str],
    languages: Iterable[str] | None,
    calibration: Mapping[str, Curve],
) -> Description:
    """The description of a model of normalised texts whose file is `NAME.ftz`."""
    return Description(
        file=f"{name}.ftz",
        sha256=hashlib.sha256(content).hexdigest(),
        labels=tuple(labels),
        languages=None if languages is None else tuple(sorted(languages)),
        calibration=dict(calibration),
    )


def write(folder: Path, name: str, content: bytes, description: Description, card: Card) -> None:
    """Writes the three files; the description is that of `content` whatever it says of it."""
    folder.mkdir(parents=True, exist_ok=True)
    digest = hashlib.sha256(content).hexdigest()
    described = replace(description, file=f"{name}.ftz", sha256=digest)
    (folder / described.file).write_bytes(content)
    (folder / f"{name}.json").write_bytes(write_description(described))
    (folder / f"{name}.md").write_text(
        markdown(card, _facts(name, content, described, card)), encoding="utf-8"
    )


def table(
    header: Sequence[str],
    rows: Iterable[Sequence[object]],
    numbers: Container[int] | None = None,
) -> str:
    """Markdown; the columns of `numbers` to the right: without it, all but the first."""
    right = range(1, len(header)) if numbers is None else numbers
    rule = ["--:" if column in right else ":--" for column in range(len(header))]
    lines = [header, rule, *([_cell(value) for value in row] for row in rows)]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def _cell(value: object) -> str:
    """In one line, and no end of a cell."""
    return " ".join(str(value).replace("|", "\\|").split())


def markdown(card: Card, facts: Sequence[str]) -> str:
    """The card, with these facts (licence, files...) in a list below what the model tells."""
    listed = [f"# {card.title}", "", f"{card.tells}\n", *(f"- **{fact}" for fact in facts)]
    sections = [f"## {title}\n\n{text.strip()}" for title, text in card.sections.items()]
    return "\n\n".join(["\n".join(listed), *sections]) + "\n"


def languages_of(languages: Sequence[str] | None) -> str:
    """As a card says which it is for."""
    if languages is None:
        return "any"
    return f"{' '.join(languages)}; pages in others have no score"


def _facts(name: str, content: bytes, described: Description, card: Card) -> list[str]:
    return [
        f"Made by** `{card.made_by}`: one thread, one seed, the same bytes each time",
        f"File:** `{name}.ftz`, {len(content):,} bytes, sha256 `{described.sha256}`",
        f"Licence:** {card.licence}",
        f"Labels scored:** {', '.join(described.labels)}",
        f"Languages:** {languages_of(described.languages)}",
    ]
