"""The batch function of the stage: `text`, `line_kinds`, `language` in, measures and reasons out.

Measured first, decided after. Each text is read once (`texts.py`); the route says whose rules judge
it (`routing.py`); rules for lines say what goes (`cuts.py`); then the measures of the page, as it
came in, and of what lines leave are compared with the limits that hold for its route and language
(`limits.py`). A page that stays loses the lines; one that goes keeps its text.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from functools import cache
from itertools import pairwise
from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from curation.arrow_text import Ints, text_view
from curation.heuristics.config import HeuristicsConfig
from curation.heuristics.cuts import CutPlan, apply_cuts, measure_cuts, plan_cuts, tell_cuts
from curation.heuristics.divergence.measure import measure_divergence
from curation.heuristics.limits import LimitTable
from curation.heuristics.measures import Columns, measure_texts
from curation.heuristics.routing import route
from curation.heuristics.rules import PAGE_RULES, failing
from curation.heuristics.stop_words import count_stop_words
from curation.heuristics.texts import Texts, read_texts
from curation.kernels import compile_once
from curation.safety.dirty_words import count_dirty_words, dirty_word_columns
from schemas.arrow import with_columns
from schemas.document import MEASURES
from schemas.drop_reason import DropReason
from schemas.line_kind import LineKind

Mask = npt.NDArray[np.bool_]
_DEFAULT = HeuristicsConfig()
_OF_CUTS = {DropReason.TOO_FEW_WORDS_LEFT, DropReason.TOO_MUCH_CUT, DropReason.TOO_FEW_SENTENCES}
"""What decides on a page that loses lines: the detail tells which rules cut them."""


_IS_KIND = np.isin(np.arange(256), [ord(kind) for kind in LineKind])
_LINE_BREAK = 0x0A
_MOST_LINES = 500_000
"""Of a page, and of what is looked at at a time: kernels hold some 265 bytes for each line."""


class _Examined(NamedTuple):
    too_long: Mask
    texts: Texts
    routes: pa.StringArray
    columns: Columns
    plan: CutPlan
    limits: npt.NDArray[np.float32]


def measure(batch: pa.RecordBatch, *, config: HeuristicsConfig = _DEFAULT) -> pa.RecordBatch:
    """`batch` with its `route` and all measures (`schemas.document.MEASURES`) appended.

    It needs `text` (string) and `language` (string, may be null); `line_kinds` is used where it is
    there. No row is dropped, and no text changed; a text of over 500,000 lines has null measures.
    Raises `UserError` for a reference in the config that cannot be read.
    """
    return _together(
        _append(part, _examine(part, too_long, config)) for part, too_long in _parts(batch)
    )


def filter_batch(batch: pa.RecordBatch, *, config: HeuristicsConfig) -> pa.RecordBatch:
    """`batch` with measures, `failed_rules` and `cuts` appended; sets reasons, cuts lines.

    It needs `drop_reason` and `detail` (strings, null), and what `measure` needs.

    `drop_reason` and `detail` tell the first rule that a page failed; `cuts` is what its text and
    `line_kinds` lost (`schemas.cut.OF_PAGE`).
    """
    return _together(_filter(part, too_long, config) for part, too_long in _parts(batch))


def _together(parts: Iterable[pa.RecordBatch]) -> pa.RecordBatch:
    """As one, without a copy where it is one."""
    first, *others = parts
    return pa.concat_batches([first, *others]) if others else first


def _parts(batch: pa.RecordBatch) -> Iterator[tuple[pa.RecordBatch, Mask]]:
    """The batch, or as many rows of it at a time as do not have too many lines.

    With each comes which of its rows has too many by itself.
    """
    breaks = _count_breaks(batch.column("text"))
    too_long = breaks >= _MOST_LINES
    breaks[too_long] = 0
    start, held = 0, 0
    for row in range(batch.num_rows if breaks.sum() > _MOST_LINES else 0):
        if held + breaks[row] > _MOST_LINES:
            yield batch.slice(start, row - start), too_long[start:row]
            start, held = row, 0
        held += breaks[row]
    yield batch.slice(start), too_long[start:]


def _count_breaks(texts: pa.StringArray) -> Ints:
    """Of each text; zeros where all together are too few to matter."""
    view = text_view(texts)
    counts = np.zeros(len(texts), np.int64)
    if np.count_nonzero(view.data[view.offsets[0] : view.offsets[-1]] == _LINE_BREAK) < _MOST_LINES:
        return counts
    for row, (start, end) in enumerate(pairwise(view.offsets)):
        counts[row] = np.count_nonzero(view.data[start:end] == _LINE_BREAK)
    return counts


def _filter(batch: pa.RecordBatch, too_long: Mask, config: HeuristicsConfig) -> pa.RecordBatch:
    found = _examine(batch, too_long, config)
    values = {rule.measure: _floats(found.columns[rule.measure]) for rule in PAGE_RULES}
    failed = failing(PAGE_RULES, values, found.limits)
    batch = _with_reasons(_append(batch, found), found, failed, values)
    return _with_cuts(batch, found, stays=~(failed.any(axis=1) | too_long))


@cache
def _compile() -> None:
    """Before the first batch of a process; a text without spaces takes kernels of its own."""
    texts = ["Every kernel, once.\nAnd twice.", "一次。"]
    batch = pa.RecordBatch.from_pydict({"text": texts, "language": ["en", "zh"]})

    def call() -> None:
        found = _find(batch, np.zeros(len(texts), bool), _DEFAULT)
        apply_cuts(found.texts, _line_kinds(batch), found.plan, np.ones(len(texts), bool))

    compile_once("heuristics", call)


def _examine(batch: pa.RecordBatch, too_long: Mask, config: HeuristicsConfig) -> _Examined:
    _compile()
    return _find(batch, too_long, config)


def _find(batch: pa.RecordBatch, too_long: Mask, config: HeuristicsConfig) -> _Examined:
    texts = read_texts(_without(batch.column("text"), too_long), _line_kinds(batch))
    languages = batch.column("language").to_pylist()
    columns = measure_texts(texts)
    routes = route(columns, config=config.routing)
    page_limits, line_limits = LimitTable(config).of_pages(routes.to_pylist(), languages)
    plan = plan_cuts(texts, line_limits)
    dirty = count_dirty_words(texts.tokens, texts.vocabulary, languages)
    columns = {
        **columns,
        "n_stop_words": count_stop_words(texts.vocabulary, languages, config.stop_words),
        **measure_cuts(texts, plan),
        **dirty_word_columns(dirty, columns["n_words"].to_numpy()),
        **measure_divergence(texts, languages, reference=config.reference),
    }
    columns = {name: _without(values, too_long) for name, values in columns.items()}
    return _Examined(too_long, texts, routes, columns, plan, page_limits)


def _without(values: pa.Array, rows: Mask) -> pa.Array:
    """Null in some rows."""
    if not rows.any():
        return values
    return pc.if_else(pa.array(rows), pa.scalar(None, values.type), values)


def _line_kinds(batch: pa.RecordBatch) -> pa.StringArray:
    """Null where there are none, or letters that are no kinds."""
    if "line_kinds" not in batch.schema.names:
        return pa.nulls(batch.num_rows, pa.string())
    kinds = batch.column("line_kinds").cast(pa.string())
    view = text_view(kinds)
    if _IS_KIND[view.data[view.offsets[0] : view.offsets[-1]]].all():
        return kinds
    are_known = pc.match_substring_regex(kinds, f"^[{''.join(LineKind)}]*$")
    return pc.if_else(are_known, kinds, pa.scalar(None, pa.string()))


def _append(batch: pa.RecordBatch, found: _Examined) -> pa.RecordBatch:
    columns = {"route": found.routes, **{c.name: found.columns[c.name] for c in MEASURES}}
    return with_columns(batch, columns)


def _floats(values: pa.Array) -> npt.NDArray[np.float64]:
    """Null as NaN, which passes."""
    floats: npt.NDArray[np.float64] = values.cast(pa.float64()).to_numpy(zero_copy_only=False)
    return floats


def _with_reasons(
    batch: pa.RecordBatch,
    found: _Examined,
    failed: npt.NDArray[np.bool_],
    values: dict[str, npt.NDArray[np.float64]],
) -> pa.RecordBatch:
    reasons: list[str | None] = [None] * len(failed)
    details: list[str | None] = [None] * len(failed)
    names: list[Sequence[str] | None] = [None] * len(failed)
    for row in np.flatnonzero(failed.any(axis=1)):
        numbers = np.flatnonzero(failed[row])
        rule = PAGE_RULES[numbers[0]]
        side = "under" if rule.side == "min" else "over"
        reasons[row] = rule.reason
        value, limit = values[rule.measure][row], found.limits[row, numbers[0]]
        detail = f"{rule.measure} {value:.6g} {side} {limit:.6g}"
        cuts = tell_cuts(found.texts, found.plan, int(row)) if rule.reason in _OF_CUTS else ""
        details[row] = f"{detail}, cut by {cuts}" if cuts else detail
        names[row] = [PAGE_RULES[number].reason for number in numbers]
    for row in np.flatnonzero(found.too_long):
        reasons[row], names[row] = DropReason.TOO_MANY_LINES, [DropReason.TOO_MANY_LINES]
        details[row] = f"{_MOST_LINES} lines and more"
    return with_columns(
        batch,
        {
            "drop_reason": pa.array(reasons, pa.string()),
            "detail": pa.array(details, pa.string()),
            "failed_rules": pa.array(names, pa.list_(pa.string())),
        },
    )


def _with_cuts(
    batch: pa.RecordBatch, found: _Examined, *, stays: npt.NDArray[np.bool_]
) -> pa.RecordBatch:
    line_kinds = _line_kinds(batch)
    edited = apply_cuts(found.texts, line_kinds, found.plan, stays)
    has_cuts = edited.cuts.is_valid()
    columns = {"text": pc.if_else(has_cuts, edited.texts, batch.column("text"))}
    if "line_kinds" in batch.schema.names:
        columns["line_kinds"] = pc.if_else(has_cuts, edited.line_kinds, line_kinds)
    return with_columns(batch, {**columns, "cuts": edited.cuts})
