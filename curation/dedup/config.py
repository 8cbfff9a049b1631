"""What deduplication does, by recipe."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Annotated, Literal

from pydantic import Field

from curation.artefact import Artefact
from curation.dedup.lines.config import LinesConfig
from curation.dedup.minhash import MinHashParams
from curation.dedup.minhash import mistake_in as mistake_in_near

Criterion = Literal["curated", "newest", "longest", "cheap_quality"]


@dataclass(frozen=True, kw_only=True)
class AlarmConfig:
    """An input, host or language with so many pages must not lose more than a share of them."""

    max_share: Annotated[float, Field(ge=0, le=1)] | None = 0.5
    min_pages: Annotated[int, Field(ge=1)] = 100


@dataclass(frozen=True, kw_only=True)
class CertificateConfig:
    """What a run measures of its own search for near-duplicates, and how surely.

    So many `pages` at most are each planted with near-duplicates of these `similarities`, as many
    that went are looked at again, and as many that stay. Intervals hold with this `confidence`.
    """

    pages: Annotated[int, Field(ge=1, le=10_000)] = 1000
    similarities: tuple[Annotated[float, Field(gt=0, le=1)], ...] = (
        *(0.5, 0.6, 0.7, 0.75),
        *(0.8, 0.85, 0.9, 0.95),
    )
    confidence: Annotated[float, Field(ge=0.5, lt=1)] = 0.99


@dataclass(frozen=True, kw_only=True)
class DedupConfig:
    """Who is compared with whom, and who stays.

    `over`: whether versions of a URL are compared over all that was fetched, or over what was
    kept. `against`: manifests of earlier runs, and indexes of such. `old_wins`: what they still
    have stays before all pages of this run; else old pages are compared like others, and those that
    would go are listed. `keep`: which of equal or similar pages stays, and of versions that were
    fetched at one time, by one criterion after another; the last word has doc_id.
    `near`: null for no near-duplicates. `certificate`: null for none; else where `near` is on.
    `lines`: null where no line goes.
    """

    over: Literal["all", "kept"] = "all"
    against: tuple[Artefact, ...] = ()
    old_wins: bool = True
    keep: tuple[Criterion, ...] = ("curated", "longest", "newest")
    exact: bool = True
    near: MinHashParams | None = MinHashParams()
    certificate: CertificateConfig | None = CertificateConfig()
    lines: LinesConfig | None = LinesConfig()
    alarm: AlarmConfig = AlarmConfig()

    def as_it_is_now(self) -> DedupConfig:
        """The same with earlier runs as they are, whatever they were when the run was opened."""
        return replace(self, against=tuple(Artefact(path=file.path) for file in self.against))


def mistake_in(config: DedupConfig) -> str | None:
    """What is wrong with values that are each right by themselves; None where nothing is."""
    if twice := [name for name in config.keep if config.keep.count(name) > 1]:
        return f"'dedup.keep' has '{twice[0]}' twice"
    planted = [f"{s:g}" for s in config.certificate.similarities] if config.certificate else []
    if repeated := [name for name in planted if planted.count(name) > 1]:
        return f"'dedup.certificate.similarities' has {repeated[0]} twice"
    return mistake_in_near(config.near) if config.near else None
