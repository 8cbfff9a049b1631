"""The pages to be judged: a finished run in, a table with their texts out.

Keys tell who is chosen; of documents only the row groups are read that chosen pages are in. Texts
are as verdicts leave them, without the lines that were dropped. What an encoder dropped is among
the pages, or its successor would never see what it threw away.
"""

from __future__ import annotations

import json
from dataclasses import replace
from typing import Any

import numpy as np
import pyarrow as pa

from curation.annotation.candidates import choose_pages
from curation.annotation.config import SampleConfig
from curation.annotation.prompt import cut
from curation.annotation.rubric import Head
from curation.artefact import Artefact
from curation.dedup.earlier import finished_run
from curation.domains.config import DomainsConfig
from curation.errors import UserError
from curation.left import leave
from curation.parts import Parts
from curation.rows_at import rows_at
from curation.run import MANIFEST, RUN
from curation.storage import join, storage
from schemas.document import DOCUMENT
from schemas.drop_reason import DropReason

_OF_ENCODERS = (DropReason.LOW_ENCODER_QUALITY, DropReason.SEMANTIC_DUPLICATE)


def sample_pages(folder: str, head: Head, config: SampleConfig, *, max_chars: int) -> pa.Table:
    """What `choose_pages` chose, with `url`, `text` (cut, as a judge reads it) and `chars`.

    `chars` is how long the whole text is. Raises `UserError` where `folder` is no finished run.
    """
    manifest = join(folder, MANIFEST)
    if storage(manifest).find(manifest) is None:
        raise UserError(f"{folder}: is not the folder of a finished run: no {MANIFEST}")
    parts = replace(finished_run(Artefact(path=manifest)).parts, spared=_OF_ENCODERS)
    described = join(folder, RUN)
    recipe: dict[str, Any] = json.loads(storage(described).read(described))["recipe"]
    pages = choose_pages(parts, head, config, DomainsConfig(**recipe["domains"]))
    texts = _texts(parts, pages, max_chars)
    return pages.join(texts, keys="position", join_type="inner").sort_by("doc_id").combine_chunks()


def _texts(parts: Parts, pages: pa.Table, max_chars: int) -> pa.Table:
    positions = np.sort(pages["position"].to_numpy())
    of_parts = parts.of(positions)
    found: dict[str, list[Any]] = {"position": [], "url": [], "text": [], "chars": []}
    for part in np.unique(of_parts).tolist():
        left = parts.left(part)
        for batch in rows_at(parts, DOCUMENT, positions[of_parts == part], ("url", "text")):
            rows = leave(batch, left)
            cuts = [cut(text, max_chars) for text in rows["text"].to_pylist()]
            found["position"] += rows["position"].to_pylist()
            found["url"] += rows["url"].to_pylist()
            found["text"] += [page.text for page in cuts]
            found["chars"] += [page.chars for page in cuts]
    types = [pa.int64(), pa.string(), pa.string(), pa.int32()]
    return pa.table(found, pa.schema(list(zip(found, types, strict=True))))
