"""A model of an encoder on disk: a description for programs, its heads, and a card for people.

In: what training made and evaluation found. Out: `NAME.json`, `NAME.md`, and `NAME.safetensors`
where the heads are not the checkpoint's own.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np

from classifiers.card import Card, languages_of, markdown, table
from classifiers.encoder.model import EncoderDescription, write_encoder_description
from classifiers.encoder.train import HeldOut
from classifiers.evaluate import auc, by_group, confusion, precision_at

_LEAST_PAGES = 10  # of each kind, for an area
_SHARES = (0.1, 0.25, 0.5)


def write_encoder_model(
    folder: Path, name: str, description: EncoderDescription, content: bytes | None, card: Card
) -> None:
    """Writes the files; the description is that of `content` whatever it says of it."""
    folder.mkdir(parents=True, exist_ok=True)
    described = replace(description, file=None, sha256=None)
    if content is not None:
        digest = hashlib.sha256(content).hexdigest()
        described = replace(description, file=f"{name}.safetensors", sha256=digest)
        (folder / f"{name}.safetensors").write_bytes(content)
    (folder / f"{name}.json").write_bytes(write_encoder_description(described))
    text = markdown(card, _facts(described, content, card))
    (folder / f"{name}.md").write_text(text, encoding="utf-8")


def _facts(described: EncoderDescription, content: bytes | None, card: Card) -> list[str]:
    facts = [
        f"Made by** `{card.made_by}`",
        f"Encoder:** `{described.encoder}`, sha256 of all its files `{described.encoder_sha256}`",
        f"Reads:** {described.max_tokens} tokens of a page; pooling `{described.pooling}`",
        f"Licence:** {card.licence}",
    ]
    if content is not None:
        facts.append(f"File:** `{described.file}`, {len(content):,} bytes, `{described.sha256}`")
    for name, head in described.heads.items():
        labels = ", ".join(head.scored)
        facts.append(f"Head `{name}`:** {labels}; languages: {languages_of(head.languages)}")
    return facts


def held_out_section(held: HeldOut) -> str:
    """What a head is worth on examples of sources that it was not trained on: of a card.

    One label: area, precision of the best shares, what is called good at 0.5 by source. Several:
    how many are right, and which are taken for which.
    """
    true = [example.label for example in held.examples]
    told = f"{len(true):,} texts, each scored by a head that was trained without its source"
    found = _several(held, true) if len(held.scored) > 1 else _single(held, true)
    return f"{told}; l2 {held.l2:g}. {found}"


def _single(held: HeldOut, true: Sequence[str]) -> str:
    known = np.flatnonzero(~np.isnan(held.scores[:, 0]))
    scores, label = held.scores[known, 0].astype(np.float64), held.scored[0]
    positive = np.array([true[row] == label for row in known.tolist()])
    best = ", ".join(
        f"{precision_at(scores, positive, share):.3f} of the best {share:.0%}" for share in _SHARES
    )
    sources = [held.examples[row].source for row in known.tolist()]
    counts = confusion(_called(scores, label), _called(positive, label))
    parts = [
        f"Area under the curve {auc(scores, positive)}; right are {best}. At 0.5:",
        table(("Is", "Called", "Texts"), [(*pair, count) for pair, count in counts.items()]),
        _by("Language", [held.examples[row].language for row in known.tolist()], scores, positive),
        _by("Source", sources, scores, positive),
    ]
    return "\n\n".join(parts)


def _called(scores: np.ndarray, label: str) -> list[str]:
    return [label if score >= 0.5 else "other" for score in scores.tolist()]


def _by(title: str, groups: Sequence[str], scores: np.ndarray, positive: np.ndarray) -> str:
    def row(rows: np.ndarray) -> tuple[object, ...]:
        of, true = scores[rows], positive[rows]
        both = min(true.sum(), (~true).sum()) >= _LEAST_PAGES
        right = ((of >= 0.5) == true).mean()
        return len(rows), f"{true.mean():.2f}", f"{right:.3f}", str(auc(of, true)) if both else ""

    found: Mapping[str, tuple[object, ...]] = by_group(groups, row)
    lines = [(name, *figures) for name, figures in found.items()]
    return table((title, "Texts", "Of the label", "Right", "Area"), lines)


def _several(held: HeldOut, true: Sequence[str]) -> str:
    found = [held.scored[column] for column in held.scores.argmax(axis=1).tolist()]
    right = np.mean([one == other for one, other in zip(found, true, strict=True)])
    wrong = sorted(
        ((count, *pair) for pair, count in confusion(found, true).items() if pair[0] != pair[1]),
        reverse=True,
    )
    lines = [(is_, called, count) for count, is_, called in wrong[:10]]
    return f"Right: {right:.3f}. Most often taken for another:\n\n" + table(
        ("Is", "Called", "Texts"), lines
    )
