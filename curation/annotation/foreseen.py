"""What can be told before a page is judged: the chosen pages in; lines for a user out."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import pyarrow as pa
import pyarrow.compute as pc

from curation.annotation.config import LEAST_PAGES, SampleConfig
from curation.training.config import TRAIN

_MOST_NAMED = 10
_UNDERSTOOD = {"minilm": ("en",)}


def shortage(pages: pa.Table, config: SampleConfig) -> str | None:
    """Why there are fewer pages than were asked for; None where there are as many."""
    if pages.num_rows >= config.pages:
        return None
    limits = [f"{config.min_bytes:,} bytes of text at least (--min-bytes)"]
    if config.languages:
        limits.insert(0, f"in {', '.join(config.languages)} alone (--language)")
    if _sites_are_full(pages, config):
        limits.insert(0, f"at most {config.site_pages} of a site (--site-pages)")
    return f"{pages.num_rows:,} of the {config.pages:,} pages asked for: {', '.join(limits)}"


def advice(pages: pa.Table, config: SampleConfig) -> str:
    """What gives a student more pages of a kind."""
    if pages.num_rows >= config.pages:
        ways = ["more --pages"]
    elif _sites_are_full(pages, config):
        ways = ["more --site-pages"]
    else:
        ways = ["a run with more pages"]
    if config.languages and pages.num_rows < config.pages:
        ways.append("more languages (--language)")
    elif len(_counted(pages)) > 1:
        ways.append("fewer languages (--language)")
    return f"take {' or '.join(ways)}, or set --positive-from"


def warnings(pages: pa.Table, student: str) -> Iterator[str]:
    """What will be paid for, and be of no use to a student."""
    every = _counted(pages)
    train = _counted(pages.filter(pc.equal(pages["part"], TRAIN)))
    few = {name: every[name] for name in every if train[name] < 2 * LEAST_PAGES}
    if few:
        yield (
            f"{sum(few.values()):,} of the pages are in languages with under {2 * LEAST_PAGES}"
            f" pages for training, which no student learns: {_told(few)}: choose others with"
            " --language"
        )
    known = _UNDERSTOOD.get(student, tuple(every))
    if strange := {name: count for name, count in every.items() if name not in known}:
        yield (
            f"{sum(strange.values()):,} of the pages are in languages that the encoder '{student}'"
            f" does not know: {_told(strange)}: leave them out with"
            f" --language {' '.join(known)}, or take another --student"
        )


def _sites_are_full(pages: pa.Table, config: SampleConfig) -> bool:
    """Whether some site has as many as it may."""
    return max(Counter(pages["site"].to_pylist()).values()) >= config.site_pages


def _counted(pages: pa.Table) -> Counter[str]:
    return Counter(pages["language"].to_pylist())


def _told(languages: dict[str, int]) -> str:
    order = sorted(languages, key=lambda name: (-languages[name], name))
    told = [f"{name} {languages[name]:,}" for name in order[:_MOST_NAMED]]
    return ", ".join([*told, "..."] if len(order) > _MOST_NAMED else told)
