"""Verdicts by matches: on the page, or on the lines that hold them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import pyarrow as pa

from curation.decontaminate.config import DecontaminateConfig
from curation.decontaminate.lines import clean
from curation.decontaminate.scan import Matches
from curation.dedup.groups import first_of_each
from schemas.drop_reason import DropReason

_OF_PAGE = ("position", "doc_id", "input")


def page_verdicts(matches: pa.Table) -> list[dict[str, Any]]:
    """A verdict, which drops it, on each document of `matches`, whose rows lie together."""
    positions = matches["position"].to_numpy()
    begins = np.flatnonzero(first_of_each(positions))
    firsts, listed = matches.take(pa.array(begins)), np.diff(begins, append=len(positions))
    return [
        _verdict(row) | {"drop_reason": DropReason.CONTAMINATED, "detail": _told(row, number)}
        for row, number in zip(firsts.to_pylist(), listed.tolist(), strict=True)
    ]


def line_verdicts(
    texts: pa.RecordBatch,
    found: Sequence[Matches],
    matches: pa.RecordBatch,
    config: DecontaminateConfig,
) -> list[dict[str, Any]]:
    """A verdict on each document in which something is found: it loses lines, or goes.

    `texts` have `dropped_lines`, which had gone before; `matches` are the rows of what is found.
    """
    every = page_verdicts(pa.Table.from_batches([matches]))
    verdicts = []
    for verdict, of_text in zip(every, found, strict=True):
        text, before = (
            texts.column(name)[of_text.row].as_py() for name in ("text", "dropped_lines")
        )
        left = clean(text, before, of_text, config)
        if left.dropped_lines is None:
            why = f"{verdict['detail']}; {left.n_words_left} words left without these lines"
            verdicts.append(verdict | {"detail": why})
        else:
            stays = {"drop_reason": None, "lines_reason": DropReason.CONTAMINATED}
            verdicts.append(verdict | stays | left._asdict())
    return verdicts


def _verdict(row: dict[str, Any]) -> dict[str, Any]:
    return {name: row[name] for name in _OF_PAGE}


def _told(row: dict[str, Any], listed: int) -> str:
    where = f"{row['benchmark']} {row['item']} {row['column']}: words {row['first_word']}"
    more = listed + row["n_more"] - 1
    return f"{where}-{row['last_word']}" + (f", and {more} more" if more else "")
