"""Line edits: which lines and parts of lines a page loses, and the text without them.

In: `Texts`, and for each row the limits of line rules. Out: a `CutPlan`, the measures of what it
leaves, and, for the rows that stay, their text and line kinds with the cuts applied and a list of
all cuts. Lines of code, tables and mathematics, and blank ones, are never cut; a line that loses
its last word to a part goes as a whole. `line_kinds` stays in step.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
import numpy.typing as npt
import pyarrow as pa
import pyarrow.compute as pc

from curation.arrow_text import Ints, join_spans
from curation.heuristics import line_facts_kernel as fact
from curation.heuristics.cut_kernel import spans_left, spans_of_parts
from curation.heuristics.line_measures import measure_lines
from curation.heuristics.measures import Columns, ratio
from curation.heuristics.parts import Parts
from curation.heuristics.rule_phrases import PhraseGroup
from curation.heuristics.rules import LINE_RULES, failing
from curation.heuristics.texts import Texts, sum_lines
from curation.tokens import lines as character
from schemas.cut import OF_PAGE
from schemas.cut_reason import CutReason

_REASONS = [str(rule.reason) for rule in LINE_RULES]
_NAVIGATION = _REASONS.index(CutReason.NAVIGATION)
_REFERENCE = _REASONS.index(CutReason.REFERENCE)
_CORRECTIONS = [
    _REASONS.index(reason)
    for reason in (
        *(CutReason.TOO_FEW_WORDS_IN_LINE, CutReason.MOSTLY_UPPER_CASE, CutReason.ONLY_NUMBERS),
        *(CutReason.COUNTER, CutReason.NAVIGATION),
    )
]
_NONE = -1


class CutPlan(NamedTuple):
    """`reasons[i]` is the number of the rule that line i goes for, -1 where it stays.

    `parts[p]` tells whether part p of `texts.parts` goes, of a line that stays.
    """

    reasons: npt.NDArray[np.int64]
    parts: npt.NDArray[np.bool_]


def plan_cuts(texts: Texts, limits: npt.NDArray[np.float32]) -> CutPlan:
    """What goes, by `limits` of shape (rows, line rules)."""
    number, parts = len(texts.lines.starts), texts.parts
    if np.isnan(limits).all():
        return CutPlan(np.full(number, _NONE), np.zeros(len(parts.lines), bool))
    of_lines = np.repeat(limits, np.diff(texts.lines.rows), axis=0)
    failed = failing(LINE_RULES, measure_lines(texts), of_lines)
    failed &= ((texts.facts[:, fact.FILLED] == 1) & ~texts.masked)[:, None]
    reasons = np.full(number, _NONE)
    for rule in reversed(range(_NAVIGATION)):
        reasons[failed[:, rule]] = rule
    rules = np.where(parts.navigation, _NAVIGATION, _REFERENCE)
    goes = failed[parts.lines, rules] & (reasons[parts.lines] == _NONE)
    going = np.flatnonzero(goes)
    inside = parts.ends[going][1:] <= np.maximum.accumulate(parts.ends[going])[:-1]
    goes[going[1:][inside]] = False  # a reference in a part that goes
    lost = np.bincount(parts.lines[goes], parts.words[goes], number)
    emptied = (lost > 0) & (lost >= texts.facts[:, fact.WORDS])
    first_part = np.full(number, _NONE)
    first_part[parts.lines[goes][::-1]] = rules[goes][::-1]
    reasons = np.where(emptied, first_part, reasons)
    return CutPlan(reasons, goes & ~emptied[parts.lines])


def measure_cuts(texts: Texts, plan: CutPlan) -> Columns:
    """How much goes, and what C4 counts (Raffel et al. 2020) in what is left.

    RefinedWeb (Penedo et al. 2023) drops a page of whose words its corrections take over 5 %; what
    the rules of others cut does not count there.
    """
    stays = plan.reasons == _NONE
    touched = ~stays
    touched[texts.parts.lines[plan.parts]] = True
    words = sum_lines(texts.facts[:, fact.WORDS], texts.lines)
    lost = _words_in(texts, ~stays, plan.parts)
    corrected = np.isin(plan.reasons, _CORRECTIONS)
    cut_lines = sum_lines(touched, texts.lines)
    return {
        "n_cut_lines": _counts(cut_lines),
        "corrected_words_ratio": ratio(
            _words_in(texts, corrected, plan.parts & texts.parts.navigation), words
        ),
        "n_words_left": pa.array((words - lost).astype(np.int32), mask=cut_lines == 0),
        **{
            name: _counts(sum_lines(values * stays, texts.lines))
            for name, values in (
                ("n_sentences", texts.facts[:, fact.SENTENCES]),
                ("n_curly_brackets", texts.lines.counts[:, character.CURLY_BRACKETS]),
                ("n_lorem_ipsum", texts.phrase_counts[:, PhraseGroup.LOREM_IPSUM]),
            )
        },
    }


def _words_in(texts: Texts, lines: npt.NDArray[np.bool_], parts: npt.NDArray[np.bool_]) -> Ints:
    """How many words each row has in some lines, and some parts of others."""
    of_lines = texts.facts[:, fact.WORDS] * lines
    np.add.at(of_lines, texts.parts.lines[parts], texts.parts.words[parts])
    return sum_lines(of_lines, texts.lines)


def tell_cuts(texts: Texts, plan: CutPlan, row: int) -> str:
    """How many lines of a row, or parts of lines, each rule cuts: the most frequent first."""
    first, end = texts.lines.rows[row : row + 2]
    of_row = plan.parts & (texts.parts.lines >= first) & (texts.parts.lines < end)
    parts = np.where(texts.parts.navigation[of_row], _NAVIGATION, _REFERENCE)
    rules = np.concatenate([plan.reasons[first:end], parts])
    counts = np.bincount(rules[rules != _NONE], minlength=len(_REASONS))
    order = np.argsort(-counts, kind="stable")
    return ", ".join(f"{_REASONS[rule]} {counts[rule]}" for rule in order if counts[rule])


def _counts(values: Ints) -> pa.Array:
    return pa.array(values.astype(np.int32))


class Edited(NamedTuple):
    """Text and line kinds of all rows after the cuts, and the cuts of each: `schemas.cut.OF_PAGE`.

    A row without cuts has null for its cuts.
    """

    texts: pa.StringArray
    line_kinds: pa.StringArray
    cuts: pa.ListArray


def apply_cuts(
    texts: Texts, line_kinds: pa.StringArray, plan: CutPlan, stays: npt.NDArray[np.bool_]
) -> Edited:
    """The rows that stay with their cuts made, the others as they are."""
    of_staying = np.repeat(stays, np.diff(texts.lines.rows))
    reasons = np.where(of_staying, plan.reasons, _NONE)
    of_plan = plan.parts & of_staying[texts.parts.lines]
    parts = Parts._make(values[of_plan] for values in texts.parts)
    starts, ends = spans_of_parts(texts.tokens, texts.lines, parts)
    left = spans_left(texts.lines, reasons == _NONE, parts.lines, starts, ends)
    return Edited(
        join_spans(texts.tokens.data, left.starts, left.ends, left.rows),
        _kinds_left(texts, line_kinds, reasons == _NONE),
        _listed(texts, reasons, parts, starts, ends),
    )


def _kinds_left(
    texts: Texts, line_kinds: pa.StringArray, lines_left: npt.NDArray[np.bool_]
) -> pa.StringArray:
    """Null where they were null."""
    kept = texts.kinds[lines_left]
    rows = np.concatenate([[0], np.cumsum(sum_lines(lines_left, texts.lines))])
    places = np.arange(len(kept), dtype=np.int64)
    kinds = join_spans(kept, places, places + 1, rows)
    return pc.if_else(line_kinds.is_valid(), kinds, pa.scalar(None, pa.string()))


def _listed(texts: Texts, reasons: Ints, parts: Parts, starts: Ints, ends: Ints) -> pa.ListArray:
    whole = np.flatnonzero(reasons != _NONE)
    rules = np.where(parts.navigation, _NAVIGATION, _REFERENCE)
    lines = np.concatenate([whole, parts.lines])
    order = np.argsort(lines, kind="stable")
    lines = lines[order]
    starts = np.concatenate([texts.lines.starts[whole], starts])[order]
    ends = np.concatenate([texts.lines.ends[whole], ends])[order]
    rows = np.searchsorted(lines, texts.lines.rows)
    of_rows = np.repeat(texts.lines.rows[:-1], np.diff(rows))
    columns = {
        "line": pa.array((lines - of_rows).astype(np.int32)),
        "reason": pa.array(
            np.array(_REASONS, object)[np.concatenate([reasons[whole], rules])[order]], pa.string()
        ),
        "whole": pa.array(order < len(whole)),
        "text": join_spans(texts.tokens.data, starts, ends, np.arange(len(lines) + 1)),
    }
    values = pa.StructArray.from_arrays(
        [columns[field.name] for field in OF_PAGE.value_type], fields=list(OF_PAGE.value_type)
    )
    listed = pa.ListArray.from_arrays(pa.array(rows.astype(np.int32)), values)
    return pc.if_else(pa.array(np.diff(rows) > 0), listed, pa.scalar(None, listed.type))
