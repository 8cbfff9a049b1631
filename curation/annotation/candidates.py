"""Which pages of a run are judged: its keys in, the chosen pages with their strata out.

Strata are language, domain, class of length and class of current score. Who is chosen follows from
hashes of doc_ids, so not from the order in which files or rows are read. All pages of a site are
for training, or for calibration, or for the test, as when models learn from lists.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from curation.annotation.config import SampleConfig
from curation.annotation.quotas import quotas
from curation.annotation.rubric import Head
from curation.domains.config import DomainsConfig
from curation.domains.keys import OF_DOMAINS, domains_of
from curation.errors import UserError
from curation.ingest.urls import hash64
from curation.language.identify import UNDETERMINED
from curation.parts import Parts
from curation.training.config import TrainConfig
from curation.training.select import part_of
from schemas.keys import KEYS

Ints = npt.NDArray[np.int64]
STRATUM = ("language", "domain", "length", "score_class")
CURRENT: dict[Head, str] = {"quality": "quality", "math": "math_score", "code": "code_score"}
"""The score, of a fastText model, that a page has before a student of the rubric's head."""
_LENGTHS = (2000, 8000)
_LENGTH_NAMES = ("short", "medium", "long")
_NO_SCORE = "none"
_FIRST = [("rank", "ascending"), ("doc_id", "ascending")]


def choose_pages(
    parts: Parts, head: Head, config: SampleConfig, domains: DomainsConfig
) -> pa.Table:
    """The chosen pages, by doc_id: `position`, `site`, `part`, `rank`, `score` and the strata.

    Raises `UserError` where there is none.
    """
    pages = _per_site(_candidates(parts, head, config, domains), config.site_pages)
    if not pages.num_rows:
        of = f" in {', '.join(config.languages)}" if config.languages else ""
        raise UserError(
            f"{parts.folder}: has no page{of} with {config.min_bytes} bytes of text and a language"
        )
    classes = _score_classes(pages, config.score_classes)
    pages = pages.append_column("score_class", pa.array(classes, pa.string()))
    pages = _drawn(pages, config)
    of_parts = TrainConfig(test_share=config.test_share, seed=config.seed)
    part = [part_of(site, of_parts) for site in pages["site"].to_pylist()]
    return pages.append_column("part", pa.array(part, pa.int32())).sort_by("doc_id")


def _candidates(parts: Parts, head: Head, config: SampleConfig, domains: DomainsConfig) -> pa.Table:
    """The pages of lowest rank; by rank."""
    held: list[pa.Table] = []
    rows = 0
    for part in range(len(parts)):
        for batch in _described(parts, part, head, config, domains):
            held.append(batch)
            rows += batch.num_rows
            if rows > 2 * config.candidates:
                held = [pa.concat_tables(held).sort_by(_FIRST)[: config.candidates]]
                rows = config.candidates
    if not held:
        return pa.table({"site": pa.array([], pa.string())})
    return pa.concat_tables(held).sort_by(_FIRST)[: config.candidates].combine_chunks()


def _described(
    parts: Parts, part: int, head: Head, config: SampleConfig, domains: DomainsConfig
) -> Iterator[pa.Table]:
    names = ("doc_id", "site", "text_bytes", CURRENT[head], *OF_DOMAINS)
    for batch in parts.kept(part, KEYS, list(dict.fromkeys(names))):
        stays = pc.and_(
            pc.greater_equal(batch["text_bytes"], config.min_bytes),
            pc.not_equal(batch["language"], UNDETERMINED),
        )
        if config.languages:
            known = pa.array(config.languages, pa.string())
            stays = pc.and_(stays, pc.is_in(batch["language"], value_set=known))
        found = batch.filter(pc.fill_null(stays, False))
        lengths = np.searchsorted(_LENGTHS, found["text_bytes"].to_numpy(), side="right")
        ranks = [hash64(doc_id, seed=config.seed) for doc_id in found["doc_id"].to_pylist()]
        yield pa.table(
            {
                "position": found["position"],
                "doc_id": found["doc_id"],
                "rank": pa.array(ranks, pa.int64()),
                "site": pc.coalesce(found["site"], found["doc_id"]),  # no site: its own
                "language": found["language"],
                "domain": domains_of(found, domains),
                "length": pa.array(_LENGTH_NAMES).take(pa.array(lengths)),
                "score": found[CURRENT[head]],
            }
        )


def _per_site(pages: pa.Table, most: int) -> pa.Table:
    """The first pages of each site; pages are in order of rank."""
    seen: Counter[str] = Counter()
    stays = []
    for site in pages["site"].to_pylist():
        stays.append(seen[site] < most)
        seen[site] += 1
    return pages.filter(pa.array(stays, pa.bool_()))


def _score_classes(pages: pa.Table, classes: int) -> list[str]:
    """`1 of 4` the lowest scores of their language, `4 of 4` the highest; equal ones together."""
    scores = pages["score"].to_numpy().astype(np.float64)
    languages = np.array(pages["language"].to_pylist(), object)
    found = np.full(len(scores), _NO_SCORE, object)
    for language in set(languages.tolist()):
        rows = np.flatnonzero((languages == language) & ~np.isnan(scores))
        ordered = np.sort(scores[rows])
        below = np.searchsorted(ordered, scores[rows], side="left")
        found[rows] = [f"{1 + n * classes // len(rows)} of {classes}" for n in below.tolist()]
    return [str(name) for name in found]


def _drawn(pages: pa.Table, config: SampleConfig) -> pa.Table:
    """Of each stratum its quota, by rank."""
    strata = list(zip(*(pages[name].to_pylist() for name in STRATUM), strict=True))
    sizes = Counter(strata)
    # Not by name, or where there are more strata than pages only the first languages had any.
    order = sorted(sizes, key=lambda of: (hash64("\0".join(of), seed=config.seed), of))
    left = quotas({stratum: sizes[stratum] for stratum in order}, config.pages, config.quotas)
    stays = []
    for stratum in strata:
        stays.append(left[stratum] > 0)
        left[stratum] -= 1
    return pages.filter(pa.array(stays, pa.bool_()))
