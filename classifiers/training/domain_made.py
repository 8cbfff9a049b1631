"""Pages of the web that are no code: what `quality` learns from, in; stretches of text out.

Documentation has no shops, threads, lists or adverts. Those of `quality_data` are made of phrases
of sites and snippets of prose, in many languages. They say nothing of mathematics here.
"""

from __future__ import annotations

from collections import defaultdict
from pathlib import Path

from classifiers.training.domain_pages import Stretch, normalised
from classifiers.training.domain_texts import hash_of
from classifiers.training.quality_data import Example, Half, examples_of
from classifiers.training.quality_material import read_material

MADE = "pages"
_MOST = 300
_MOST_CHARS = 8000
NO_SYSTEMS = Half(frozenset({"handbook", "security", "apache"}))
"""Without handbooks of systems and their commands."""
_SKIPPED = "declaration"  # `domains.yaml` has it


def read_made(cache: Path) -> list[Stretch]:
    """At most so many of each source or rule, as fastText models read them."""
    return normalised(drawn(examples_of(read_material(cache), NO_SYSTEMS)))


def drawn(examples: list[Example]) -> list[Stretch]:
    """At most so many of each source or rule, drawn by a hash, as they are."""
    of_source: dict[str, list[str]] = defaultdict(list)
    for example in examples:
        if example.source != _SKIPPED:
            of_source[example.source].append(example.text[:_MOST_CHARS])
    found = []
    for source, texts in sorted(of_source.items()):
        kept = sorted(texts, key=lambda text: (hash_of(text), text))[:_MOST]
        found += [Stretch(text, f"{MADE}: {source}", code=False, math=None) for text in kept]
    return found
