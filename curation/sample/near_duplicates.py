"""Near-duplicate pages: pages in, groups of pages that share most of their words out.

Two pages are near-duplicates if the Jaccard similarity of their word 5-grams is over 0.8. A group
is named by its first page, to which each other page of the group is that similar.
"""

from __future__ import annotations

import re

from resiliparse.extract.html2text import extract_plain_text

from curation.sample.selection import Source

_WORD = re.compile(r"\w+")
_MIN_JACCARD = 0.8
_MIN_GRAMS = 50
_NGRAM = 5


def near_duplicates(sources: list[Source]) -> list[list[tuple[Source, float]]]:
    """Groups of two or more pages, each page with its similarity to the first one."""
    groups: list[tuple[frozenset[str], list[tuple[Source, float]]]] = []
    for source in sources:
        grams = _grams(source)
        if len(grams) < _MIN_GRAMS:
            continue
        for leader, members in groups:
            if (similarity := _jaccard(leader, grams)) > _MIN_JACCARD:
                members.append((source, similarity))
                break
        else:
            groups.append((grams, [(source, 1.0)]))
    return [members for _, members in groups if len(members) > 1]


def _grams(source: Source) -> frozenset[str]:
    text = extract_plain_text(source.body.decode("utf-8", "replace"), main_content=True)
    words = _WORD.findall(text.lower())
    return frozenset(" ".join(words[i : i + _NGRAM]) for i in range(len(words) - _NGRAM + 1))


def _jaccard(a: frozenset[str], b: frozenset[str]) -> float:
    if min(len(a), len(b)) < _MIN_JACCARD * max(len(a), len(b)):
        return 0.0  # out of reach, and most pairs are
    shared = len(a & b)
    return shared / (len(a) + len(b) - shared)
